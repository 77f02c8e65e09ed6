import { DEGREE_RULES } from './degree-rules.ts';
import { EXPERT_RULES } from './expert-rules.ts';
import { FSDP_RULES } from './fsdp-rules.ts';
import { HYBRID_PATTERN_RULES } from './hybrid-pattern-rules.ts';
import { LAYOUT_RULES } from './layout-rules.ts';
import { PIPELINE_RULES } from './pipeline-rules.ts';
import { PRECISION_RULES } from './precision-rules.ts';
import { RECOMPUTE_RULES } from './recompute-rules.ts';
import type { MegatronRule } from './run.ts';
import { TECHNIQUE_RULES } from './technique-rules.ts';
import { VALUE_RULES } from './value-rules.ts';

/**
 * Megatron-LM's validate_args, its TransformerConfig and its process groups (megatron/training/arguments.py@000c4ac,
 * megatron/core/transformer/transformer_config.py@002526d, core/parallel_state.py), as Bridge and Primus have them too.
 */
export const MEGATRON_FILE_RULES: readonly MegatronRule[] = [
  ...DEGREE_RULES,
  ...TECHNIQUE_RULES,
  ...RECOMPUTE_RULES,
  ...PRECISION_RULES,
  ...FSDP_RULES,
  ...EXPERT_RULES,
  ...PIPELINE_RULES,
  ...LAYOUT_RULES,
  ...HYBRID_PATTERN_RULES,
  ...VALUE_RULES,
];
