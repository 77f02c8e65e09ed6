import type { MegatronRun } from './run.ts';

/** Both names of the flag; the second is the older one (megatron/training/arguments.py@d98e8a6). */
export const PATTERN_FLAGS = ['--hybrid-layer-pattern', '--hybrid-override-pattern'] as const;

/** What stands for a layer, and of it what mixes tokens. */
export const PATTERN_LETTERS = 'MG*D+-E';
const MIXERS = 'MG*D+';

/** Letters of each chunk of a hybrid in layer order, as far as the pattern parts them; null: it is none. */
export function hybridSegments(run: MegatronRun): readonly string[] | null {
  const text = PATTERN_FLAGS.map((flag) => run.word(flag)).find((word) => word !== null);
  return text === undefined || text === null ? null : text.split('/')[0]!.split('|');
}

/**
 * Layers of each chunk, counted each way that a model may: a letter each, or a mixer and the MLP after it as one, where chunks have
 * nothing else.
 */
export function hybridCuts(segments: readonly string[]): readonly (readonly number[])[] {
  const letters = segments.map(({ length }) => length);
  const paired = segments.every((one) =>
    [...one].every((letter, i) => MIXERS.includes(letter) === (i % 2 === 0)),
  );
  return paired && letters.every((count) => count % 2 === 0)
    ? [letters, letters.map((count) => count / 2)]
    : [letters];
}
