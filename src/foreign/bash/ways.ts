import { InputError } from '../../domain/input-error.ts';
import { type Field, known } from './state.ts';

/** Ways through the conditions of one command line that are told apart. */
const MOST_WAYS = 64;

/**
 * The words of a command, once for each way through the conditions that decide them. Beyond so many ways, what a condition
 * decides of a value alone stays one word that is not known. Throws InputError where arguments themselves have more.
 */
export function waysOf(
  words: readonly Field[],
  told: (word: Field) => boolean,
  file: string,
): (readonly Field[])[] {
  let ways: (readonly Field[])[] = [[]];
  for (const word of words) {
    const { alternatives, line } = word;
    const many = ways.length * (alternatives?.length ?? 1) > MOST_WAYS;
    if (word.certainty !== 'either' || alternatives === undefined || (many && !told(word))) {
      ways = ways.map((way) => [...way, word]);
      continue;
    }
    const each = alternatives.map((one) =>
      one
        .split(/\s+/)
        .filter((text) => text !== '')
        .map((text) =>
          /[$`]/.test(text) ? ({ text, line, certainty: 'unknown' } as const) : known(text, line),
        ),
    );
    ways = ways.flatMap((way) => each.map((more) => [...way, ...more]));
    if (many)
      throw new InputError({
        message: `${word.text} is one thing or another, and so are others`,
        expected: `at most ${MOST_WAYS} ways through the conditions that decide arguments`,
        hint: 'Maybe --set the variables that its conditions ask for, or give the arguments alone, one a word.',
        at: { file, line },
      });
  }
  return ways;
}
