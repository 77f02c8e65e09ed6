import { deviceCount } from '../domain/cluster.ts';
import type { ModelSpec } from '../domain/model.ts';
import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { Stack } from '../domain/stack.ts';
import { slides } from '../layers/layer.ts';
import { latent } from '../layers/mixers/latent.ts';
import { softmax } from '../layers/mixers/softmax.ts';
import { noneOf } from './misread.ts';
import { technique } from './technique.ts';

/** By Megatron's names; `a2a+p2p` with the ranks of its all-to-all. */
const KINDS = [
  'stack',
  'p2p',
  'all-gather',
  'a2a',
  'a2a+p2p:2',
  'a2a+p2p:4',
  'a2a+p2p:8',
  'a2a+p2p:16',
] as const;
type Kind = (typeof KINDS)[number];

/** By what they do, and as flags write them. */
const CALLED: Readonly<Record<string, Kind>> = {
  ring: 'p2p',
  ulysses: 'a2a',
  allgather: 'all-gather',
  all_gather: 'all-gather',
  'a2a+p2p': 'a2a+p2p:2',
  none: 'stack',
};

/** What a stack does by itself. */
const OWN: Readonly<Record<Stack['contextExchange'], Kind>> = {
  ring: 'p2p',
  'all-gather': 'all-gather',
  'all-to-all': 'a2a',
};

/** Ranks that swap sequence for heads: all of `a2a`, the first level of `a2a+p2p`. */
export function swappedRanks(kind: string, cp: number): number {
  if (kind === 'a2a') return cp;
  return Number(/^a2a\+p2p:(\d+)$/.exec(kind)?.[1] ?? 1);
}

/** How context-parallel ranks share keys and values. */
export const contextExchange = technique<Kind>({
  id: 'cp-comm',
  aliases: ['cp-comm-type'],
  allowedAs: 'cp-comm',
  off: 'stack',
  schema: { enum: KINDS },
  affects: 'layer',
  barest: null,
  choices(problem, dims, asked) {
    if (asked !== undefined) return [asked];
    const own = OWN[problem.stack.contextExchange];
    return KINDS.filter((kind) => kind !== own && broken(kind, problem, dims) === null);
  },
  parse: (text) => KINDS.find((kind) => kind === text) ?? noneOf(KINDS, text, CALLED),
  format: String,
  name: 'context exchange',
  words: String,
  outside(kind, { cluster }) {
    const [ranks, gpus] = [kind === 'a2a' ? 1 : swappedRanks(kind, 1), deviceCount(cluster)];
    if (kind === 'stack' || gpus >= 2 * ranks) return null;
    const fits = KINDS.filter((one) => one.startsWith('a2a+') && 2 * swappedRanks(one, 1) <= gpus);
    return {
      ...no(`cp-comm=${kind} on ${gpus} GPUs`, `${2 * ranks} GPUs or more: ${cpFor(ranks)}`),
      hint: `Maybe cp-comm=${fits.at(-1) ?? 'p2p'}.`,
    };
  },
  reject: broken,
  local: (kind, local) => ({ ...local, contextExchange: kind }),
});

function broken(kind: Kind, problem: Problem, dims: ParallelDims): Reason | null {
  return exchangeLaw(kind, problem, dims) ?? windowLaw(kind, problem, dims);
}

function exchangeLaw(kind: Kind, problem: Problem, { tp, cp }: ParallelDims): Reason | null {
  if (kind === 'stack') return null;
  const ranks = swappedRanks(kind, cp);
  if (kind !== 'a2a' && ranks > 1 && (cp % ranks !== 0 || cp <= ranks))
    return no(`cp-comm=${kind} with cp=${cp}`, cpFor(ranks));
  if (cp === 1) return no(`cp-comm=${kind} with cp=1`, cpFor(1));
  return ranks === 1 ? null : headLaw(problem, tp, ranks);
}

/**
 * Blocks of keys that travel a ring are attended to whole, or as a causal diagonal: a window needs all of its keys at once, gathered or of
 * whole heads (TransformerEngine@d0067d0da, transformer_engine/pytorch/attention/dot_product_attention/context_parallel.py:5054).
 */
function windowLaw(kind: Kind, problem: Problem, dims: ParallelDims): Reason | null {
  if (dims.cp === 1) return null;
  const own = kind === 'stack' ? OWN[problem.stack.contextExchange] : kind;
  if (own === 'a2a' || own === 'all-gather' || !modelsSplit(problem).some(slides)) return null;
  const instead = exchangeLaw('a2a', problem, dims) === null ? 'a2a' : 'all-gather';
  return {
    rule: 'context-parallel-sliding-window',
    actual: `sliding-window attention, cp-comm=${own}`,
    limit: 'cp=1, or cp-comm=a2a or all-gather: ring attention has no window',
    hint: `Maybe cp-comm=${instead}.`,
  };
}

/** The trained model, and those beside it that are split as it is. */
function modelsSplit({ model, workload: { models = [] } }: Problem): ModelSpec[] {
  return [model, ...models.flatMap((one) => (one.whole ? [] : [one.model]))];
}

/** Each rank has whole heads; key-value heads that are too few are repeated, which must come out even. */
function headLaw({ model }: Problem, tp: number, ranks: number): Reason | null {
  for (const { mixer } of model.kinds) {
    if (!softmax.is(mixer) && !latent.is(mixer)) continue;
    const heads = mixer.heads / tp;
    const kv = softmax.is(mixer) ? Math.max(1, mixer.kvHeads / tp) : heads;
    if (heads % ranks !== 0)
      return no(`${heads} heads on a rank`, `a multiple of the ${ranks} ranks of its all-to-all`);
    if (kv % ranks !== 0 && ranks % kv !== 0)
      return no(
        `${kv} key-value heads on a rank`,
        `a multiple or a divisor of the ${ranks} ranks of its all-to-all`,
      );
  }
  return null;
}

/** `cp` for an all-to-all among so many ranks inside a ring. */
function cpFor(ranks: number): string {
  return ranks === 1 ? 'cp of 2 or more' : `cp=${2 * ranks}, or another multiple of ${ranks} above it`;
}

function no(actual: string, limit: string): Reason {
  return { rule: 'context-exchange', actual, limit };
}
