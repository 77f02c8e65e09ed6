import { InputError } from '../domain/input-error.ts';
import { LOG_FORMATS } from './index.ts';
import type { LogFormat, LoggedMemory, LoggedStep } from './log-format.ts';

/** What a log says of the steps after warm-up. */
export interface Log {
  readonly path: string;
  readonly format: LogFormat;
  /** Lines about steps that count, in the order of the log. */
  readonly steps: readonly LoggedStep[];
  /** Training steps that those lines are of, and those left out as warm-up. */
  readonly counted: number;
  readonly dropped: number;
  /** The most that a GPU was seen to hold, by rank; of lines that name none, once. */
  readonly memory: readonly LoggedMemory[];
  /** Sequences of a step; undefined: the log does not say. */
  readonly globalBatch: number | undefined;
}

interface Line {
  readonly number: number;
  readonly step: LoggedStep;
}

/** Characters of a line that an error shows, and of those so many after what tells the line from others. */
const LINE = 120;
const AFTER_MARK = 40;

/** Lines that a median needs to be one. */
const LEAST = 3;

const ESCAPE = '\u001b';
const COLOURS = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g');

/** Which process of several whose output stands in one file a line is of: torchrun's, srun --label's. */
const PROCESS = /^(?:\[(?:rank|default)\d+\]|\s*\d+(?=:\s))/;

/**
 * Reads the lines of one framework, of one process where several write, and leaves out the first `warmUp` steps after each start. Throws
 * InputError with line where a step says no time, and where too few steps are left.
 */
export function readLog(path: string, text: string, id: string | undefined, warmUp: number): Log {
  const lines = text.replaceAll(COLOURS, '').split(/\r?\n|\r/);
  const format = formatOf(path, lines, id);
  const own = processOf(lines, format);
  const memory: LoggedMemory[] = [];
  const found: Line[] = [];
  for (const [i, line] of lines.entries()) {
    const beside = format.memory?.(line) ?? null;
    if (beside !== null) memory.push(beside);
    if (!format.mark.test(line)) continue;
    const step = format.step(line);
    if (step === null)
      throw new InputError({
        message: `"${excerpt(line, format.mark)}"`,
        expected: format.expected,
        at: { file: path, line: i + 1 },
        hint: 'Maybe the run diverged there: --warm-up, or the log without what follows.',
      });
    if (step.memory !== undefined) memory.push(step.memory);
    if (PROCESS.exec(line)?.[0].trim() === own) found.push({ number: i + 1, step });
  }
  const { steps, counted, dropped } = withoutWarmUp(ofLastBatch(found), warmUp);
  if (steps.length < LEAST)
    throw new InputError({
      message: `${steps.length} line${steps.length === 1 ? '' : 's'} about steps left of ${found.length} after ${dropped} steps of warm-up`,
      expected: `at least ${LEAST}`,
      at: { file: path, line: found.at(-1)!.number },
      hint: 'Maybe a longer log, or --warm-up with fewer steps.',
    });
  const { globalBatch } = steps[0]!;
  return { path, format, steps, counted, dropped, memory: mostByRank(memory), globalBatch };
}

/** So much of a line as people read, with what stands after its mark: what is wrong is there. */
function excerpt(line: string, mark: RegExp): string {
  const text = line.trim();
  if (text.length <= LINE) return text;
  const found = mark.exec(text);
  const end = Math.min(text.length, (found === null ? 0 : found.index + found[0].length) + AFTER_MARK);
  // A word that is not long is shown whole.
  const rest = /^\S*/.exec(text.slice(end))![0].length;
  const whole = end + (rest < AFTER_MARK ? rest : 0);
  const from = Math.max(0, whole - LINE);
  return `${from > 0 ? '…' : ''}${text.slice(from, whole)}${whole < text.length ? '…' : ''}`;
}

/** The one asked for, or the one that lines are of. */
function formatOf(path: string, lines: readonly string[], id: string | undefined): LogFormat {
  const among = LOG_FORMATS.filter((format) => id === undefined || format.id === id);
  const found = among.find(({ mark }) => lines.some((line) => mark.test(line)));
  if (found !== undefined) return found;
  throw new InputError({
    message: `${path} has no line about a step${id === undefined ? '' : ` of ${id}`}`,
    expected: among.map(({ name, expected }) => `${name}: ${expected}`).join('\n            '),
    at: { file: path },
  });
}

/** The process that the first line about a step is of; undefined: lines name none. */
function processOf(lines: readonly string[], { mark }: LogFormat): string | undefined {
  const first = lines.find((line) => mark.test(line));
  return PROCESS.exec(first ?? '')?.[0].trim();
}

/** Batches grow while they are ramped up: the last is what the run trains with. */
function ofLastBatch(lines: readonly Line[]): readonly Line[] {
  const batch = lines.at(-1)?.step.globalBatch;
  return lines.filter(({ step }) => step.globalBatch === batch);
}

/** Each start of training by itself: iterations rise in it, by as many as a line covers. */
function withoutWarmUp(lines: readonly Line[], warmUp: number): Pick<Log, 'steps' | 'counted' | 'dropped'> {
  const steps: LoggedStep[] = [];
  let counted = 0;
  let dropped = 0;
  for (const run of startsOf(lines)) {
    const every = run.length > 1 ? run[1]!.step.iteration - run[0]!.step.iteration : 1;
    const begin = run[0]!.step.iteration - every;
    let before = begin;
    for (const { step } of run) {
      const covered = step.iteration - before;
      if (before - begin < warmUp) dropped += covered;
      else {
        steps.push(step);
        counted += covered;
      }
      before = step.iteration;
    }
  }
  return { steps, counted, dropped };
}

function startsOf(lines: readonly Line[]): Line[][] {
  const runs: Line[][] = [];
  let last = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const { iteration } = line.step;
    // A line that a log has twice.
    if (iteration === last) continue;
    if (iteration < last) runs.push([]);
    runs.at(-1)!.push(line);
    last = iteration;
  }
  return runs;
}

function mostByRank(all: readonly LoggedMemory[]): LoggedMemory[] {
  const most = new Map<string, LoggedMemory>();
  for (const one of all) {
    const key = `${one.kind}/${one.rank}`;
    const known = most.get(key);
    if (known === undefined || one.bytes > known.bytes) most.set(key, one);
  }
  return [...most.values()];
}
