import type { LoraModule } from '../../domain/training.ts';
import { no, type ProblemRule } from './rule.ts';

/** What PEFT's adapters call matrices, as Hugging Face's models do. What they have as one matrix goes by other names in each family. */
export const PEFT_NAMES: Partial<Record<LoraModule, string>> = {
  q: 'q_proj',
  k: 'k_proj',
  v: 'v_proj',
  o: 'o_proj',
  gate: 'gate_proj',
  up: 'up_proj',
  down: 'down_proj',
  q_a: 'q_a_proj',
  q_b: 'q_b_proj',
  kv_a: 'kv_a_proj_with_mqa',
  kv_b: 'kv_b_proj',
};

/** Adapters are PEFT's, which the training program loads: it knows matrices by their names in the model. */
export const separateModules: ProblemRule = ({ model: { training } }) => {
  const fused = training?.lora?.modules.find((one) => PEFT_NAMES[one] === undefined);
  return fused === undefined
    ? null
    : no(
        'lora-modules',
        fused,
        Object.keys(PEFT_NAMES).join(', '),
        'Maybe --lora-modules q,k,v,o,gate,up,down.',
      );
};
