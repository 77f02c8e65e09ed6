import { nearest } from '../../units/nearest.ts';
import type { MegatronRun } from '../megatron/run.ts';
import { slipOf, strangersOf } from '../megatron/strangers.ts';

/** Of its own parser, beside those of the Megatron-LM in its tree (llama/arguments.py@d7f8a2b of Relaxed-System-Lab/FlashFlex). */
const OWN: readonly string[] =
  `local-rank model_size overwrite_config initialize_on_meta hidden_size num_hidden_layers num_attention_heads vocab_size
  dropout_prob mixed_precision hetero_config pp_layouts hetero_configs layer_partitions default_dp_type pp_partition
  total-layer-num checkpoint-layers checkpoint-all seq-parallel accum-iter token global_bsz_size chunks epochs
  learning_rate seq_length fsdp apply_strategy profile profile-mem run-iter load-params optimizer-type
  display_one_pipeline all_hetero_configs_path pipeline-type recompute-stage-output`.split(/\s+/);

/** Letters by which a slip of the pen differs. */
const SLIP = 2;

/** Flags that neither it nor Megatron-LM has. */
export function hexiStrangers(run: MegatronRun): string[] {
  return strangersOf(run).filter((name) => !OWN.includes(name.slice(2)));
}

/** The flag that was meant, dashes and underscores apart; null: it may be another's. */
export function hexiSlip(name: string): string | null {
  const bare = name.slice(2);
  const same = OWN.find((own) => own.replaceAll('-', '_') === bare.replaceAll('-', '_'));
  return same ?? nearest(bare, [...OWN], SLIP) ?? slipOf(name);
}
