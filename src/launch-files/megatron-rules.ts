import { layoutChunks, type MegatronRun } from './megatron.ts';
import { DEGREE_RULES } from './megatron-degree-rules.ts';
import { bad, divides, type MegatronRule, type Sizes, type Violation } from './rule.ts';

/** Megatron-LM's validate_args and process groups (megatron/training/arguments.py, core/parallel_state.py), as run. */
export const MEGATRON_FILE_RULES: readonly MegatronRule[] = [
  ...DEGREE_RULES,
  {
    rule: 'layers-divisible-by-pp',
    flag: '--num-layers',
    check: (run, { pp }) => {
      const layers = run.count('--num-layers');
      const own = [
        '--pipeline-model-parallel-layout',
        '--decoder-first-pipeline-num-layers',
        '--decoder-last-pipeline-num-layers',
      ];
      if (layers === null || own.some((flag) => run.has(flag))) return null;
      const ends = [
        '--account-for-embedding-in-pipeline-split',
        '--account-for-loss-in-pipeline-split',
      ].filter((flag) => run.has(flag)).length;
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
    flag: '--decoder-first-pipeline-num-layers',
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
    flag: '--num-virtual-stages-per-pipeline-rank',
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
    flag: '--num-virtual-stages-per-pipeline-rank',
    check: (run, { pp }) =>
      (run.count('--num-virtual-stages-per-pipeline-rank') ?? 1) > 1 && pp < 2
        ? bad(`pp ${pp}`, 'pp of 2 or more with virtual stages', 'Drop the virtual stages.')
        : null,
  },
  {
    rule: 'layout',
    flag: '--pipeline-model-parallel-layout',
    check: (run, { pp }) => {
      const layout = run.word('--pipeline-model-parallel-layout');
      const layers = run.count('--num-layers');
      if (layout === null) return null;
      const chunks = layoutChunks(layout);
      const sum = chunks.reduce((a, b) => a + b, 0);
      if (chunks.length % pp !== 0)
        return bad(`${chunks.length} stages in the layout`, `a multiple of pp ${pp}`, 'Add or drop a "|".');
      if (layers !== null && sum !== layers)
        return bad(`${sum} layers in the layout`, `${layers}`, 'Correct the counts after t*.');
      return chunks.includes(0)
        ? bad('a stage without layers', 'at least one layer a stage: an empty one deadlocks', 'Give it a t.')
        : null;
    },
  },
  {
    rule: 'recompute-selective',
    flag: '--recompute-granularity',
    check: (run) =>
      run.word('--recompute-granularity') === 'selective' &&
      (run.has('--recompute-method') || run.has('--recompute-num-layers'))
        ? bad(
            'selective recomputation with a method or a number of layers',
            '--recompute-modules alone',
            'Drop --recompute-method and --recompute-num-layers.',
          )
        : null,
  },
  {
    rule: 'recompute-full',
    flag: '--recompute-granularity',
    check: (run) =>
      run.word('--recompute-granularity') === 'full' &&
      !(run.has('--recompute-method') && run.has('--recompute-num-layers'))
        ? bad(
            'full recomputation',
            '--recompute-method and --recompute-num-layers',
            'Add --recompute-method uniform --recompute-num-layers 1.',
          )
        : null,
  },
  {
    rule: 'overlap-param-gather',
    flag: '--overlap-param-gather',
    check: (run) =>
      run.has('--overlap-param-gather') &&
      !(
        (run.has('--use-distributed-optimizer') || run.has('--use-megatron-fsdp')) &&
        run.has('--overlap-grad-reduce')
      )
        ? bad('--overlap-param-gather', '--use-distributed-optimizer and --overlap-grad-reduce', 'Add both.')
        : null,
  },
  {
    rule: 'tp-comm-overlap',
    flag: '--tp-comm-overlap',
    check: (run) =>
      run.has('--tp-comm-overlap') && !run.has('--sequence-parallel')
        ? bad('--tp-comm-overlap', '--sequence-parallel', 'Add --sequence-parallel.')
        : null,
  },
  {
    rule: 'one-precision',
    flag: '--fp16',
    check: (run) =>
      run.has('--fp16') && run.has('--bf16') ? bad('--fp16 and --bf16', 'one of them', 'Keep one.') : null,
  },
  {
    rule: 'latent-attention',
    flag: '--multi-latent-attention',
    check: (run) =>
      run.has('--multi-latent-attention') && run.has('--group-query-attention')
        ? bad('--group-query-attention', 'not with --multi-latent-attention', 'Drop --group-query-attention.')
        : null,
  },
];

/** Every rule a file breaks, in the order of the table. `gpus` of null skips what depends on their number. */
export function violationsOf(run: MegatronRun, gpus: number | null): Violation[] {
  const tp = run.count('--tensor-model-parallel-size') ?? 1;
  const sizes: Sizes = {
    tp,
    pp: run.count('--pipeline-model-parallel-size') ?? 1,
    cp: run.count('--context-parallel-size') ?? 1,
    ep: run.count('--expert-model-parallel-size') ?? 1,
    etp: run.count('--expert-tensor-parallel-size') ?? tp,
    gpus,
  };
  return MEGATRON_FILE_RULES.flatMap(({ rule, flag, check }) => {
    const found = check(run, sizes);
    return found === null ? [] : [{ rule, line: run.line(flag), ...found }];
  });
}
