import { InputError } from '../../domain/input-error.ts';
import type { LoraModule } from '../../domain/training.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import type { Fields } from './recipe-calls.ts';

/** Linears of Megatron that NeMo 2's LoRA stands beside (nemo/collections/llm/peft/lora.py@8cfedd7). */
const MODULES: Readonly<Record<string, LoraModule>> = {
  linear_qkv: 'qkv',
  linear_proj: 'o',
  linear_fc1: 'fc1',
  linear_fc2: 'down',
  linear_q_proj: 'q',
  linear_q_down_proj: 'q_a',
  linear_q_up_proj: 'q_b',
  linear_kv_down_proj: 'kv_a',
  linear_kv_up_proj: 'kv_b',
};
const USUAL = ['linear_qkv', 'linear_proj', 'linear_fc1', 'linear_fc2'];

/** What `peft` says is trained; null: all weights. Throws InputError where it is none that is modelled. */
export function adaptersOf(fields: Fields, file: string): TrainingFlags | null {
  const stands = [...fields].find(([path, { value }]) => /^peft([.@]|$)/.test(path) && value !== null);
  if (stands === undefined) return null;
  const type = fields.get('peft@') ?? { value: 'not literal', line: stands[1].line };
  if (type.value !== 'LoRA')
    throw new InputError({
      message: `peft is ${String(type.value)}`,
      expected: 'LoRA, or all weights',
      at: { file, line: type.line },
    });
  const stated = fields.get('peft.target_modules');
  const names = Array.isArray(stated?.value) ? stated.value.map(String) : USUAL;
  const odd = names.find((one) => MODULES[one] === undefined);
  if (odd !== undefined)
    throw new InputError({
      message: `target_modules has "${odd}"`,
      expected: `some of ${Object.keys(MODULES).join(', ')}`,
      at: { file, line: stated?.line ?? type.line },
    });
  return {
    train: 'lora',
    'lora-rank': String(fields.get('peft.dim')?.value ?? 32),
    'lora-modules': names.map((one) => MODULES[one]).join(','),
    'lora-dropout': String(fields.get('peft.dropout')?.value ?? 0),
  };
}
