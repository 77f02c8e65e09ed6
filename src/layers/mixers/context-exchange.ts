import type { AttentionShape } from '../../hardware/attention.ts';
import type { Communication, LayerContext } from '../operator.ts';

/** Heads of a mixer on one tensor-parallel rank, and what of each token their exchange moves. */
export interface Exchanged {
  readonly heads: number;
  readonly kvHeads: number;
  /** Elements of keys and values of all those heads, of one token; of queries. */
  readonly keyValues: number;
  readonly queries: number;
}

/** Ranks side by side that swap sequence for heads, and those among which keys and values then travel or are gathered. */
interface Levels {
  readonly swapped: number;
  readonly among: number;
  readonly gathered: boolean;
}

/**
 * Context parallelism. Ring attention (`p2p`): keys and values travel cp − 1 steps forward; with their gradients, twice that
 * backward (arXiv 2310.01889). All-gather: keys and values of all ranks at once, their gradients reduce-scattered
 * (Llama 3, arXiv 2407.21783, section 3.3.2). All-to-all (`a2a`): queries, keys, values and the output change from sequence to
 * head shards and back, key-value heads repeated where there are fewer than ranks (Ulysses, arXiv 2309.14509). `a2a+p2p:A`: that
 * among A neighbours, then a ring of cp/A, whose ranks have A times the tokens of 1/A of the heads (USP, arXiv 2405.07719).
 */
function levelsOf({ local, stack }: LayerContext): Levels {
  const { contextParallel: cp, contextExchange } = local;
  const kind = contextExchange === 'stack' ? stack.contextExchange : contextExchange;
  const [, neighbours] = /^a2a\+p2p:(\d+)$/.exec(kind) ?? [];
  if (neighbours !== undefined)
    return { swapped: Number(neighbours), among: cp / Number(neighbours), gathered: false };
  if (kind === 'a2a' || kind === 'all-to-all') return { swapped: cp, among: 1, gathered: false };
  return { swapped: 1, among: cp, gathered: kind === 'all-gather' };
}

export function contextExchange(one: Exchanged, context: LayerContext): Communication[] {
  const { local } = context;
  const { contextParallel: cp, tokens, elementBytes } = local;
  if (cp === 1) return [];
  const { swapped, among, gathered } = levelsOf(context);
  const bytes = elementBytes * tokens * one.keyValues;
  const repeated = Math.max(1, swapped / one.kvHeads);
  const swap = bytes * repeated + 2 * elementBytes * tokens * one.queries;
  const inner = swapped === cp ? {} : { neighbours: swapped };
  const outer = swapped === 1 ? {} : { strided: swapped };
  const swaps: Communication[] =
    swapped === 1
      ? []
      : (['forward', 'backward'] as const).map((pass) => ({
          ...{ group: 'context', collective: 'allToAll', bytes: swap, pass },
          ...inner,
        }));
  if (among === 1) return swaps;
  if (gathered) {
    const whole = bytes * cp;
    return [
      { group: 'context', collective: 'allGather', bytes: whole, pass: 'forward' },
      { group: 'context', collective: 'allGather', bytes: whole, pass: 'backward' },
      { group: 'context', collective: 'reduceScatter', bytes: whole, pass: 'backward' },
    ];
  }
  const step = bytes * repeated;
  return [
    ...swaps,
    { group: 'context', collective: 'ring-exchange', bytes: step, pass: 'forward', ...outer },
    { group: 'context', collective: 'ring-exchange', bytes: 2 * step, pass: 'backward', ...outer },
  ];
}

/** Bytes alive in backward beside what is saved: keys and values of all ranks with their gradients, where they are gathered. */
export function gatheredBytes(one: Exchanged, context: LayerContext): number {
  const { contextParallel: cp, tokens, elementBytes } = context.local;
  return cp > 1 && levelsOf(context).gathered ? 2 * elementBytes * tokens * cp * one.keyValues : 0;
}

/** Heads of one rank and the steps in which it attends: of swapped ranks each has all the tokens of some heads, of gathered keys all. */
export function exchangedShape(
  { heads, kvHeads }: Exchanged,
  window: number | null,
  context: LayerContext,
): Pick<AttentionShape, 'heads' | 'kvHeads' | 'contextParallel' | 'steps'> {
  const { contextParallel: cp, contextExchange } = context.local;
  const { swapped, among, gathered } = levelsOf(context);
  // A stack's own is as its published runs were fitted, none of which had a window: there a step more counts for more than its keys.
  if (cp === 1 || (contextExchange === 'stack' && window === null))
    return { heads, kvHeads, contextParallel: cp };
  return {
    ...{ heads: heads / swapped, kvHeads: Math.max(1, kvHeads / swapped), contextParallel: among },
    ...(gathered ? { steps: 1 } : {}),
  };
}
