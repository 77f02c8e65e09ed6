import { InputError } from '../../domain/input-error.ts';
import { SCRIPT } from './follow.ts';
import { NOTHING, type Outside } from './outside.ts';
import { runScript, type ShellScript } from './script.ts';
import { slurmVariables } from './slurm-directives.ts';
import { type Field, known, type Value } from './state.ts';
import { waysOf } from './ways.ts';
import { gpusOf } from './world-size.ts';

/** One way in which a launch file may start the training program. */
export interface ProgramWay {
  readonly words: readonly Field[];
  /** GPUs that the file starts it on; null: it does not say. */
  readonly gpus: number | null;
  /** Which of its jobs it is, from 1. */
  readonly job: number;
  /** Whether these are all words of the program: a file that only sets variables may be read by a script that has more. */
  readonly all: boolean;
}

/** What a launch file hands to the training program. */
export interface ProgramWords {
  /** Several where the file starts several jobs, or where a condition decides that nobody can decide here; at least one. */
  readonly ways: readonly ProgramWay[];
  /** Shell variables that the file gives a value. */
  readonly variables: ReadonlyMap<string, string>;
}

/** What is asked of a script beside its text. */
export interface ScriptChoice {
  readonly outside?: Outside;
  /** The number of one of its jobs. */
  readonly job?: string;
  /** A script that is the framework's own program; left out: none is. */
  readonly program?: RegExp | undefined;
}

/**
 * The arguments of the training program: those after the Python file that the script starts, arrays and variables put in;
 * of a script that only sets variables, what they hold; of a file of arguments, its words. `tells` knows an argument of the
 * framework when it sees one.
 */
export function programWords(
  text: string,
  file: string,
  tells: (word: string) => boolean,
  { outside = NOTHING, job, program }: ScriptChoice = {},
): ProgramWords {
  const plain = text.replace(/^\uFEFF/, '');
  const first = /^\s*(?:#.*\s+)*(\S+)/.exec(plain)?.[1] ?? '';
  if (tells(first)) {
    refuseOutside(outside, file);
    const way = { words: plainWords(plain), gpus: null, job: 1, all: true };
    return { ways: chosen([way], job, file), variables: new Map() };
  }
  const script = runScript(plain, file, outside);
  const told = ({ text: word, alternatives = [] }: Field) =>
    tells(word) || alternatives.some((one) => one.split(/\s+/).some(tells));
  const jobs = jobsOf(script, told);
  const [best] = jobs;
  const own = best?.some(({ text: word }) => program?.test(word) === true) === true;
  if (best !== undefined && !own && !isProgram(best)) refuseWrapper(best, file);
  const slurm = slurmVariables(plain);
  const started = jobs.map((words, i) => ({
    words: argumentsOf(words),
    gpus: gpusOf(starterOf(words), (name) => slurm.get(name)?.[0]?.text),
    job: i + 1,
    all: true,
  }));
  const none = { words: argumentsIn(script.variables, tells), gpus: null, job: 1, all: false };
  if (best === undefined && none.words.length === 0) refuseAbsent(script, file);
  const ways = best === undefined ? [none] : started;
  return {
    ways: chosen(ways, job, file).flatMap((way) =>
      waysOf(way.words, told, file).map((words) => ({ ...way, words })),
    ),
    variables: literals(script.variables),
  };
}

const PYTHON_FILE = /\.py$/;
const TRAINS = /(^|\/)(pre)?train[\w-]*\.py$/;
/** Programs that only say what they are given. */
const SAYS = /^(?:echo|printf|cat|tee|export|logger)$/;

/** Commands that start a training program, each once; of others the one with most arguments that tell. */
function jobsOf(script: ShellScript, told: (word: Field) => boolean): (readonly Field[])[] {
  const count = (words: readonly Field[]) => argumentsOf(words).filter(told).length;
  const all = script.commands.filter((words) => !SAYS.test(words[0]!.text) && count(words) > 0);
  const training = all.filter((words) => words.some(({ text }) => TRAINS.test(text)));
  if (training.length === 0) return [...all].sort((a, b) => count(b) - count(a)).slice(0, 1);
  return [...new Map(training.map((words) => [words.map(({ text }) => text).join('\n'), words])).values()];
}

function chosen(ways: readonly ProgramWay[], job: string | undefined, file: string): readonly ProgramWay[] {
  if (job === undefined) return ways;
  const found = ways.filter((way) => String(way.job) === job);
  if (found.length > 0) return found;
  const most = ways.length === 1 ? '1: it starts one job' : `a number from 1 to ${ways.length}`;
  throw new InputError({ message: `job "${job}" of ${file}`, expected: most });
}

/** Where the words of the program begin; 0: there is none. */
function programEnd(words: readonly Field[]): number {
  const file = words.findIndex(({ text }) => PYTHON_FILE.test(text));
  if (file >= 0) return file + 1;
  const module = words.findLastIndex(
    ({ text }, i) => text === '-m' && /^[\w.]+$/.test(words[i + 1]?.text ?? ''),
  );
  return module < 0 ? 0 : module + 2;
}

const isProgram = (words: readonly Field[]) =>
  programEnd(words) > 0 || !words.some(({ text }) => SCRIPT.test(text));

/** The words after the Python file or module that is started; all where none is. */
const argumentsOf = (words: readonly Field[]) => words.slice(programEnd(words));
const starterOf = (words: readonly Field[]) => words.slice(0, programEnd(words));

function refuseWrapper(words: readonly Field[], file: string): never {
  const script = words.find(({ text }) => SCRIPT.test(text))!;
  throw new InputError({
    message: `${file} starts ${script.text}, not a training program`,
    expected: `${script.text} beside it, or the file that starts the program`,
    at: { file, line: script.line },
  });
}

function refuseAbsent({ absent }: ShellScript, file: string): void {
  const [first] = absent;
  if (first === undefined) return;
  throw new InputError({
    message: `${file} reads ${first.text}, which is not beside it`,
    expected: 'that file in the same folder: no arguments of a training program are in this one',
    at: { file, line: first.line },
  });
}

/** A file of arguments has neither variables nor arguments of its own. */
function refuseOutside({ set, args }: Outside, file: string): void {
  const [name] = set.keys();
  if (name === undefined && args.length === 0) return;
  throw new InputError({
    message: `${name === undefined ? 'arguments after --' : `--set ${name}`} for ${file}`,
    expected: 'a shell script: this is a file of arguments alone',
  });
}

function literals(variables: ReadonlyMap<string, Value>): Map<string, string> {
  return new Map(
    [...variables].flatMap(([name, [value, ...more]]) =>
      value?.certainty === 'known' && more.length === 0 ? [[name, value.text]] : [],
    ),
  );
}

/** Of a script that only sets variables: those that hold arguments, each from its first on. */
function argumentsIn(variables: ReadonlyMap<string, Value>, tells: (word: string) => boolean): Field[] {
  return [...variables.values()].flatMap((value) => {
    const words = value.flatMap(({ text, line }) =>
      plainWords(text).map((word) => known(word.text, line + word.line - 1)),
    );
    const first = words.findIndex(({ text }) => tells(text));
    return first < 0 ? [] : words.slice(first);
  });
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
      .map(
        (word): Field => ({
          text: word.replaceAll(/["']/g, ''),
          line: i + 1,
          certainty: /[$`]/.test(word) ? 'unknown' : 'known',
        }),
      ),
  );
}
