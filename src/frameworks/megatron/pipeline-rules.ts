import { bad, divides } from '../reading/file-rule.ts';
import { ACCOUNT_FLAGS, accountedLayers, FIRST, isInterleaved, LAST, virtualStagesOf } from './cut.ts';
import { dataParallel, type MegatronRule } from './run.ts';

const VIRTUAL = '--num-virtual-stages-per-pipeline-rank';
const CUTS = ['--pipeline-model-parallel-layout', FIRST, LAST];

/** How layers fall to pipeline ranks and their chunks (arguments.py@000c4ac, transformer_config.py@002526d). */
export const PIPELINE_RULES: readonly MegatronRule[] = [
  {
    rule: 'layers-divisible-by-pp',
    at: '--num-layers',
    check: (run, { pp }) =>
      CUTS.some((flag) => run.has(flag))
        ? null
        : divides(
            'layers with accounted ends',
            accountedLayers(run),
            pp,
            'pp',
            'Add --pipeline-model-parallel-layout.',
          ),
  },
  {
    rule: 'first-last-layers',
    at: FIRST,
    check: (run, { pp }) => {
      const layers = run.count('--num-layers');
      const given = [run.count(FIRST), run.count(LAST)].filter((n) => n !== null);
      if (layers === null || given.length === 0) return null;
      const rest = layers - given.reduce((a, b) => a + b, 0);
      const stages = pp - given.length;
      return (rest === 0 && stages === 0) || (rest > 0 && stages > 0 && rest % stages === 0)
        ? null
        : bad(
            `${rest} layers for ${stages} stages between the ends`,
            'as many layers for each, or none of both',
            'Change the first or last count.',
          );
    },
  },
  {
    rule: 'first-last-alone',
    at: FIRST,
    check: (run) => {
      const others = [...ACCOUNT_FLAGS, '--num-layers-per-virtual-pipeline-stage'].filter((f) => run.has(f));
      return (run.has(FIRST) || run.has(LAST)) && others.length > 0
        ? bad(`counts of the ends with ${others.join(', ')}`, 'without', `Drop ${others.join(', ')}.`)
        : null;
    },
  },
  {
    rule: 'first-last-virtual',
    at: FIRST,
    check: (run, { pp }) => {
      const each = run.count(VIRTUAL) ?? 1;
      const layers = run.count('--num-layers');
      const ends = [run.count(FIRST), run.count(LAST)].filter((n) => n !== null);
      const stages = pp - ends.length;
      const rest = (layers ?? 0) - ends.reduce((a, b) => a + b, 0);
      const between = layers === null || ends.length === 0 || stages < 1 ? [] : [rest / stages];
      const odd = [...ends, ...between].find((n) => n % each !== 0);
      return odd === undefined
        ? null
        : bad(`${odd} layers on a rank`, `a multiple of the virtual stages ${each}`, 'Change the count.');
    },
  },
  {
    rule: 'one-way-to-interleave',
    at: VIRTUAL,
    check: (run) => {
      const ways = [
        '--num-layers-per-virtual-pipeline-stage',
        VIRTUAL,
        '--pipeline-model-parallel-layout',
      ].filter((flag) => run.has(flag));
      return ways.length <= 1 ? null : bad(ways.join(' and '), 'one of them', 'Keep one.');
    },
  },
  {
    rule: 'virtual-stages-need-pp',
    at: VIRTUAL,
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
      const all = accountedLayers(run);
      return each === null || all === null || all % pp !== 0
        ? null
        : divides('layers of a rank', all / pp, each, 'those of a virtual stage', 'Use a divisor.');
    },
  },
  {
    rule: 'virtual-stages-divide',
    at: VIRTUAL,
    check: (run, { pp }) => {
      const each = run.count(VIRTUAL);
      const all = accountedLayers(run);
      return each === null || all === null || all % pp !== 0 || CUTS.some((flag) => run.has(flag))
        ? null
        : divides('layers of a rank', all / pp, each, 'its virtual stages', 'Use a divisor, or a layout.');
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
    rule: 'overlap-optimizer-step',
    at: '--overlap-param-gather-with-optimizer-step',
    check: (run) => {
      if (!run.has('--overlap-param-gather-with-optimizer-step')) return null;
      const missing = [
        ...(virtualStagesOf(run) === 1 ? ['virtual stages'] : []),
        ...['--use-distributed-optimizer', '--overlap-param-gather'].filter((flag) => !run.has(flag)),
      ];
      return missing.length === 0
        ? null
        : bad(
            '--overlap-param-gather-with-optimizer-step',
            missing.join(', '),
            `Add ${missing.join(', ')}, or drop it.`,
          );
    },
  },
];
