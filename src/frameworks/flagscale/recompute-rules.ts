import type { MegatronRun } from '../megatron/run.ts';
import { bad, type FileRule } from '../reading/file-rule.ts';
import { type FileMeshes, sequencesAtOnce } from './file-meshes.ts';
import { flagOf, stageLists } from './recompute-lists.ts';

const LISTS = ['granularity', 'method', 'num-layers'] as const;

/** `_parse_recompute_refined_config` and post_validate_args (flagscale/train/arguments.py@v0.9.0). */
export const RECOMPUTE_LIST_RULES: readonly FileRule<MegatronRun, FileMeshes>[] = [
  {
    rule: 'recompute-lists-need-full',
    at: flagOf('granularity'),
    check: (run) =>
      !run.has(flagOf('granularity')) ||
      (run.word('--recompute-granularity') === 'full' && run.has('--recompute-method'))
        ? null
        : bad(
            'recomputation for each stage',
            'recompute_granularity: full, and a recompute_method',
            'Set both.',
          ),
  },
  {
    rule: 'recompute-lists-cover-stages',
    at: flagOf('granularity'),
    check: (run, { pp }) => {
      for (const list of LISTS) {
        const lists = stageLists(run, list);
        const stages = lists?.reduce((sum, one) => sum + one.stages, 0) ?? pp;
        if (stages !== pp)
          return {
            ...bad(`${stages} stages in ${flagOf(list)}`, `${pp}`, 'Correct the first numbers.'),
            line: run.line(flagOf(list)),
          };
      }
      return null;
    },
  },
  {
    rule: 'recompute-lists-cover-micro-batches',
    at: flagOf('granularity'),
    check: (run, found) => {
      const batch = run.count('--global-batch-size');
      const wanted = batch === null ? null : Math.floor(batch / sequencesAtOnce(run, found));
      for (const list of LISTS) {
        for (const { runs } of stageLists(run, list) ?? []) {
          const sum = runs.reduce((all, { microBatches }) => all + microBatches, 0);
          if (wanted !== null && sum !== wanted)
            return {
              ...bad(`${sum} micro-batches in ${flagOf(list)}`, `${wanted}`, 'Correct the counts.'),
              line: run.line(flagOf(list)),
            };
        }
      }
      return null;
    },
  },
  {
    rule: 'recompute-lists-are-switches',
    at: flagOf('granularity'),
    check: (run) => {
      for (const list of ['granularity', 'method'] as const) {
        const odd = stageLists(run, list)
          ?.flatMap(({ runs }) => runs)
          .find(({ value }) => value > 1);
        if (odd !== undefined)
          return {
            ...bad(`${odd.value} in ${flagOf(list)}`, '0 or 1', 'Use 0 or 1.'),
            line: run.line(flagOf(list)),
          };
      }
      return null;
    },
  },
];
