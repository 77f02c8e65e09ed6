import { nearest } from '../../units/nearest.ts';
import { bad } from '../reading/file-rule.ts';
import { notAmong } from '../reading/known-values.ts';
import { ELSEWHERE } from './facts.ts';
import { FLAG_CHOICES } from './flag-choices.ts';
import { FLAG_NAMES, REAL_FLAGS, SWITCH_FLAGS, WHOLE_FLAGS } from './flag-names.ts';
import type { Flag } from './flags.ts';
import { PATTERN_FLAGS } from './hybrid-pattern.ts';
import type { MegatronRule, MegatronRun } from './run.ts';
import { slipOf, strangersOf } from './strangers.ts';
import { isEstimated, isWorkedOut } from './value-rules.ts';

/** `validate_args` asks for them; each may be said by another instead. */
const REQUIRED = [
  // The pattern of a hybrid model counts its layers.
  ['--num-layers', '--encoder-num-layers', ...PATTERN_FLAGS],
  ['--hidden-size'],
  ['--num-attention-heads'],
  ['--seq-length', '--encoder-seq-length'],
  ['--max-position-embeddings'],
  ['--micro-batch-size'],
] as const;

/** Flags that the parser still has, and that a run is stopped for. */
const RETIRED: Readonly<Record<string, string>> = {
  '--checkpoint-activations':
    '--recompute-activations, or --recompute-granularity full with --recompute-method and --recompute-num-layers',
  '--batch-size': '--micro-batch-size',
  '--warmup': '--lr-warmup-fraction',
  '--model-parallel-size': '--tensor-model-parallel-size',
};

/** Python's `int` and `float`. */
const WHOLE = /^[+-]?\d+(_\d+)*$/;
const REAL = /^[+-]?((\d+(_\d+)*\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)$/i;

/** The parser of Megatron-LM, and its defaults (megatron/training/arguments.py@000c4ac): Bridge and Primus have their own. */
export const COMMAND_LINE_RULES: readonly MegatronRule[] = [
  {
    rule: 'known-flags',
    at: '',
    check: (run) => {
      const odd = strangersOf(run);
      const slip = odd.find((name) => slipOf(name) !== null);
      const first = slip ?? odd[0];
      if (first === undefined) return null;
      const near = slipOf(first) ?? nearest(first.slice(2), [...FLAG_NAMES]);
      return {
        ...bad(
          `unknown ${odd.join(', ')}`,
          'flags of the parser, unabbreviated',
          near === undefined ? 'Drop it, unless a fork of Megatron-LM has it.' : `Maybe --${near}.`,
        ),
        line: run.line(first),
        ...(slip === undefined ? { warning: true } : {}),
      };
    },
  },
  {
    // arguments.py@d98e8a6, validate_args: asserts, and one exit.
    rule: 'retired-flags',
    at: '',
    unreadable: true,
    check: (run) => {
      const found = Object.entries(RETIRED).find(([flag]) => run.has(flag));
      if (found === undefined) return null;
      const [flag, instead] = found;
      return {
        ...bad(`${flag}, on which Megatron-LM stops`, instead, `Use ${instead}.`),
        line: run.line(flag),
      };
    },
  },
  {
    rule: 'required-flags',
    at: '',
    check: (run) => {
      if (!run.whole || ELSEWHERE.some((flag) => run.has(flag))) return null;
      const missing = REQUIRED.filter((names) => !names.some((name) => run.has(name))).map(([name]) => name);
      return missing.length === 0
        ? null
        : bad(`no ${missing.join(', ')}`, 'what the parser asks for', `Add ${missing.join(', ')}.`);
    },
  },
  {
    rule: 'flag-values',
    at: '',
    unreadable: true,
    check: (run) => {
      for (const flag of run.flags.values()) {
        const odd = oddValue(flag);
        if (odd !== null) return { ...odd, line: flag.line };
      }
      return null;
    },
  },
  {
    rule: 'flag-words',
    at: '',
    check: (run) => {
      const odd = [...run.flags.values()].find(hasTooMany);
      if (odd === undefined) return null;
      const [words, limit] = [odd.values.join(' '), isSwitch(odd) ? 'no value' : 'one value'];
      return { ...bad(`${odd.name} ${words}`, limit, 'Drop the rest.'), line: odd.line };
    },
  },
  {
    rule: 'query-groups-ignored',
    at: '--num-query-groups',
    check: (run) => {
      const groups = run.count('--num-query-groups');
      const meant = run.has('--group-query-attention') || run.has('--multi-latent-attention');
      return groups === null || meant || run.count('--num-attention-heads') === groups
        ? null
        : bad(
            `${groups} query groups, which are ignored`,
            '--group-query-attention with them',
            'Add --group-query-attention.',
          );
    },
  },
  {
    rule: 'grouped-gemm-precision',
    at: '--moe-grouped-gemm',
    check: (run) =>
      run.has('--moe-grouped-gemm') && !run.has('--bf16') && run.whole
        ? bad('--moe-grouped-gemm', '--bf16', 'Add --bf16.')
        : null,
  },
  {
    rule: 'prediction-positions',
    at: '--mtp-num-layers',
    check: (run) => {
      const positions = positionsOf(run);
      return (run.count('--mtp-num-layers', 0) ?? 0) === 0 || ['rope', 'none'].includes(positions)
        ? null
        : bad(
            `prediction layers with ${positions} positions`,
            '--position-embedding-type rope or none',
            'Add --position-embedding-type rope.',
          );
    },
  },
];

/** What is wrong with the first value of a flag; nothing is with what the shell works out. */
function oddValue({ name, values: [value] }: Flag) {
  if (value === undefined || isWorkedOut(value)) return null;
  const bare = name.slice(2);
  const said = `${name} ${value}`;
  const choices = isEstimated(bare) ? undefined : FLAG_CHOICES.get(bare);
  if (choices !== undefined) return choices.includes(value) ? null : notAmong(said, value, choices);
  if (WHOLE_FLAGS.has(bare)) return WHOLE.test(value) ? null : bad(said, 'a whole number', 'Change it.');
  return REAL_FLAGS.has(bare) && !REAL.test(value) ? bad(said, 'a number', 'Change it.') : null;
}

const isSwitch = ({ name }: Flag) => SWITCH_FLAGS.has(name.slice(2));

/** More words than the parser takes, but for what the shell works out and for text, whose words quotes may join. */
function hasTooMany(flag: Flag): boolean {
  const bare = flag.name.slice(2);
  const one = WHOLE_FLAGS.has(bare) || REAL_FLAGS.has(bare);
  const first = flag.values.findIndex((word) => /[$`]/.test(word));
  const said = first < 0 ? flag.values.length : first;
  return said > (isSwitch(flag) ? 0 : one ? 1 : Number.POSITIVE_INFINITY);
}

function positionsOf(run: MegatronRun): string {
  return run.has('--use-rotary-position-embeddings')
    ? 'rope'
    : (run.word('--position-embedding-type') ?? 'learned_absolute');
}
