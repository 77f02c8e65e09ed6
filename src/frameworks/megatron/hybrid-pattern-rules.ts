import { bad } from '../reading/file-rule.ts';
import { ACCOUNT_FLAGS, FIRST, LAST } from './cut.ts';
import { hybridSegments, PATTERN_FLAGS, PATTERN_LETTERS } from './hybrid-pattern.ts';
import type { MegatronRule, MegatronRun } from './run.ts';

const [PATTERN] = PATTERN_FLAGS;

/** What the pattern says itself (megatron/training/arguments.py@d98e8a6). */
const SAID = [
  '--num-layers-per-virtual-pipeline-stage',
  '--num-virtual-stages-per-pipeline-rank',
  '--pipeline-model-parallel-layout',
  ...ACCOUNT_FLAGS,
] as const;

const lineOf = (run: MegatronRun) => run.line(PATTERN_FLAGS.find((flag) => run.has(flag)) ?? PATTERN);

/** `--hybrid-layer-pattern` (megatron/core/models/hybrid/hybrid_layer_allocation.py@d98e8a6). */
export const HYBRID_PATTERN_RULES: readonly MegatronRule[] = [
  {
    rule: 'hybrid-pattern',
    at: PATTERN,
    check(run, { pp }) {
      const segments = hybridSegments(run);
      if (segments === null) return null;
      const line = lineOf(run);
      const letters = segments.join('');
      const odd = [...letters].find((letter) => !PATTERN_LETTERS.includes(letter));
      if (odd !== undefined)
        return {
          ...bad(`"${odd}" in the pattern`, `letters of ${PATTERN_LETTERS}, | and /`, 'Drop it.'),
          line,
        };
      if (letters.includes('*') && /[D+]/.test(letters))
        return { ...bad('* beside D or +', 'one kind of attention', 'Use one of them.'), line };
      if (segments.length > 1 && segments.length % pp !== 0)
        return {
          ...bad(
            `${segments.length} segments in the pattern`,
            `a multiple of pp ${pp}`,
            'Add or drop a "|".',
          ),
          line,
        };
      return segments.length === 1 && letters.length % pp !== 0 && !run.has(FIRST) && !run.has(LAST)
        ? { ...bad(`${letters.length} layers without a "|"`, `a multiple of pp ${pp}`, 'Add a "|".'), line }
        : null;
    },
  },
  {
    rule: 'hybrid-pattern-alone',
    at: PATTERN,
    check(run) {
      const segments = hybridSegments(run);
      if (segments === null) return null;
      const ends = segments.length > 1 ? [FIRST, LAST] : [];
      const others = [...SAID, ...ends].filter((flag) => run.has(flag));
      const both = PATTERN_FLAGS.every((flag) => run.has(flag)) ? [PATTERN_FLAGS[1]] : [];
      const beside = [...others, ...both];
      return beside.length === 0
        ? null
        : {
            ...bad(
              `the pattern with ${beside.join(', ')}`,
              'the pattern alone',
              `Drop ${beside.join(', ')}.`,
            ),
            line: lineOf(run),
          };
    },
  },
];
