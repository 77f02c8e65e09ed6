import { InputError } from '../../domain/input-error.ts';
import { runScript } from './run.ts';
import { type Field, known, type Value } from './state.ts';

/** What a launch file hands to the training program. */
export interface ProgramWords {
  readonly words: readonly Field[];
  /** Shell variables that the file gives a value. */
  readonly variables: ReadonlyMap<string, string>;
  /** Whether these are all the words that the program gets, each known without running the script. */
  readonly whole: boolean;
}

/**
 * The arguments of the training program: those after the Python file that the script starts, arrays and variables put in;
 * of a script that only sets variables, what they hold; of a file of arguments, its words. `tells` knows an argument of the
 * framework when it sees one.
 */
export function programWords(text: string, file: string, tells: (word: string) => boolean): ProgramWords {
  const plain = text.replace(/^\uFEFF/, '');
  const first = /^\s*(?:#.*\s+)*(\S+)/.exec(plain)?.[1] ?? '';
  if (tells(first)) {
    const words = plainWords(plain);
    return { words, variables: new Map(), whole: words.every(({ text: word }) => !LEFT_OPEN.test(word)) };
  }
  const { commands, variables } = runScript(plain, file);
  const told = ({ text: word, alternatives = [] }: Field) =>
    tells(word) || alternatives.some((one) => one.split(/\s+/).some(tells));
  const count = (words: readonly Field[]) => words.filter(told).length;
  const [best] = commands
    .map((words) => ({ words: argumentsOf(words), trains: words.some(({ text }) => TRAINS.test(text)) }))
    .filter(({ words }) => count(words) > 0)
    .sort((a, b) => Number(b.trains) - Number(a.trains) || count(b.words) - count(a.words));
  const words = best?.words ?? [...variables.values()].flatMap((value) => splitWords(value));
  for (const word of words)
    if (word.certainty === 'either' && told(word))
      throw new InputError({
        message: `${word.text} is one thing or another`,
        expected: 'arguments that no condition decides',
        hint: 'Maybe set the variables that its conditions ask for, or give the arguments alone, one a word.',
        at: { file, line: word.line },
      });
  const whole = best !== undefined && words.every(({ certainty }) => certainty === 'known');
  return { words, variables: literals(variables), whole };
}

/** What a shell would work out. */
const LEFT_OPEN = /[$`]/;
const PYTHON_FILE = /\.py$/;
const TRAINS = /(^|\/)(pre)?train[\w-]*\.py$/;

/** The words after the Python file that is started; all where none is. */
function argumentsOf(words: readonly Field[]): readonly Field[] {
  return words.slice(words.findIndex(({ text }) => PYTHON_FILE.test(text)) + 1);
}

function literals(variables: ReadonlyMap<string, Value>): Map<string, string> {
  return new Map(
    [...variables].flatMap(([name, [value, ...more]]) =>
      value?.certainty === 'known' && more.length === 0 ? [[name, value.text]] : [],
    ),
  );
}

function splitWords(value: Value): Field[] {
  return value.flatMap(({ text, line }) =>
    plainWords(text).map((word) => known(word.text, line + word.line - 1)),
  );
}

/** Words as they stand: quotes taken off, comments and ends of continued lines dropped. */
function plainWords(text: string): Field[] {
  return text.split(/\r?\n/).flatMap((line, i) =>
    [...line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+|["']/g)]
      .map(([word]) => word)
      .reduce<{ words: string[]; ended: boolean }>(
        ({ words, ended }, word) =>
          ended || word.startsWith('#') ? { words, ended: true } : { words: [...words, word], ended },
        { words: [], ended: false },
      )
      .words.filter((word) => word !== '\\')
      .map((word) => known(word.replaceAll(/["']/g, ''), i + 1)),
  );
}
