import { bad } from '../reading/file-rule.ts';
import { recipeOf } from './precision.ts';
import { modulesOf } from './recompute.ts';
import { expertsOf, type MegatronRule } from './run.ts';

/** What number formats exclude (arguments.py@000c4ac, transformer_config.py@002526d). */
export const PRECISION_RULES: readonly MegatronRule[] = [
  {
    rule: 'one-precision',
    at: '--fp16',
    check: (run) =>
      run.has('--fp16') && run.has('--bf16') ? bad('--fp16 and --bf16', 'one of them', 'Keep one.') : null,
  },
  {
    rule: 'one-low-precision',
    at: '--fp4-format',
    check: (run) =>
      run.has('--fp8-format') && run.has('--fp4-format')
        ? bad('--fp8-format and --fp4-format', 'one of them', 'Keep one.')
        : null,
  },
  {
    rule: 'delayed-scaling',
    at: '--fp8-format',
    check: (run) => {
      if (!run.has('--fp8-format') || recipeOf(run) !== 'delayed') return null;
      const wrong = [
        ...modulesOf(run).filter((name) => name === 'layernorm' || name === 'moe_act'),
        ...(run.has('--first-last-layers-bf16') ? ['--first-last-layers-bf16'] : []),
      ];
      return wrong.length === 0
        ? null
        : bad(
            `delayed scaling with ${wrong.join(', ')}`,
            'neither recomputed layernorm and moe_act nor layers in bf16',
            'Set --fp8-recipe tensorwise.',
          );
    },
  },
  {
    rule: 'expert-precision',
    at: '--fp16',
    check: (run, { ep }) =>
      run.has('--fp16') && expertsOf(run) !== null && (ep > 1 || run.has('--moe-grouped-gemm'))
        ? bad('fp16 with grouped or distributed experts', 'bf16', 'Use --bf16.')
        : null,
  },
];
