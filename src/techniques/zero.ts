import { type MemoryTerm, memoryTerm, type Point } from '../domain/memory-term.ts';
import { moduleBytes, statesIn } from '../domain/stack.ts';
import { nearest } from '../units/nearest.ts';
import type { Held, Holding, State } from './holding.ts';
import { Misread } from './misread.ts';
import { sharesOut, ZERO_STAGES, type ZeroStage } from './sharded-states.ts';
import { gradientBytes, passTraffic, stepTraffic } from './sharded-traffic.ts';
import { type StageContext, technique } from './technique.ts';
import { unsharded } from './unsharded.ts';

const LABELS = ['none', 'optimizer', 'optimizer+gradients', 'all (ZeRO-3)'] as const;
/**
 * States sharded over the data-parallel ranks, and what data parallelism sends for it: ZeRO (Rajbhandari et al. 2020, arXiv
 * 1910.02054), Megatron's distributed optimizer, FSDP. Stage 0 is plain data parallelism.
 */
export const zero = technique<ZeroStage>({
  id: 'zero',
  aliases: ['sharding'],
  off: 0,
  schema: { enum: ZERO_STAGES },
  affects: 'stage',
  barest: null,
  parse: (text) =>
    ZERO_STAGES.find((stage) => `${stage}` === text) ??
    new Misread('a whole number from 0 to 3', meantBy(text)),
  format: String,
  name: 'sharding',
  words: (stage) => LABELS[stage],
  usual: ({ stack }, { dpReplicate, dpShard, cp }) =>
    dpReplicate * dpShard * cp === 1 ? 0 : stack.fullySharded ? 3 : 1,
  choices({ stack }, { dpReplicate, dpShard, cp, pp }, asked) {
    // Without replicas there is nothing to shard.
    if (dpReplicate * dpShard * cp === 1) return asked === undefined || asked === 0 ? [0] : [];
    if (asked !== undefined) return [asked];
    if (stack.fullySharded) return [3];
    // In a pipeline gradients sharded between micro-batches only cost time.
    return pp > 1 ? [0, 1] : ZERO_STAGES;
  },
  holdings: (stage, holdings, { problem, groups, dims: { cp }, stateShare }) =>
    holdings.map((one): Holding => {
      const whole = one.state === 'gradients' && problem.stack.accumulatesWhole === true;
      if (!sharesOut(stage, one.state, problem.stack) || whole) return one;
      const ranks = one.of === 'dense' ? groups.shard.size : groups.expertShard.size;
      return { ...one, share: one.share * (stateShare === null ? 1 / ranks : stateShare / cp) };
    }),
  terms: (stage, held, context) => [...whole(stage, held, context), ...buffers(stage, held, context)],
  passTraffic,
  stepTraffic,
});

/** `zero-3`, or what a table calls it. */
function meantBy(text: string): string | undefined {
  const [, stage] = /^zero[-_ ]?([0-3])$/i.exec(text) ?? [];
  const label = nearest(text, LABELS);
  return (
    stage ?? (label === undefined ? undefined : String(LABELS.indexOf(label as (typeof LABELS)[number])))
  );
}

const GATHERED: readonly Point[] = ['forward', 'loss', 'backward', 'end-of-backward'];
/** Where all layers of a stage are gathered at once: the last of them goes back first, and is let go. */
const KEPT: readonly Point[] = ['forward', 'loss', 'backward'];

/**
 * What stays whole beside the shards. With a pipeline the stage stays gathered between micro-batches: 2 B of weights (4 B in fp32) and
 * gradients per parameter as wide as they are reduced, which is how FSDP adds them up (torchtitan, reshard_after_forward off under PP;
 * to_accumulated_grad_if_needed, torch/distributed/_composable/fsdp/_fsdp_param.py@012c62d).
 */
function whole(stage: ZeroStage, held: Held, context: StageContext): MemoryTerm[] {
  const { problem, groups, dims } = context;
  const { gathered, live, root } = held;
  const shares = sharesOut(stage, 'weights', problem.stack) && groups.shard.size > 1;
  if (!shares) return castsAlone(context) ? unsharded(held, context, gradientBytes(problem)) : [];
  if (dims.pp > 1 && problem.stack.fullySharded) {
    const all = (part: State, { layers, fixed }: Held['live'], factor: number) =>
      memoryTerm({
        part,
        layers: layers.map((row) => row.map((amount) => factor * amount)),
        fixed: [factor * fixed],
      });
    return [all('weights', gathered, 1), all('gradients', live, gradientBytes(problem))];
  }
  if (problem.stack.engineBuffers === undefined) {
    const beside = unsharded(held, context, gradientBytes(problem));
    return stage === 3
      ? beside
      : [...beside, memoryTerm({ part: 'weights', at: KEPT, layers: gathered.layers, fixed: [0] })];
  }
  // An engine that leaves so many parameters gathered has other layers among them, and the gradients of the one in backward in 16 bits
  // until they go into its bucket.
  return [
    memoryTerm({
      part: 'gathered parameters',
      at: GATHERED,
      over: 'widest',
      layers: gathered.layers.map((row, s) => row.map((bytes, kind) => bytes + 2 * live.layers[s]![kind]!)),
      fixed: [root],
    }),
  ];
}

/** FSDP casts weights that it shares with nobody as it does those that it gathers. */
function castsAlone({ problem, dims, local }: StageContext): boolean {
  const { stack, workload } = problem;
  return (
    stack.fullySharded &&
    dims.pp === 1 &&
    statesIn(workload, stack.state).weights > moduleBytes(workload, stack, local.elementBytes)
  );
}

/** What the engine sets aside, and what it leaves gathered at the end of the model until the step is done. */
function buffers(
  stage: ZeroStage,
  { gathered, rootWeights }: Held,
  { problem, groups }: StageContext,
): MemoryTerm[] {
  const engine = problem.stack.engineBuffers;
  if (stage < 2 || engine === undefined) return [];
  const layers = gathered.layers.map((row) => row.map(() => 0));
  const bucket = memoryTerm({ part: 'gradient bucket', layers, fixed: [engine.reduceBytes] });
  if (stage < 3 || groups.shard.size === 1) return [bucket];
  const part = 'gathered parameters';
  return [
    bucket,
    memoryTerm({ part, at: ['forward', 'loss', 'backward'], layers, fixed: [engine.liveBytes] }),
    memoryTerm({ part, at: ['optimizer-step'], layers, fixed: [rootWeights] }),
  ];
}
