import { bad, divides } from '../reader.ts';
import { DEGREE_RULES } from './degree-rules.ts';
import { layoutStages } from './layout.ts';
import { dataParallel, type MegatronRule } from './run.ts';
import { isInterleaved, TECHNIQUE_RULES } from './technique-rules.ts';

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
    rule: 'first-last-alone',
    at: '--decoder-first-pipeline-num-layers',
    check: (run) => {
      const others = [...ACCOUNT_FLAGS, '--num-layers-per-virtual-pipeline-stage'].filter((f) => run.has(f));
      return END_FLAGS.some((flag) => run.has(flag)) && others.length > 0
        ? bad(`counts of the ends with ${others.join(', ')}`, 'without', `Drop ${others.join(', ')}.`)
        : null;
    },
  },
  {
    rule: 'first-last-virtual',
    at: '--decoder-first-pipeline-num-layers',
    check: (run) => {
      const each = run.count('--num-virtual-stages-per-pipeline-rank') ?? 1;
      const odd = END_FLAGS.map((flag) => run.count(flag)).find((n) => n !== null && n % each !== 0);
      return odd === undefined || odd === null
        ? null
        : bad(`${odd} layers on an end`, `a multiple of the virtual stages ${each}`, 'Change the count.');
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
    check: (run, { pp }) => {
      const least = run.has('--no-overlap-p2p-communication') ? 3 : 2;
      return isInterleaved(run) && pp < least
        ? bad(`pp ${pp}`, `pp of ${least} or more with virtual stages`, 'Drop the virtual stages.')
        : null;
    },
  },
  {
    rule: 'virtual-layers',
    at: '--num-layers-per-virtual-pipeline-stage',
    check: (run, { pp }) => {
      const each = run.count('--num-layers-per-virtual-pipeline-stage');
      const layers = run.count('--num-layers');
      if (each === null || layers === null) return null;
      const all = layers + ACCOUNT_FLAGS.filter((flag) => run.has(flag)).length;
      return all % pp !== 0
        ? null
        : divides('layers of a rank', all / pp, each, 'those of a virtual stage', 'Use a divisor.');
    },
  },
  {
    rule: 'interleaved-micro-batches',
    at: '--global-batch-size',
    check: (run, sizes) => {
      const [dp, micro, batch] = [
        dataParallel(sizes),
        run.count('--micro-batch-size'),
        run.count('--global-batch-size'),
      ];
      if (!isInterleaved(run) || dp === null || micro === null || batch === null) return null;
      const { pp } = sizes;
      const count = Math.floor(batch / (micro * dp));
      const group = run.count('--microbatch-group-size-per-virtual-pipeline-stage') ?? pp;
      const rest = count % group;
      return group >= pp && group <= count && (rest === 0 || rest >= pp)
        ? null
        : bad(
            `${count} micro-batches in groups of ${group}`,
            `groups of pp ${pp} to the micro-batches, the last of at least pp`,
            'Change the batch, or drop the virtual stages.',
          );
    },
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
