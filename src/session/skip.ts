import { groupOfDevice } from '../domain/cluster.ts';
import type { MemoryEstimate } from '../domain/estimate.ts';
import { InputError } from '../domain/input-error.ts';
import type { Problem } from '../domain/problem.ts';
import { type StageSpec, stageContext } from '../evaluate/context.ts';
import { contentOf } from '../evaluate/memory/content.ts';
import { stageMemory } from '../evaluate/memory/stage-memory.ts';
import { profileCache, profileIn, type StageProfile } from '../evaluate/stage-profile.ts';
import { passesOfLayer } from '../evaluate/time/passes.ts';
import { pointToPointSeconds } from '../hardware/collective.ts';
import { spanOfDevices } from '../hardware/span.ts';
import { arranged } from '../schedules/partial/arrange.ts';
import { type PathNetwork, playPaths, sentAlong, sentThroughAll } from '../schedules/partial/play.ts';
import { searchPaths } from '../schedules/partial/search-paths.ts';
import { FULL_RECOMPUTE, recompute } from '../techniques/recompute.ts';

interface SkipAsked {
  readonly stages: number;
  /** Stages of each path, the first among them. */
  readonly length: number;
  /** Micro-batches that a node holds. */
  readonly memory: number;
  readonly microBatchSize: number;
  readonly seed: number;
}

/** A pipeline whose micro-batches pass only some of its stages, over single GPUs. Seconds. */
export interface SkipPlan {
  readonly network: PathNetwork;
  /** Where each node stands: its host, or its group and number. */
  readonly places: readonly string[];
  readonly paths: readonly (readonly number[])[];
  readonly stepSeconds: number;
  readonly microBatches: number;
  readonly fullStepSeconds: number;
  readonly fullMicroBatches: number;
  /** Of the first stage, which holds both ends, on the node where it is tightest. */
  readonly memory: MemoryEstimate;
}

/** Nodes that a search arranges: more take minutes. */
const MOST_NODES = 64;
const MOVES = { nodes: 4000, paths: 3000 };
/** Activations travel in fp32, through the memory of both hosts (create_schedule.py@7f20d8a: 0.13, 0.2 and 0.02 s). */
const WIRE_BYTES = 4;
const HOST_COPIES = 0.35;

/** What is taken of any such run, in words. */
export const SKIP_ASSUMED = [
  `copies between GPU and host take ${HOST_COPIES} s of each way, as the published scripts have it`,
  'of a stage, backward takes 1.5 times its forward, head and loss a quarter of it',
];

/** Throws an InputError where the cluster has too few or too many GPUs, or stages do not divide the model. */
export function skipPlan(problem: Problem, asked: SkipAsked): SkipPlan {
  const { cluster, model, workload } = problem;
  const devices = cluster.groups.flatMap(({ firstDevice, nodes, gpusPerNode }) =>
    Array.from({ length: nodes * gpusPerNode }, (_, i) => firstDevice + i),
  );
  refuse(devices.length, model.layers.length, asked);
  const profiles = profilesOf(problem, asked);
  const each = model.layers.length / asked.stages;
  const forward = devices.map((device) => {
    const profile = profiles[groupOfDevice(cluster, device).index]!;
    const layers = model.layers.slice(0, each);
    return layers.reduce((sum, kind) => sum + passesOfLayer(profile, kind).forward, 0);
  });
  const bytes = WIRE_BYTES * model.hiddenSize * workload.sequenceLength * asked.microBatchSize;
  const delay = devices.map((from, a) =>
    devices.map((to, b) => {
      if (a === b) return 0;
      const { c } = profiles[groupOfDevice(cluster, from).index]!.context;
      return HOST_COPIES + pointToPointSeconds(spanOfDevices(cluster, [from, to]), bytes, c);
    }),
  );
  const { seed, memory, length, stages } = asked;
  const network: PathNetwork = {
    stages: arranged({ stages, delay, seed, moves: MOVES.nodes }),
    forward,
    delay,
    memory,
  };
  const search = { seed, moves: MOVES.paths, alike: true };
  const found = searchPaths(network, { length, ...search })!;
  const full = fullPipeline(network, searchPaths(network, { length: stages, ...search })!.paths);
  return {
    network,
    places: devices.map((device) => placeOf(problem, device)),
    paths: found.paths,
    stepSeconds: found.seconds,
    microBatches: sentAlong(network, found.paths).length,
    fullStepSeconds: full.seconds,
    fullMicroBatches: full.microBatches,
    memory: tightest(problem, profiles, asked),
  };
}

/** The whole pipeline, nodes in lines or along paths of their own: whichever is faster for a micro-batch. */
function fullPipeline(network: PathNetwork, paths: SkipPlan['paths']) {
  const [lines, own] = [sentThroughAll(network), sentAlong(network, paths)].map((sent) => ({
    seconds: playPaths(network, sent),
    microBatches: sent.length,
  }));
  const each = (one: typeof lines) => one!.seconds / one!.microBatches;
  return each(own) < each(lines) ? own! : lines!;
}

function refuse(nodes: number, layers: number, { stages, length }: SkipAsked): void {
  if (nodes < 2 * stages || nodes > MOST_NODES)
    throw new InputError({
      message: `${nodes} GPUs for ${stages} stages`,
      expected: `from two for each stage to ${MOST_NODES} in all: each is a node of its own`,
      hint: 'Maybe another --stages, or --gpu-types.',
    });
  if (layers % stages !== 0)
    throw new InputError({
      message: `--stages is "${stages}"`,
      expected: `a divisor of the ${layers} layers: all stages hold as many`,
    });
  if (length < 2 || length > stages)
    throw new InputError({
      message: `paths of ${length} of ${stages} stages`,
      expected: `from 2 to ${stages} stages`,
      hint: 'Maybe --skip 33%.',
    });
}

/** One GPU of each group with its stage's layers by themselves: nothing else shares a stage. */
function profilesOf(problem: Problem, { microBatchSize }: SkipAsked): StageProfile[] {
  const cache = profileCache();
  return problem.cluster.groups.map(({ index, firstDevice }) => {
    const spec: StageSpec = {
      group: index,
      firstDevice,
      dims: { tp: 1, cp: 1, pp: 1, dpReplicate: 1, dpShard: 1, ep: 1, etp: 1, vpp: 1 },
      microBatchSize,
      schedule: '1f1b',
      techniques: recompute.set({}, FULL_RECOMPUTE),
    };
    return profileIn(stageContext(problem, spec), cache);
  });
}

function tightest(
  { model }: Problem,
  profiles: readonly StageProfile[],
  { stages, memory }: SkipAsked,
): MemoryEstimate {
  const range = { first: 0, end: model.layers.length / stages };
  const all = profiles.map((profile) => {
    const content = contentOf(model.layers, model.kinds.length, [range], profile.segments);
    const flow = { fronts: [[memory]], weightVersions: 1, accumulates: true };
    return stageMemory(profile, content, { embedding: 0, head: 0 }, flow);
  });
  return all.reduce((worst, one) =>
    one.deviceBytes / one.limitBytes > worst.deviceBytes / worst.limitBytes ? one : worst,
  );
}

function placeOf({ cluster }: Problem, device: number): string {
  const group = groupOfDevice(cluster, device);
  const local = device - group.firstDevice;
  const host = Math.floor(local / group.gpusPerNode);
  return `${group.id}:${host}${group.gpusPerNode > 1 ? `.${local % group.gpusPerNode}` : ''}`;
}
