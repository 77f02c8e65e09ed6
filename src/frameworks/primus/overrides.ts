import { SWITCH_FLAGS } from '../megatron/flag-names.ts';
import type { Flag } from '../megatron/flags.ts';
import type { Experiment } from './experiment.ts';

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

/** Keys that are on in Primus's base files, and the flags that turn them off. */
const TURNED_OFF: Readonly<Record<string, string>> = {
  add_bias_linear: '--disable-bias-linear',
  gradient_accumulation_fusion: '--no-gradient-accumulation-fusion',
};

/** Counts that 0 turns off, as null does. */
const NONE = ['recompute_num_layers', 'num_virtual_stages_per_pipeline_rank', 'mtp_num_layers'];

/** The flags that the keys of an experiment mean: a switch may be said as 1 or 0 too. */
export function flagsFrom({ keys, line }: Experiment): Map<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const [key, given] of Object.entries(keys)) {
    const set = (name: string, values: readonly string[]) =>
      flags.set(name, { name, values, line: line(key) });
    const name = FLAG.get(key) ?? `--${key.replaceAll('_', '-')}`;
    const off = TURNED_OFF[key];
    const isSwitch = SWITCH_FLAGS.has(name.slice(2));
    if (off !== undefined) {
      if (given === false || given === 0) set(off, []);
    } else if (given === false || given === null || (given === 0 && (isSwitch || NONE.includes(key))))
      continue;
    else if (given === true || (isSwitch && given === 1)) set(name, []);
    else set(name, Array.isArray(given) ? given.map(String) : [String(given)]);
  }
  return flags;
}
