import { InputError } from '../../domain/input-error.ts';
import type { Lora, LoraModule, Training } from '../../domain/training.ts';
import type { TrainingFlags } from '../../plan-text/training-text.ts';
import { no, type ProblemRule } from '../laws/rule.ts';
import type { Asked } from '../port/reader.ts';

/** Linears of Megatron, which its LoRA adapts whole (src/megatron/bridge/peft/lora.py, commit 067f987). */
const NAMES: Partial<Record<LoraModule, string>> = {
  qkv: 'linear_qkv',
  o: 'linear_proj',
  fc1: 'linear_fc1',
  down: 'linear_fc2',
};

export const fusedModules: ProblemRule = ({ model: { training } }) => {
  const odd = training?.lora?.modules.find((one) => NAMES[one] === undefined);
  return odd === undefined
    ? null
    : no('lora-modules', odd, Object.keys(NAMES).join(', '), 'Maybe --lora-modules qkv,o,fc1,down.');
};

/** Fields on top of a recipe for LoRA. Experts have adapters of their own, as they are estimated. */
export function adapterOverrides(training: Training | undefined): string[] {
  if (training?.lora == null) return [];
  const { rank, modules, dropout }: Lora = training.lora;
  return [
    `peft.dim=${rank}`,
    `peft.target_modules=[${modules.map((one) => NAMES[one]).join(',')}]`,
    `peft.dropout=${dropout}`,
    'peft.share_expert_adapters=false',
  ];
}

/** What its LoRA has where nothing is said. */
const USUAL: TrainingFlags = {
  train: 'lora',
  'lora-rank': '32',
  'lora-modules': Object.values(NAMES).join(','),
  'lora-dropout': '0',
};
const FLAGS: Readonly<Record<string, keyof TrainingFlags>> = {
  'peft.dim': 'lora-rank',
  'peft.target_modules': 'lora-modules',
  'peft.dropout': 'lora-dropout',
};

interface Word {
  readonly text: string;
  readonly line: number;
}

/** What words of a command line and overrides say is trained: `--mode lora`, `--peft_scheme lora`, `peft.dim=8`. */
export function trainedBy(words: readonly Word[], file: string): Pick<Asked, 'training'> {
  const scheme = words.find((_, i) => /^--(mode|peft[-_]scheme|peft)$/.test(words[i - 1]?.text ?? ''));
  const fields = words.flatMap(({ text }) => {
    const [, field = '', value = ''] = /^(peft\.[a-z_]+)=(.*)$/s.exec(text) ?? [];
    const flag = FLAGS[field];
    return flag === undefined ? [] : [[flag, value.replaceAll(/[[\]"']/g, '')] as const];
  });
  if (scheme?.text === 'dora')
    throw new InputError({
      message: `${file} trains by DoRA`,
      expected: 'lora, or all weights',
      hint: 'Maybe lora, which costs a little less.',
      at: { file, line: scheme.line },
    });
  return scheme?.text === 'lora' || fields.length > 0
    ? { training: { ...USUAL, ...Object.fromEntries(fields) } }
    : {};
}
