import { bad, divides } from '../reader.ts';
import { DEGREE_RULES } from './degree-rules.ts';
import { layoutStages } from './layout.ts';
import type { MegatronRule } from './run.ts';
import { TECHNIQUE_RULES } from './technique-rules.ts';

const END_FLAGS = ['--decoder-first-pipeline-num-layers', '--decoder-last-pipeline-num-layers'];
const ACCOUNT_FLAGS = ['--account-for-embedding-in-pipeline-split', '--account-for-loss-in-pipeline-split'];

/** Megatron-LM's validate_args and process groups (megatron/training/arguments.py, core/parallel_state.py), as run. */
export const MEGATRON_FILE_RULES: readonly MegatronRule[] = [
  ...DEGREE_RULES,
  ...TECHNIQUE_RULES,
  {
    rule: 'layers-divisible-by-pp',
    at: '--num-layers',
    check: (run, { pp }) => {
      const layers = run.count('--num-layers');
      if (layers === null || ['--pipeline-model-parallel-layout', ...END_FLAGS].some((flag) => run.has(flag)))
        return null;
      const ends = ACCOUNT_FLAGS.filter((flag) => run.has(flag)).length;
      return divides(
        'layers with accounted ends',
        layers + ends,
        pp,
        'pp',
        'Add --pipeline-model-parallel-layout.',
      );
    },
  },
  {
    rule: 'first-last-layers',
    at: '--decoder-first-pipeline-num-layers',
    check: (run, { pp }) => {
      const layers = run.count('--num-layers');
      const given = [
        run.count('--decoder-first-pipeline-num-layers'),
        run.count('--decoder-last-pipeline-num-layers'),
      ].filter((n) => n !== null);
      if (layers === null || given.length === 0) return null;
      const rest = layers - given.reduce((a, b) => a + b, 0);
      return divides(
        'layers between the ends',
        rest,
        pp - given.length,
        'the stages between',
        'Change the first or last count.',
      );
    },
  },
  {
    rule: 'one-way-to-interleave',
    at: '--num-virtual-stages-per-pipeline-rank',
    check: (run) => {
      const ways = [
        '--num-layers-per-virtual-pipeline-stage',
        '--num-virtual-stages-per-pipeline-rank',
        '--pipeline-model-parallel-layout',
      ].filter((flag) => run.has(flag));
      return ways.length <= 1 ? null : bad(ways.join(' and '), 'one of them', 'Keep one.');
    },
  },
  {
    rule: 'virtual-stages-need-pp',
    at: '--num-virtual-stages-per-pipeline-rank',
    check: (run, { pp }) =>
      (run.count('--num-virtual-stages-per-pipeline-rank') ?? 1) > 1 && pp < 2
        ? bad(`pp ${pp}`, 'pp of 2 or more with virtual stages', 'Drop the virtual stages.')
        : null,
  },
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
      return /^E[tm]*L$/.test(letters)
        ? null
        : bad(`the layout ${layout}`, 'E first and L last', 'Put E before the first t and L at the end.');
    },
  },
  {
    rule: 'layout-alone',
    at: '--pipeline-model-parallel-layout',
    check: (run) => {
      const others = [...END_FLAGS, ...ACCOUNT_FLAGS].filter((flag) => run.has(flag));
      return run.has('--pipeline-model-parallel-layout') && others.length > 0
        ? bad(`the layout with ${others.join(', ')}`, 'the layout alone', `Drop ${others.join(', ')}.`)
        : null;
    },
  },
  {
    rule: 'layout-predictors',
    at: '--pipeline-model-parallel-layout',
    check: (run) => {
      const layout = run.word('--pipeline-model-parallel-layout');
      if (layout === null) return null;
      const counts = layoutStages(layout).map((stage) => stage.replaceAll(/[^m]/g, '').length);
      const asked = run.count('--mtp-num-layers') ?? 0;
      const sum = counts.reduce((a, b) => a + b, 0);
      if (sum !== asked)
        return bad(`${sum} prediction layers in the layout`, `--mtp-num-layers ${asked}`, 'Write m*n.');
      return counts.filter((count) => count > 0).length > 1 || (counts[0]! > 0 && counts.length > 1)
        ? bad('prediction layers on several stages or the first', 'all m in one later stage', 'Move them.')
        : null;
    },
  },
];
