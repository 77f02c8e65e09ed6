import type { Value } from '../../foreign/python/value.ts';
import { configOf } from './made.ts';

/** What a function of a config_registry sets beyond the defaults of the dataclasses. */
export interface TitanBase {
  readonly family: 'llama3' | 'qwen3' | 'gpt_oss';
  readonly flavor: string;
  /** Of sequences and of how many a micro-batch has. */
  readonly length: number;
  readonly sequences: number;
  readonly fields: Readonly<Record<string, Value>>;
  /** Its model has float8 linear layers. */
  readonly float8: boolean;
}

const FULL = { activation_checkpoint: configOf('FullAC') } as const;
const TP8 = { 'parallelism.tensor_parallel_degree': 8, ...FULL } as const;
const COMPILED = { 'compile.enable': true, 'compile.enable_async_tensor_parallel': true } as const;

const base = (
  family: TitanBase['family'],
  flavor: string,
  [sequences, length]: readonly [number, number],
  fields: TitanBase['fields'] = {},
): TitanBase => ({ family, flavor, length, sequences, fields, float8: false });

/** torchtitan/models/{llama3,qwen3,gpt_oss}/config_registry.py, between PR #4121 and #4322. */
export const BASES: Readonly<Record<string, TitanBase>> = {
  llama3_8b: base('llama3', '8B', [1, 8192]),
  llama3_70b: base('llama3', '70B', [8, 8192], TP8),
  llama3_405b: { ...base('llama3', '405B', [2, 8192], { ...TP8, ...COMPILED }), float8: true },
  qwen3_0_6b: base('qwen3', '0.6B', [4, 4096]),
  qwen3_1_7b: base('qwen3', '1.7B', [4, 4096]),
  qwen3_14b: base('qwen3', '14B', [4, 4096], FULL),
  qwen3_32b: base('qwen3', '32B', [2, 4096], FULL),
  qwen3_30b_a3b: base('qwen3', '30B-A3B', [2, 4096], FULL),
  gpt_oss_20b: base('gpt_oss', '20b', [1, 8192], FULL),
  gpt_oss_120b: base('gpt_oss', '120b', [1, 8192], FULL),
};

/** Defaults of ParallelismConfig, TrainingConfig, CompileConfig and Trainer.Config (torchtitan/config/configs.py, trainer.py). */
const DATACLASS: Readonly<Record<string, Value>> = {
  'parallelism.data_parallel_replicate_degree': 1,
  'parallelism.data_parallel_shard_degree': -1,
  'parallelism.fsdp_reshard_after_forward': 'default',
  'parallelism.tensor_parallel_degree': 1,
  'parallelism.enable_sequence_parallel': true,
  'parallelism.pipeline_parallel_degree': 1,
  'parallelism.pipeline_parallel_first_stage_less_layers': 1,
  'parallelism.pipeline_parallel_last_stage_less_layers': 1,
  'parallelism.pipeline_parallel_schedule': '1F1B',
  'parallelism.num_pp_microbatches': 1,
  'parallelism.context_parallel_degree': 1,
  'parallelism.expert_parallel_degree': 1,
  'parallelism.spmd_backend': 'spmd_types',
  'training.num_tokens_per_microbatch_per_dp_rank': 16384,
  'training.num_tokens_per_train_step': -1,
  'training.max_context_length': 2048,
  'training.disable_cuda_graphs': false,
  'compile.enable': false,
  'compile.components': ['model', 'loss'],
  'compile.enable_async_tensor_parallel': false,
  activation_checkpoint: configOf('SelectiveAC'),
};

/**
 * What a field is when the file does not set it: the value of the function it starts from, unless the file puts a new
 * section in its place. `length`: of the sequences, where the function was asked for another one.
 */
export function defaultsOf(
  known: TitanBase | null,
  length: number | null,
  replaced: (section: string) => boolean,
): ReadonlyMap<string, Value> {
  const found = new Map(Object.entries(DATACLASS));
  if (known === null) return found;
  const context = length ?? known.length;
  const set = {
    'training.max_context_length': context,
    'training.num_tokens_per_microbatch_per_dp_rank': known.sequences * context,
    ...known.fields,
  };
  for (const [path, value] of Object.entries(set)) if (!replaced(path.split('.')[0]!)) found.set(path, value);
  return found;
}
