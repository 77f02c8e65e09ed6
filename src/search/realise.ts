import type { StageCosts } from '../cost/stage-costs.ts';
import type { LayerRange, Plan, ReplicaBlock, Stage } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { Settings } from '../domain/stage-cost.ts';
import { dealtCounts } from '../memory/dealt.ts';
import { cutLayers } from '../partition/cut-layers.ts';
import { type Cut, judge, type PartitionProblem } from '../partition/problem.ts';
import type { PipelineClass, Shares } from '../partition/shares.ts';
import { inFlightOf } from '../schedules/in-flight.ts';
import { scheduleOf } from '../schedules/index.ts';
import { crossings } from './crossings.ts';
import type { Layout } from './layouts.ts';
import type { Legality } from './options.ts';
import { endsByStage } from './stage-places.ts';
import type { Switches } from './switches.ts';

export interface Candidate {
  readonly layout: Layout;
  readonly switches: Switches;
}

export function settingsFor({ layout, switches }: Candidate): Settings {
  return {
    schedule: {
      id: switches.schedule,
      virtualStages: switches.virtualStages,
    },
    microBatchSize: switches.microBatch,
    contextParallel: layout.cp,
    expertParallel: layout.ep,
    expertTensorParallel: layout.etp,
    sequenceParallel: layout.runs.some((run) => run.tp > 1),
    recompute: switches.recompute,
    optimizerSharding: switches.sharding,
    shardGroup: null,
    vocabularyShards: 1,
  };
}

export function microBatchesPerReplica(problem: Problem, { layout, switches }: Candidate): number {
  return problem.workload.globalBatchSize / (layout.dp * switches.microBatch);
}

/** The cut as the partition sees it. `costs[i]` belongs to run i of the layout. */
export function partitionProblem(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageCosts[],
  microBatches = microBatchesPerReplica(problem, candidate),
): PartitionProblem {
  const { layout, switches } = candidate;
  const schedule = scheduleOf(settingsFor(candidate).schedule.id)!;
  const shape = { stages: layout.pp, microBatches, virtualStages: switches.virtualStages };
  const crossing = crossings(problem, layout, costs, switches.virtualStages);
  const inFlight = inFlightOf(schedule, shape);
  const allEnds = endsByStage(schedule, shape);
  let index = 0;
  const stages = layout.runs.flatMap((run, i) =>
    Array.from({ length: run.stages }, (_, within) => {
      const cost = costs[i]!;
      const s = index++;
      const { first, last } = allEnds[s]!;
      const ends = (first ? cost.embeddingSeconds : 0) + (last ? cost.headSeconds : 0);
      const half = cost.boundarySeconds / 2;
      const before = s === 0 ? 0 : within === 0 ? crossing[i - 1]! : half;
      const after = s === layout.pp - 1 ? 0 : within === run.stages - 1 ? crossing[i]! : half;
      const links = before + after;
      const spot = { first, last, pipelined: layout.pp > 1, fronts: inFlight[s]! };
      return {
        secondsPerLayer: cost.secondsPerLayer,
        fixedSeconds: ends + links,
        earliest: cost.rooms.earliest(spot),
        room: cost.rooms.room(spot),
      };
    }),
  );
  return { layerKinds: problem.model.layers, stages, microBatches };
}

export interface Realised {
  readonly plan: Plan;
  readonly cut: Cut | null;
  readonly partition: PartitionProblem;
  /** The framework cuts the layers itself: there was nothing to choose, and nothing to prove. */
  readonly cutByLauncher?: true;
  /** How micro-batches were dealt to unlike pipelines; absent for one pipeline. */
  readonly shares?: Shares & { readonly classes: readonly PipelineClass[]; readonly total: number };
}

/** Chooses the layers of each stage and writes the plan out; a Reason when no cut fits. */
export function realise(
  problem: Problem,
  candidate: Candidate,
  costs: readonly StageCosts[],
  { even = false, launcher = null }: { even?: boolean; launcher?: Legality | null } = {},
): Realised | Reason {
  const partition = partitionProblem(problem, candidate, costs);
  const { layout, switches } = candidate;
  const layers = problem.model.layers.length;
  const v = switches.virtualStages;
  if (v > 1 && layout.family !== 'uniform' && !even) return dealt(problem, candidate, partition);
  if (v > 1 || even) {
    const counts = evenCounts(layers, layout.pp * v);
    if (counts === null) {
      return {
        rule: 'layers-divisible-by-stages',
        actual: `${layers} layers`,
        limit: `equal on ${layout.pp * v} chunks`,
      };
    }
    const cut = v > 1 ? null : judge(partition, counts);
    return { plan: planFrom(problem, candidate, counts), cut, partition };
  }
  if (launcher?.layerCut !== undefined && layout.pp > 1) {
    const counts = launcher.layerCut(problem, layout.pp, layout.tp);
    if (counts === null)
      return { rule: 'layer-cut', actual: `pp=${layout.pp}`, limit: `a depth that ${launcher.id} can cut` };
    return { plan: planFrom(problem, candidate, counts), cut: null, partition, cutByLauncher: true };
  }
  const cut = cutLayers(partition);
  if ('rule' in cut) return cut;
  return { plan: planFrom(problem, candidate, cut.layersPerStage), cut, partition };
}

/** Unlike stages with several chunks each: the cut gives each stage its layers, dealt over its chunks in turn. */
function dealt(problem: Problem, candidate: Candidate, partition: PartitionProblem): Realised | Reason {
  const cut = cutLayers(partition);
  if ('rule' in cut) return cut;
  const v = candidate.switches.virtualStages;
  const least = Math.min(...cut.layersPerStage);
  if (least < v) {
    return {
      rule: 'layers-per-chunk',
      actual: `${least} layers on a stage`,
      limit: `at least vpp=${v}`,
    };
  }
  const { pp } = candidate.layout;
  const schedule = scheduleOf(candidate.switches.schedule)!;
  const shape = { stages: pp, microBatches: partition.microBatches, virtualStages: v };
  const left = cut.layersPerStage.map((n) => dealtCounts(n, v));
  const counts = Array.from({ length: pp * v }, (_, g) => left[schedule.stageOfChunk(g, shape)]!.shift()!);
  return { plan: planFrom(problem, candidate, counts), cut, partition };
}

/** Equal chunks; one layer less on the ends where embedding and loss count as a layer each. */
export function evenCounts(layers: number, chunks: number): number[] | null {
  if (layers % chunks === 0) return new Array<number>(chunks).fill(layers / chunks);
  if (chunks > 1 && (layers + 2) % chunks === 0) {
    const n = (layers + 2) / chunks;
    return Array.from({ length: chunks }, (_, i) => (i === 0 || i === chunks - 1 ? n - 1 : n));
  }
  if ((layers + 1) % chunks === 0) {
    const n = (layers + 1) / chunks;
    return Array.from({ length: chunks }, (_, i) => (i === chunks - 1 ? n - 1 : n));
  }
  return null;
}

/** `counts` are layers of the global chunks, in layer order. */
export function planFrom(
  problem: Problem,
  candidate: Candidate,
  counts: readonly number[],
  microBatches = microBatchesPerReplica(problem, candidate),
): Plan {
  const { layout } = candidate;
  const settings = settingsFor(candidate);
  const schedule = scheduleOf(settings.schedule.id)!;
  const shape = { stages: layout.pp, microBatches, virtualStages: settings.schedule.virtualStages };
  const chunks: LayerRange[][] = Array.from({ length: layout.pp }, () => []);
  let first = 0;
  for (const [g, count] of counts.entries()) {
    chunks[schedule.stageOfChunk(g, shape)]!.push({ first, end: first + count });
    first += count;
  }
  let stage = 0;
  const stages = layout.runs.flatMap(({ group, stages: n, tp }) =>
    Array.from({ length: n }, (_, i): Stage => {
      const perStage = tp * layout.cp * layout.dp;
      const firstDevice = problem.cluster.groups[group]!.firstDevice + i * perStage;
      const block: ReplicaBlock = {
        count: layout.dp,
        group,
        firstDevice,
        tensorParallel: tp,
        microBatches,
      };
      return { chunks: chunks[stage++]!, replicas: [block] };
    }),
  );
  const { vocabularyShards: _, ...shared } = settings;
  return { ...shared, pipelines: [{ stages, microBatches: microBatches * layout.dp }], nodeOrder: null };
}
