import { bad } from '../reading/file-rule.ts';
import { ACCOUNT_FLAGS, FIRST, LAST } from './cut.ts';
import { layoutStages } from './layout.ts';
import type { MegatronRule } from './run.ts';

/** `PipelineParallelLayerLayout` (megatron/core/transformer/pipeline_parallel_layer_layout.py@00caa53). */
export const LAYOUT_RULES: readonly MegatronRule[] = [
  {
    rule: 'layout',
    at: '--pipeline-model-parallel-layout',
    check: (run, { pp }) => {
      const layout = run.word('--pipeline-model-parallel-layout');
      const layers = run.count('--num-layers');
      if (layout === null) return null;
      const stages = layoutStages(layout);
      const letters = stages.join('');
      const sum = letters.replaceAll(/[^t]/g, '').length;
      const odd = /[^EtmL]/.exec(letters)?.[0];
      if (odd !== undefined)
        return bad(`"${odd}" in the layout`, 'E, t, m, L, |, *n and brackets', 'Drop it.');
      if (stages.length % pp !== 0)
        return bad(`${stages.length} stages in the layout`, `a multiple of pp ${pp}`, 'Add or drop a "|".');
      if (layers !== null && sum !== layers)
        return bad(`${sum} layers in the layout`, `${layers}`, 'Correct the counts after t*.');
      if (stages.some((stage) => !stage.includes('t') && !/^[EmL]+$/.test(stage)))
        return bad('an empty stage', 'at least one layer a stage: an empty one deadlocks', 'Give it a t.');
      return /^Et*m*L$/.test(letters)
        ? null
        : bad(
            `the layout ${layout}`,
            'E first, m after the last t, L last',
            'Put the letters in that order.',
          );
    },
  },
  {
    rule: 'layout-alone',
    at: '--pipeline-model-parallel-layout',
    check: (run) => {
      const others = [FIRST, LAST, ...ACCOUNT_FLAGS].filter((flag) => run.has(flag));
      return run.has('--pipeline-model-parallel-layout') && others.length > 0
        ? bad(`the layout with ${others.join(', ')}`, 'the layout alone', `Drop ${others.join(', ')}.`)
        : null;
    },
  },
  {
    rule: 'layout-predictors',
    at: '--pipeline-model-parallel-layout',
    check: (run, { pp }) => {
      const layout = run.word('--pipeline-model-parallel-layout');
      if (layout === null) return null;
      const counts = layoutStages(layout).map((stage) => stage.replaceAll(/[^m]/g, '').length);
      const asked = run.count('--mtp-num-layers', 0) ?? 0;
      const sum = counts.reduce((a, b) => a + b, 0);
      if (sum !== asked)
        return bad(`${sum} prediction layers in the layout`, `--mtp-num-layers ${asked}`, 'Write m*n.');
      const stages = counts.flatMap((count, i) => (count > 0 ? [i] : []));
      if (stages.length > 1) return bad(`prediction layers on ${stages.length} stages`, 'one', 'Move them.');
      const [stage = counts.length - 1] = stages;
      return stage < counts.length - pp || (pp > 1 && stage % pp === 0)
        ? bad(
            `prediction layers on stage ${stage} of the layout`,
            'the last chunk of a pipeline rank but the first',
            'Move them.',
          )
        : null;
    },
  },
];
