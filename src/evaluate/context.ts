import { attendedLength, usefulShare } from '../domain/attended-length.ts';
import { isNarrow, wideBytes } from '../domain/dtype.ts';
import type { ParallelDims } from '../domain/parallel-dims.ts';
import {
  dimsOf,
  microBatchSizeIn,
  type Plan,
  type ReplicaBlock,
  type Stage,
  stateShareOf,
  type Techniques,
} from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { type Routing, rankImbalance } from '../domain/routing.ts';
import { coefficients } from '../hardware/coefficients.ts';
import { type Copies, processGroups } from '../hardware/process-groups.ts';
import type { LocalShape } from '../layers/local-shape.ts';
import { vocabularyRows } from '../layers/vocabulary.ts';
import { having } from '../techniques/index.ts';
import type { StageContext } from '../techniques/technique.ts';
import { remembered, rememberedOf } from '../units/remembered.ts';

/** What a plan says of a stage on one kind of GPU, its layers apart. */
export interface StageSpec {
  /** Index of the node group. */
  readonly group: number;
  readonly firstDevice: number;
  /** All copies of the stage, where not all are alike, and which of these runs is meant; left out: dp copies from firstDevice on. */
  readonly among?: { readonly copies: readonly Copies[]; readonly own: number };
  readonly dims: ParallelDims;
  readonly microBatchSize: number;
  /** Share of the stage's sharded states that each copy keeps; left out: all keep as much. */
  readonly stateShare?: number;
  readonly schedule: string;
  readonly techniques: Techniques;
}

/** The stage of a plan, on the copies of one block. */
export function specOf(plan: Plan, stages: number, stage: Stage, block: ReplicaBlock): StageSpec {
  const share = stateShareOf(stage, block);
  return {
    group: block.group,
    ...amongOf(plan, stage, block),
    dims: dimsOf(plan, stages, stage, block),
    microBatchSize: microBatchSizeIn(stage, block),
    ...(share === null ? {} : { stateShare: share }),
    schedule: plan.schedule,
    techniques: plan.techniques,
  };
}

/** Runs of copies of a stage, and the run that each of its blocks is in. */
interface RunsOfCopies {
  readonly copies: readonly Copies[];
  readonly runOf: ReadonlyMap<ReplicaBlock, number>;
}

const runsOf = new WeakMap<Stage['replicas'], Map<number, RunsOfCopies>>();

/** Copies that lie in a row with as many ranks each are one run, whatever share of the batch each takes. */
function amongOf(
  { dims: { cp } }: Plan,
  { replicas }: Stage,
  block: ReplicaBlock,
): Pick<StageSpec, 'among' | 'firstDevice'> {
  const known = rememberedOf(runsOf, replicas, () => new Map<number, RunsOfCopies>());
  const { copies, runOf } = remembered(known, cp, () => runsOfCopies(replicas, cp));
  const own = runOf.get(block) ?? 0;
  const { firstDevice } = copies[own]!;
  return copies.length === 1 ? { firstDevice } : { firstDevice: block.firstDevice, among: { copies, own } };
}

function runsOfCopies(replicas: Stage['replicas'], cp: number): RunsOfCopies {
  const copies: Copies[] = [];
  const runOf = new Map<ReplicaBlock, number>();
  for (const one of replicas) {
    const last = copies.at(-1);
    const next = last === undefined ? null : last.firstDevice + last.count * last.tp * cp;
    const { firstDevice, tp, count } = one;
    if (last !== undefined && next === firstDevice && last.tp === tp)
      copies[copies.length - 1] = { ...last, count: last.count + count };
    else copies.push({ firstDevice, tp, count });
    runOf.set(one, copies.length - 1);
  }
  return { copies, runOf };
}

/** Everything the cost of one stage depends on, resolved once. */
export function stageContext(problem: Problem, spec: StageSpec): StageContext {
  const { cluster } = problem;
  const { firstDevice, dims, microBatchSize, schedule, techniques } = spec;
  const count = dims.dpReplicate * dims.dpShard;
  const { copies, own } = spec.among ?? { copies: [{ firstDevice, tp: dims.tp, count }], own: 0 };
  return {
    problem,
    group: cluster.groups[spec.group]!,
    dims,
    microBatchSize,
    stateShare: spec.stateShare ?? null,
    schedule,
    techniques,
    local: localShape(problem, spec),
    groups: processGroups(cluster, copies, own, dims),
    c: coefficients(problem.coefficients),
  };
}

const SHAPING = having('local');
const imbalances = new WeakMap<Routing, Map<number, number | null>>();

function imbalanceOver(routing: Routing, ranks: number): number | null {
  const known = rememberedOf(imbalances, routing, () => new Map<number, number | null>());
  return remembered(known, ranks, () => rankImbalance(routing, ranks));
}

/** What a GPU has of a layer of the problem's model. */
export function localShape(
  problem: Problem,
  spec: Pick<StageSpec, 'dims' | 'microBatchSize' | 'techniques'>,
): LocalShape {
  const { model, stack, workload } = problem;
  const { dims, microBatchSize, techniques } = spec;
  const wide = wideBytes(workload.precision);
  // Attention of packed samples is that of as many sequences of their length.
  const attended = attendedLength(problem);
  const plain: LocalShape = {
    tokens: (workload.sequenceLength * microBatchSize) / dims.cp,
    sequence: attended,
    microBatch:
      attended === workload.sequenceLength
        ? microBatchSize
        : (microBatchSize * workload.sequenceLength * usefulShare(workload)) / attended,
    tensorParallel: dims.tp,
    contextParallel: dims.cp,
    expertParallel: dims.ep,
    expertTensorParallel: dims.etp,
    expertImbalance: workload.routing === undefined ? null : imbalanceOver(workload.routing, dims.ep),
    sequenceParallel: false,
    vocabularyShards: 1,
    vocabularyRows: 0,
    contextExchange: 'stack',
    expertExchange: 'linear',
    gathersExperts: false,
    loss: 'stack',
    elementBytes: wide,
    linearInputBytes: isNarrow(workload.precision) ? 1 : wide,
  };
  const local = SHAPING.reduce(
    (shape, technique) => technique.local(technique.of(techniques), shape, dims),
    plain,
  );
  const shards = dims.tp * local.vocabularyShards;
  return { ...local, vocabularyRows: vocabularyRows(model.vocabSize, stack.vocabularyPadding, shards) };
}
