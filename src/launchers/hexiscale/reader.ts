import { groupOfDevice } from '../../domain/cluster.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Pipeline, Plan, ReplicaBlock } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { flagsOf } from '../megatron/flags.ts';
import { type MegatronRun, megatronRun } from '../megatron/run.ts';
import { bad, broken, type FileRule, type LaunchReader } from '../reader.ts';
import { HEXISCALE_MODELS, SEQUENCE_LENGTH } from './models.ts';
import type { HexiPipeline } from './pipelines.ts';

interface Sizes {
  readonly pipelines: readonly HexiPipeline[];
  readonly batches: readonly number[];
  readonly gpus: number | null;
}

const RULES: readonly FileRule<MegatronRun, Sizes>[] = [
  {
    rule: 'world-size',
    at: '--hetero_configs',
    check: (_, { pipelines, gpus }) => {
      const sum = pipelines.reduce((all, { degrees }) => all + degrees.reduce((a, b) => a + b, 0), 0);
      return gpus === null || sum === gpus
        ? null
        : bad(`${sum} GPUs in --hetero_configs`, `the ${gpus} GPUs of the job`, 'Change a stage.');
    },
  },
  {
    rule: 'heads-divisible-by-tp',
    at: '--hetero_configs',
    check: (run, { pipelines }) => {
      const heads = HEXISCALE_MODELS[run.word('--model_size') ?? '']?.[2];
      const odd = pipelines
        .flatMap(({ degrees }) => degrees)
        .find((tp) => heads !== undefined && heads % tp !== 0);
      return odd === undefined
        ? null
        : bad(`a stage of ${odd} GPUs`, `a divisor of ${heads} heads`, 'Use another.');
    },
  },
  {
    rule: 'stages-of-partition',
    at: '--layer_partitions',
    check: (_, { pipelines }) => {
      const odd = pipelines.findIndex(({ degrees, layers }) => degrees.length !== layers.length);
      return odd < 0
        ? null
        : bad(
            `pipeline ${odd} with ${pipelines[odd]!.layers.length} parts`,
            `${pipelines[odd]!.degrees.length}, as its stages`,
            'Give each stage its layers.',
          );
    },
  },
  {
    rule: 'layers-of-partition',
    at: '--layer_partitions',
    check: (run, { pipelines }) => {
      const total = run.count('--total-layer-num');
      const odd = pipelines.findIndex(({ layers }) => layers.reduce((a, b) => a + b, 0) !== total);
      return total === null || odd < 0
        ? null
        : bad(
            `pipeline ${odd} with ${pipelines[odd]!.layers.reduce((a, b) => a + b, 0)} layers`,
            `${total}`,
            'Correct it.',
          );
    },
  },
  {
    rule: 'batch-of-chunks',
    at: '--global_bsz_size',
    check: (_, { pipelines, batches }) => {
      const odd = pipelines.findIndex(({ microBatches }, i) => batches[i]! % microBatches !== 0);
      return odd < 0
        ? null
        : bad(
            `batch ${batches[odd]} in ${pipelines[odd]!.microBatches} micro-batches`,
            'a multiple of the micro-batches',
            'Correct --chunks or --global_bsz_size.',
          );
    },
  },
  {
    rule: 'pipeline-type',
    at: '--pipeline-type',
    check: (run) =>
      ['Gpipe', '1F1B', null].includes(run.word('--pipeline-type'))
        ? null
        : bad(`--pipeline-type ${run.word('--pipeline-type')}`, 'Gpipe or 1F1B', 'Use 1F1B.'),
  },
  {
    rule: 'dp-type',
    at: '--default_dp_type',
    check: (run) =>
      ['ddp', 'zero2', 'zero3', null].includes(run.word('--default_dp_type'))
        ? null
        : bad(`--default_dp_type ${run.word('--default_dp_type')}`, 'ddp, zero2 or zero3', 'Use ddp.'),
  },
];

/** HexiScale's command line: `--hetero_configs`, `--layer_partitions`, and one batch and number of chunks for each pipeline. */
export const hexiscaleReader: LaunchReader = {
  file: 'arguments.txt',
  rules: RULES,
  read({ path, text }) {
    const run = megatronRun(flagsOf(text, path), path);
    const degrees = table(run, '--hetero_configs');
    const layers = table(run, '--layer_partitions');
    const chunks = numbers(run, '--chunks', degrees.length);
    const batches = numbers(run, '--global_bsz_size', degrees.length);
    const pipelines = degrees.map((list, i) => ({
      degrees: list,
      layers: layers[i] ?? [],
      microBatches: chunks[i]!,
    }));
    const precision = run.word('--mixed_precision');
    return {
      asked: () => ({
        configuration: {},
        sequenceLength: SEQUENCE_LENGTH,
        globalBatchSize: batches.reduce((a, b) => a + b, 0) * (run.count('--accum-iter') ?? 1),
        precision: precision === 'bf16' ? 'bf16' : 'fp16',
        layers: run.count('--total-layer-num'),
        hiddenSize: HEXISCALE_MODELS[run.word('--model_size') ?? '']?.[0] ?? null,
        plan: (problem, devices) => planOf(run, pipelines, batches[0]! / chunks[0]!, problem, devices),
      }),
      violations: (gpus) => broken(RULES, run, { pipelines, batches, gpus }, (flag) => run.line(flag)),
    };
  },
};

/** A list of lists of whole numbers, as Python and JSON both write them. */
function table(run: MegatronRun, flag: string): number[][] {
  const text = (run.flags.get(flag)?.values ?? []).join('').replaceAll(/,\s*\]/g, ']');
  try {
    const value = JSON.parse(text) as unknown;
    const isList = (list: unknown) => Array.isArray(list) && list.every((n) => Number.isInteger(n) && n > 0);
    if (Array.isArray(value) && value.length > 0 && value.every(isList)) return value as number[][];
  } catch {
    // Said below.
  }
  throw new InputError({
    message: `${flag} is ${text === '' ? 'missing' : JSON.stringify(text)}`,
    expected: 'a list of lists of whole numbers, such as [[4,2],[2]]',
    at: { file: run.file, line: run.line(flag) },
  });
}

/** One number for each pipeline; the last stands for those that follow. */
function numbers(run: MegatronRun, flag: string, length: number): number[] {
  const values = (run.flags.get(flag)?.values ?? []).map(Number);
  if (values.length === 0 || values.length > length || values.some((n) => !Number.isInteger(n) || n < 1))
    throw new InputError({
      message: `${flag} is ${values.length === 0 ? 'missing' : values.join(' ')}`,
      expected: `a whole number for each of ${length} pipelines`,
      at: { file: run.file, line: run.line(flag) },
    });
  return Array.from({ length }, (_, i) => values[Math.min(i, values.length - 1)]!);
}

/** Pipelines alike that follow each other are the replicas of one. `devices` stands in the order of ranks: replica by replica. */
function planOf(
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
    else found.push({ alike, pipeline: single(one, firsts, groups) });
  }
  const { word, has } = run;
  const sharding = ({ zero2: 2, zero3: 3 } as const)[word('--default_dp_type') ?? ''] ?? 0;
  return {
    pipelines: found.map(({ pipeline }) => pipeline),
    schedule: { id: word('--pipeline-type') === '1F1B' ? '1f1b' : 'gpipe', virtualStages: 1 },
    microBatchSize,
    contextParallel: 1,
    expertParallel: 1,
    expertTensorParallel: 1,
    sequenceParallel: has('--seq-parallel'),
    recompute: { mode: has('--checkpoint-layers') ? 'full' : 'none', modules: [], layersPerStage: null },
    optimizerSharding: sharding,
    shardGroup: null,
    nodeOrder: null,
  };
}

function single(
  { degrees, layers, microBatches }: HexiPipeline,
  firsts: readonly number[],
  groups: readonly number[],
): Pipeline {
  let layer = 0;
  return {
    stages: degrees.map((tensorParallel, s) => {
      const chunks = [{ first: layer, end: layer + layers[s]! }];
      layer += layers[s]!;
      const block: ReplicaBlock = {
        count: 1,
        group: groups[s]!,
        firstDevice: firsts[s]!,
        tensorParallel,
        microBatches,
      };
      return { chunks, replicas: [block] };
    }),
    microBatches,
  };
}

/** The pipeline with one copy more; null where the copy's GPUs do not follow those of the others. */
function withCopy({ stages, microBatches }: Pipeline, firsts: readonly number[]): Pipeline | null {
  const follows = stages.every(
    ({ replicas: [block] }, s) => block!.firstDevice + block!.count * block!.tensorParallel === firsts[s],
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
