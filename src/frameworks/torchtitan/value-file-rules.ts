import { isKind } from '../../foreign/python/value.ts';
import type { FileRule } from '../reading/file-rule.ts';
import { notAmong, type Values } from '../reading/known-values.ts';
import { classOf } from './made.ts';
import type { TitanRun } from './run.ts';
import type { TitanSizes } from './sizes.ts';

/** Literals of fields that an estimate rests on (torchtitan/config/configs.py, components/optimizer/optimizer.py@b5bcd76). */
const FIELDS: Readonly<Record<string, Values>> = {
  'parallelism.fsdp_reshard_after_forward': ['default', 'always', 'never'],
  'parallelism.enable_sequence_parallel': 'switch',
  'training.dtype': ['float32', 'bfloat16'],
  'training.mixed_precision_param': ['bfloat16', 'float32'],
  'training.mixed_precision_reduce': ['float32'],
  'training.enable_cpu_offload': 'switch',
  'optimizer.name': ['AdamW', 'Adam', 'DistMuon'],
  'optimizer.implementation': ['fused', 'foreach', 'for-loop', 'fused_opt_states_bf16'],
  'optimizer.early_step_in_backward': 'switch',
};

const CHECKPOINTS = ['SelectiveAC', 'FullAC', 'MemoryBudgetAC'];
const MODES = ['none', 'selective', 'full', 'memory_budget'];
const CHECKPOINT = 'activation_checkpoint';

/** Values that are none of those a field has; what is no literal is not told. */
export const VALUE_FILE_RULES: readonly FileRule<TitanRun, TitanSizes>[] = [
  {
    rule: 'known-values',
    at: '',
    unreadable: true,
    check: (run) => {
      for (const [path, values] of Object.entries(FIELDS)) {
        const value = run.sets(path) ? run.at(path) : null;
        if (value === null || value === undefined || typeof value === 'object') continue;
        const met = values === 'switch' ? typeof value === 'boolean' : values.includes(value as string);
        if (!met)
          return {
            ...notAmong(`${path} ${JSON.stringify(value)}`, String(value), values),
            line: run.line(path),
          };
      }
      return null;
    },
  },
  {
    rule: 'checkpoint-kind',
    at: CHECKPOINT,
    unreadable: true,
    check: (run) => {
      const made = run.at(CHECKPOINT);
      const name = classOf(made);
      if (name === null || !isKind(made, 'made')) return null;
      // The configuration before there were classes: a mode.
      const mode = made.keywords.get('mode');
      if (typeof mode === 'string')
        return MODES.includes(mode) ? null : notAmong(`${CHECKPOINT} mode ${mode}`, mode, MODES);
      return CHECKPOINTS.includes(name) || mode !== undefined || !name.endsWith('AC')
        ? null
        : notAmong(`${CHECKPOINT} ${name}`, name, CHECKPOINTS);
    },
  },
];
