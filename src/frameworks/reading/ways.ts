import { InputError } from '../../domain/input-error.ts';
import type { ProgramWay, ProgramWords } from '../../foreign/bash/program.ts';
import type { Asked, ReadFile, Source, Violation } from '../port/reader.ts';

/**
 * A script that starts several jobs, or whose arguments hang on a condition, read in each way: one file where the ways say
 * the same of all that is read.
 */
export function readWays(
  { path }: Source,
  { ways }: ProgramWords,
  read: (way: ProgramWay) => ReadFile,
): ReadFile {
  const files = ways.map(read);
  const [only] = files;
  const startedOn = ways.map(({ gpus }, i) => gpus ?? files[i]!.gpus ?? null);
  if (files.length === 1) return { ...only!, gpus: startedOn[0]! };
  const agreed = (gpus?: number | null): Asked => {
    const all = files.map((file) => file.asked(gpus));
    const odd = differences(all);
    if (odd.length > 0) throw unlike(path, ways, odd);
    return { ...all[0]!, notes: once(all.flatMap(({ notes = [] }) => notes)) };
  };
  const counts = once(startedOn);
  const several = once(ways.map(({ job }) => job)).length > 1;
  return {
    ...only!,
    gpus: counts.length === 1 ? counts[0]! : null,
    asked: agreed,
    violations(gpus) {
      const broken = once(files.flatMap((file) => file.violations(gpus)));
      // What cannot be estimated is told by the rules that it breaks, but for jobs that would be taken for one.
      if (several || broken.every(({ warning }) => warning === true)) agreed(gpus);
      return broken;
    },
  };
}

/** `tp: 2 or 4`, of what is read in the ways and differs. */
function differences(all: readonly Asked[]): string[] {
  const flat = all.map(({ notes: _, plan: __, configuration, model, ...workload }) => ({
    ...workload,
    ...model,
    ...configuration,
  }));
  const keys = [...new Set(flat.flatMap((one) => Object.keys(one)))];
  return keys.flatMap((key) => {
    const values = once(flat.map((one) => String((one as Record<string, unknown>)[key] ?? 'not said')));
    return values.length < 2 ? [] : [`${key} ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`];
  });
}

function unlike(file: string, ways: readonly ProgramWay[], odd: readonly string[]): InputError {
  const jobs = once(ways.map(({ job }) => job));
  const line = ways[0]!.words[0]?.line ?? 1;
  return jobs.length > 1
    ? new InputError({
        message: `${file} starts ${jobs.length} jobs that differ: ${odd.join('; ')}`,
        expected: 'one job',
        hint: `Maybe ${file}:1 for the first of them, or --set the variable that a loop runs over.`,
        at: { file, line },
      })
    : new InputError({
        message: `a condition decides between ${odd.join('; ')}`,
        expected: 'conditions that a reader can decide, or that change nothing of the plan',
        hint: 'Maybe --set the variables that its conditions ask for, or give the arguments alone, one a word.',
        at: { file, line },
      });
}

function once<T extends Violation | string | number | null>(all: readonly T[]): T[] {
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
