import { readRuns } from '../megatron/read-runs.ts';
import type { MegatronRun } from '../megatron/run.ts';
import type { LaunchReader, ReadFile } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { FILE_RULES } from './file-rules.ts';
import { hexiStrangers } from './flag-names.ts';
import { SEQUENCE_LENGTH } from './models.ts';
import { planOf } from './plan.ts';
import { numbers, sizesOfModel, table } from './words.ts';

/** HexiScale's command line: `--hetero_configs`, `--layer_partitions`, and one batch and number of chunks for each pipeline. */
export const hexiscaleReader: LaunchReader = {
  file: 'arguments.txt',
  rules: FILE_RULES,
  read: (source) => readRuns(source, readHexiscale),
};

function readHexiscale(run: MegatronRun): ReadFile {
  const degrees = table(run, '--hetero_configs');
  const layers = table(run, '--layer_partitions');
  const chunks = numbers(run, '--chunks', degrees.length);
  const batches = numbers(run, '--global_bsz_size', degrees.length);
  const pipelines = degrees.map((list, i) => ({
    degrees: list,
    layers: layers[i] ?? [],
    microBatches: chunks[i]!,
  }));
  return {
    asked: () => ({
      configuration: {},
      sequenceLength: SEQUENCE_LENGTH,
      globalBatchSize: batches.reduce((a, b) => a + b, 0) * (run.count('--accum-iter') ?? 1),
      // llama/arguments.py@d7f8a2b: fp16 where it is left out, and fp32.
      precision: run.word('--mixed_precision') ?? 'fp16',
      layers: run.count('--total-layer-num'),
      hiddenSize: sizesOfModel(run)?.[0] ?? null,
      notes: notesOf(run),
      plan: (problem, devices) => planOf(run, pipelines, batches[0]! / chunks[0]!, problem, devices),
    }),
    violations: (gpus) => broken(FILE_RULES, run, { pipelines, batches, gpus }, (flag) => run.line(flag)),
  };
}

function notesOf(run: MegatronRun): string[] {
  const names = hexiStrangers(run);
  return names.length === 0 ? [] : [`not read, as HexiScale has no such flags: ${names.join(', ')}`];
}
