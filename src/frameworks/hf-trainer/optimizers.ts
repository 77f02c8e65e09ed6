import { InputError } from '../../domain/input-error.ts';
import { nearest } from '../../units/nearest.ts';
import type { Optimizer } from './run.ts';

type Known = readonly [text: string, options?: { readonly paged?: true; readonly note?: string }];

const ALIKE = 'which has as many states';

/** `OptimizerNames` of transformers 5.18.0 (training_args.py), as far as their states are known, and names of before. */
const NAMES: Readonly<Record<string, Known>> = {
  ...{ adamw_torch: ['adamw'], adamw_torch_fused: ['adamw'], adamw_hf: ['adamw'] },
  ...{ adamw_apex_fused: ['adamw'], adamw_anyprecision: ['adamw'], adamw_torch_xla: ['adamw'] },
  ...{ adamw_torch_npu_fused: ['adamw'], adamw: ['adamw'], adam: ['adamw'] },
  ...{ adamw_bnb_8bit: ['adamw-8bit'], adamw_8bit: ['adamw-8bit'], adamw_torch_8bit: ['adamw-8bit'] },
  ao_adamw_8bit: ['adamw-8bit'],
  ...{ ao_adamw_fp8: ['adamw-8bit'] },
  adamw_torch_4bit: ['adamw-8bit', { note: 'whose states are twice as large' }],
  ao_adamw_4bit: ['adamw-8bit', { note: 'whose states are twice as large' }],
  paged_adamw_32bit: ['adamw', { paged: true }],
  paged_adamw: ['adamw', { paged: true }],
  paged_adamw_8bit: ['adamw-8bit', { paged: true }],
  adafactor: ['adafactor'],
  lion_32bit: ['lion'],
  lion: ['lion'],
  lion_pytorch: ['lion'],
  lion_8bit: ['lion', { note: 'whose states are four times as large' }],
  paged_lion_32bit: ['lion', { paged: true }],
  paged_lion_8bit: ['lion', { paged: true, note: 'whose states are four times as large' }],
  sgd: ['sgd,momentum=off'],
  muon: ['muon'],
  soap: ['soap'],
  adagrad: ['sgd', { note: ALIKE }],
  rmsprop: ['sgd', { note: ALIKE }],
  rmsprop_bnb: ['sgd', { note: ALIKE }],
  rmsprop_bnb_32bit: ['sgd', { note: ALIKE }],
  rmsprop_bnb_8bit: ['sgd', { note: 'whose states are four times as large' }],
  stable_adamw: ['adamw', { note: ALIKE }],
  grokadamw: ['adamw', { note: ALIKE }],
  optimi_adamw: ['adamw', { note: ALIKE }],
  schedule_free_adamw: ['adamw', { note: ALIKE }],
  schedule_free_radam: ['adamw', { note: ALIKE }],
  schedule_free_sgd: ['sgd', { note: ALIKE }],
  adam_mini: ['adamw', { note: 'which has a whole second moment' }],
};

/** Throws InputError where states of that name are not known. */
export function optimizerNamed(
  name: string,
  key: string,
  at: { readonly file: string; readonly line: number },
): Optimizer {
  const plain = name.toLowerCase().replaceAll('-', '_');
  const known = Object.hasOwn(NAMES, plain) ? NAMES[plain] : undefined;
  if (known === undefined) {
    const near = nearest(plain, Object.keys(NAMES));
    throw new InputError({
      message: `${key} is "${name}": its states are not modelled`,
      expected: `one of ${Object.keys(NAMES).join(', ')}`,
      hint: near === undefined ? 'Maybe --optimizer adamw-8bit, if it has no more.' : `Maybe ${near}.`,
      at,
    });
  }
  const [text, { paged = false, note } = {}] = known;
  return { text, paged, notes: note === undefined ? [] : [`${key} ${name}: estimated as ${text}, ${note}`] };
}
