import { InputError } from '../../domain/input-error.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import type { Tree } from '../reading/tree.ts';

/** Its names of what LoRA stands beside (nemo/collections/nlp/parts/peft_config.py, LoraPEFTConfig). */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  attention_qkv: ['qkv'],
  attention_dense: ['o'],
  mlp_fc1: ['fc1'],
  mlp_fc2: ['down'],
  attention: ['qkv', 'o'],
  mlp: ['fc1', 'down'],
  all: ['qkv', 'o', 'fc1', 'down'],
};

/** `model.peft.peft_scheme`; null: all weights are trained. Throws InputError where it is none that is modelled. */
export function trainedBy(tree: Tree): TrainingFlags | null {
  const scheme = tree.word('model.peft.peft_scheme');
  if (scheme === null || scheme === 'none' || scheme === 'null') return null;
  if (scheme !== 'lora' && scheme !== 'qlora')
    throw new InputError({
      message: `peft_scheme is "${scheme}"`,
      expected: 'lora, qlora or null',
      at: { file: tree.file, line: tree.line('model.peft.peft_scheme') },
    });
  const stated = tree.at('model.peft.lora_tuning.target_modules');
  const names = Array.isArray(stated) ? stated.map(String) : ['attention_qkv'];
  const odd = names.find((one) => MODULES[one] === undefined);
  if (odd !== undefined)
    throw new InputError({
      message: `target_modules has "${odd}"`,
      expected: `some of ${Object.keys(MODULES).join(', ')}`,
      at: { file: tree.file, line: tree.line('model.peft.lora_tuning.target_modules') },
    });
  return {
    train: scheme,
    'lora-rank': String(tree.count('model.peft.lora_tuning.adapter_dim') ?? 32),
    'lora-modules': [...new Set(names.flatMap((one) => MODULES[one]!))].join(','),
    'lora-dropout': String(tree.at('model.peft.lora_tuning.adapter_dropout') ?? 0),
  };
}
