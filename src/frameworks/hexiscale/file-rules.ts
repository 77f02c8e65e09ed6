import type { MegatronRun } from '../megatron/run.ts';
import { bad, type FileRule } from '../reading/file-rule.ts';
import { notAmong } from '../reading/known-values.ts';
import { hexiSlip, hexiStrangers } from './flag-names.ts';
import { HEXISCALE_MODELS } from './models.ts';
import { type HexiPipeline, unmatchedLayer } from './pipelines.ts';
import { sizesOfModel, valuesOf } from './words.ts';

export interface Sizes {
  readonly pipelines: readonly HexiPipeline[];
  readonly batches: readonly number[];
  readonly gpus: number | null;
}

/** Iterations it runs where --run-iter is left out (llama/arguments.py@d7f8a2b). */
const RUN_ITER = 20;

/** What HexiScale refuses of its command line. */
export const FILE_RULES: readonly FileRule<MegatronRun, Sizes>[] = [
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
      const heads = sizesOfModel(run)?.[2];
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
  wordRule('pipeline-type', '--pipeline-type', ['1F1B', 'Gpipe']),
  wordRule('dp-type', '--default_dp_type', ['ddp', 'zero2', 'zero3']),
  wordRule('mixed-precision', '--mixed_precision', ['fp16', 'bf16', 'fp32']),
  {
    // llama/arguments.py@d7f8a2b, choices.
    rule: 'model-size',
    at: '--model_size',
    unreadable: true,
    check: (run) => {
      const word = String(run.word('--model_size'));
      return sizesOfModel(run) === null
        ? notAmong(`--model_size ${word}`, word, Object.keys(HEXISCALE_MODELS))
        : null;
    },
  },
  {
    // hexiscale/process_args.py@5ee1726, validate_args: the last values are repeated for the batches that are missing.
    rule: 'values-of-pipelines',
    at: '--chunks',
    check: (run, { pipelines }) => {
      const batches = valuesOf(run, '--global_bsz_size').length;
      const chunks = valuesOf(run, '--chunks').length;
      const wanted = Math.min(batches, pipelines.length);
      return chunks === wanted
        ? null
        : bad(
            `${chunks} values of --chunks beside ${batches} of --global_bsz_size`,
            `as many of both, at most one for each of ${pipelines.length} pipelines`,
            'Give each pipeline both.',
          );
    },
  },
  {
    rule: 'accumulation',
    at: '--accum-iter',
    check: (run) => {
      const steps = run.count('--run-iter') ?? RUN_ITER;
      const accumulated = run.count('--accum-iter') ?? 1;
      return accumulated <= steps
        ? null
        : bad(
            `--accum-iter ${accumulated}`,
            `at most --run-iter ${steps}`,
            `Set --run-iter to ${accumulated}.`,
          );
    },
  },
  {
    rule: 'known-flags',
    at: '',
    check(run) {
      for (const name of hexiStrangers(run)) {
        const meant = hexiSlip(name);
        if (meant !== null)
          return {
            ...bad(`unknown ${name}`, 'a flag of its parser', `Maybe --${meant}.`),
            line: run.line(name),
          };
      }
      return null;
    },
  },
  {
    rule: 'tp-divides-largest',
    at: '--hetero_configs',
    check: (_, { pipelines }) => {
      const odd = unmatchedLayer(pipelines);
      return odd === null
        ? null
        : bad(
            `layer ${odd.layer} on ${odd.tp} GPUs of one pipeline and ${odd.largest} of another`,
            `a divisor of ${odd.largest}`,
            'Use powers of two, or cut the layers alike.',
          );
    },
  },
];

/** One of the words that its parser takes after a flag (llama/arguments.py@d7f8a2b, choices). */
function wordRule(rule: string, flag: string, known: readonly string[]): FileRule<MegatronRun, Sizes> {
  return {
    rule,
    at: flag,
    unreadable: true,
    check: (run) => {
      const word = run.word(flag);
      return word === null || known.includes(word) ? null : notAmong(`${flag} ${word}`, word, known);
    },
  };
}
