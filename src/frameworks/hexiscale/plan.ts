import { groupOfDevice } from '../../domain/cluster.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Pipeline, Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { FULL_RECOMPUTE, recompute } from '../../techniques/recompute.ts';
import { sequenceParallel } from '../../techniques/sequence-parallel.ts';
import { zero } from '../../techniques/zero.ts';
import type { MegatronRun } from '../megatron/run.ts';
import type { HexiPipeline } from './pipelines.ts';

/** Pipelines alike that follow each other are the replicas of one. `devices` stands in the order of ranks: replica by replica. */
export function planOf(
  run: MegatronRun,
  pipelines: readonly HexiPipeline[],
  microBatchSize: number,
  { cluster }: Problem,
  devices: readonly number[],
): Plan {
  let rank = 0;
  const take = (gpus: number) => {
    const mine = devices.slice(rank, rank + gpus);
    rank += gpus;
    const [first] = mine;
    if (mine.length < gpus || first === undefined || mine.some((device, i) => device !== first + i))
      throw new InputError({
        message: `ranks ${rank - gpus} to ${rank - 1} are not ${gpus} GPUs in a row of ${cluster.name}`,
        expected: 'the GPUs of a stage side by side',
        at: { file: run.file, line: run.line('--hetero_configs') },
      });
    return first;
  };
  const found: { alike: string; pipeline: Pipeline }[] = [];
  for (const one of pipelines) {
    const firsts = one.degrees.map(take);
    const groups = firsts.map((device) => groupOfDevice(cluster, device).index);
    const alike = JSON.stringify([one, groups]);
    const known = found.at(-1);
    const joined = known?.alike === alike ? withCopy(known.pipeline, firsts) : null;
    if (joined !== null) found[found.length - 1] = { alike, pipeline: joined };
    else found.push({ alike, pipeline: single(one, microBatchSize, firsts, groups) });
  }
  const { word, has } = run;
  const sharding = ({ zero2: 2, zero3: 3 } as const)[word('--default_dp_type') ?? ''] ?? 0;
  const recomputed = has('--checkpoint-layers') ? recompute.set({}, FULL_RECOMPUTE) : {};
  return {
    pipelines: withTwinsJoined(found.map(({ pipeline }) => pipeline)),
    dims: { cp: 1, ep: 1, etp: 1, vpp: 1, dpReplicate: 1 },
    schedule: word('--pipeline-type') === '1F1B' ? '1f1b' : 'gpipe',
    techniques: zero.set(sequenceParallel.set(recomputed, has('--seq-parallel')), sharding),
    nodeOrder: null,
  };
}

/** Pipelines of the same depth and cut are replicas of one, whatever their GPUs and shares. */
function withTwinsJoined(pipelines: readonly Pipeline[]): Pipeline[] {
  const cutOf = ({ stages }: Pipeline) => JSON.stringify(stages.map(({ chunks }) => chunks));
  const found = new Map<string, Pipeline>();
  for (const one of pipelines) {
    const twin = found.get(cutOf(one));
    if (twin === undefined) found.set(cutOf(one), one);
    else
      found.set(cutOf(one), {
        microBatches: twin.microBatches + one.microBatches,
        stages: twin.stages.map((stage, s) => ({
          ...stage,
          replicas: [...stage.replicas, ...one.stages[s]!.replicas],
        })),
      });
  }
  return [...found.values()];
}

function single(
  { degrees, layers, microBatches }: HexiPipeline,
  microBatchSize: number,
  firsts: readonly number[],
  groups: readonly number[],
): Pipeline {
  let layer = 0;
  return {
    stages: degrees.map((tp, s) => {
      const chunks = [{ first: layer, end: layer + layers[s]! }];
      layer += layers[s]!;
      const block: ReplicaBlock = {
        count: 1,
        group: groups[s]!,
        firstDevice: firsts[s]!,
        tp,
        microBatches,
      };
      return { chunks, microBatchSize, replicas: [block] };
    }),
    microBatches,
  };
}

/** The pipeline with one copy more; null where the copy's GPUs do not follow those of the others. */
function withCopy({ stages, microBatches }: Pipeline, firsts: readonly number[]): Pipeline | null {
  const follows = stages.every(
    ({ replicas: [block] }, s) => block!.firstDevice + block!.count * block!.tp === firsts[s],
  );
  if (!follows) return null;
  const [{ replicas }] = stages as [Pipeline['stages'][number]];
  return {
    stages: stages.map((stage) => ({
      ...stage,
      replicas: [{ ...stage.replicas[0]!, count: stage.replicas[0]!.count + 1 }],
    })),
    microBatches: microBatches + replicas[0]!.microBatches,
  };
}
