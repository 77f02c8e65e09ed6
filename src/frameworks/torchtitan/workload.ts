import type { TitanRun } from './run.ts';

/** What a recipe asks the data for. */
export interface TitanWorkload {
  readonly sequenceLength: number;
  /** Tokens of one micro-batch of a data-parallel rank. */
  readonly microTokens: number;
  /** Micro-batches of one pass of the pipeline; one without a pipeline. */
  readonly microBatches: number;
  /** Tokens of a step of all ranks; null: as many as one pass takes. */
  readonly stepTokens: number | null;
}

const TOKENS = 'training.num_tokens_per_microbatch_per_dp_rank';
const STEP = 'training.num_tokens_per_train_step';
const LENGTH = 'training.max_context_length';

/** In tokens, or, before PR #4121, in sequences of `training.seq_len`. A micro-batch shorter than the context is one sequence. */
export function workloadOf(run: TitanRun, pp: number): TitanWorkload {
  const counted = run.sets(TOKENS) || run.sets(STEP);
  const former = ['local_batch_size', 'global_batch_size', 'seq_len'].some((one) =>
    run.sets(`training.${one}`),
  );
  if (former && !counted) return inSequences(run, pp);
  const microTokens = run.count(TOKENS)!;
  const length = run.sets(LENGTH) ? null : run.count('training.seq_len');
  return {
    sequenceLength: Math.min(length ?? run.count(LENGTH)!, microTokens),
    microTokens,
    microBatches: pp > 1 ? (run.count('parallelism.num_pp_microbatches') ?? 1) : 1,
    stepTokens: run.count(STEP),
  };
}

/** A pipeline cut the local batch into micro-batches of pipeline_parallel_microbatch_size sequences, by default one. */
function inSequences(run: TitanRun, pp: number): TitanWorkload {
  const sequenceLength = run.count('training.seq_len') ?? run.count(LENGTH)!;
  const local = run.count('training.local_batch_size') ?? run.base?.sequences ?? 8;
  const count = run.count('parallelism.pipeline_parallel_microbatches');
  const cut =
    count === null ? (run.count('parallelism.pipeline_parallel_microbatch_size') ?? 1) : local / count;
  const each = pp > 1 ? cut : local;
  const global = run.count('training.global_batch_size');
  return {
    sequenceLength,
    microTokens: each * sequenceLength,
    microBatches: local / each,
    stepTokens: global === null ? null : global * sequenceLength,
  };
}
