import { InputError } from '../../domain/input-error.ts';
import type { Flag } from '../megatron/flags.ts';
import type { Located } from '../port/reader.ts';

/** Names under `overrides` that are not the flag's with underscores (argparse's `dest`). */
const DEST: Readonly<Record<string, string>> = { '--fp8-format': 'fp8', '--fp4-format': 'fp4' };
const FLAG = new Map(Object.entries(DEST).map(([flag, dest]) => [dest, flag]));

/** Switches that Primus's own defaults may turn on: said either way (primus/configs/models/megatron/language_model.yaml). */
const SAID_EITHER_WAY = [
  'bf16',
  'cross_entropy_loss_fusion',
  'group_query_attention',
  'overlap_grad_reduce',
  'overlap_param_gather',
  'sequence_parallel',
  'swiglu',
  'untie_embeddings_and_output_weights',
  'use_distributed_optimizer',
];

/** Keys and values of `modules.pre_trainer.overrides`, from the words of a Megatron command line. */
export function overridesFrom(
  flags: ReadonlyMap<string, Flag>,
): Map<string, string | number | boolean | readonly string[]> {
  const found = new Map<string, string | number | boolean | readonly string[]>();
  for (const key of SAID_EITHER_WAY) found.set(key, false);
  found.set('add_bias_linear', true);
  for (const { name, values } of flags.values()) {
    const key = DEST[name] ?? name.slice(2).replaceAll('-', '_');
    if (name === '--disable-bias-linear') found.set('add_bias_linear', false);
    else if (name === '--recompute-modules') found.set(key, values);
    else if (values.length === 0) found.set(key, true);
    else found.set(key, /^-?\d+(\.\d+)?$/.test(values[0]!) ? Number(values[0]) : values[0]!);
  }
  return found;
}

/** The flags that the overrides of a Primus file mean. */
export function flagsFrom({ value, locate }: Located, path: string): Map<string, Flag> {
  const pointer = '/modules/pre_trainer/overrides';
  const overrides = at(value, ['modules', 'pre_trainer', 'overrides']);
  if (typeof overrides !== 'object' || overrides === null || Array.isArray(overrides))
    throw new InputError({
      message: `${path} has no modules.pre_trainer.overrides`,
      expected: "a Primus experiment with Megatron-LM's arguments under overrides",
      at: locate(''),
    });
  const flags = new Map<string, Flag>();
  for (const [key, given] of Object.entries(overrides)) {
    const line = locate(`${pointer}/${key}`).line ?? 1;
    const set = (name: string, values: readonly string[]) => flags.set(name, { name, values, line });
    if (key === 'add_bias_linear') {
      if (given === false) set('--disable-bias-linear', []);
    } else if (given !== false && given !== null) {
      const values = given === true ? [] : Array.isArray(given) ? given.map(String) : [String(given)];
      set(FLAG.get(key) ?? `--${key.replaceAll('_', '-')}`, values);
    }
  }
  return flags;
}

function at(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const key of path) found = (found as Record<string, unknown> | null | undefined)?.[key];
  return found;
}
