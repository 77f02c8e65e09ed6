import type { Location } from '../domain/input-error.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';

/** A launch file as text, and as the value that YAML or JSON holds. */
interface Source {
  readonly path: string;
  readonly text: string;
  /** Of `text`, or of another text with the same lines. Throws InputError where that is neither YAML nor JSON. */
  value(text?: string): Located;
}

export interface Located {
  readonly value: unknown;
  /** Where in the file a JSON pointer stands. */
  locate(pointer: string): Location;
}

/** What a launch file says of model and workload; null: nothing. */
interface AskedWorkload {
  readonly sequenceLength: number | null;
  readonly globalBatchSize: number | null;
  readonly precision: string | null;
  readonly layers: number | null;
  readonly hiddenSize: number | null;
}

/** What a launch file asks for. Degrees stand as `--config` writes them; what the file does not say is left out. */
export interface Asked extends AskedWorkload {
  readonly configuration: Readonly<Record<string, string>>;
  /** What the file says that no plan can say, and what is estimated in its place: a line each, for people. */
  readonly notes?: readonly string[];
  /**
   * For files that say more than `--config` can: the whole plan, given the device of each global rank in order. Throws
   * InputError where the ranks of the file are not those.
   */
  readonly plan?: (problem: Problem, devices: readonly number[]) => Plan;
}

export interface ReadFile {
  /** Throws InputError where the file cannot be estimated. */
  asked(): Asked;
  /** The launcher's rules that the file breaks; `gpus` of null leaves out what depends on their number. */
  violations(gpus: number | null): readonly Violation[];
}

/** Reads the configuration that a launcher runs from. */
export interface LaunchReader {
  /** Name of that file in a folder that `emit` wrote. */
  readonly file: string;
  readonly rules: readonly { readonly rule: string }[];
  read(source: Source): ReadFile;
}

/** A rule of the launcher that a file breaks. */
export interface Violation {
  readonly rule: string;
  readonly line: number;
  readonly actual: string;
  readonly limit: string;
  readonly fix: string;
}

/** `line` only where it is not that of the rule's flag. */
type Broken = Omit<Violation, 'rule' | 'line'> & { readonly line?: number };

/** `Run`: what the file says. `Sizes`: degrees and GPUs, worked out once for all rules. */
export interface FileRule<Run, Sizes> {
  readonly rule: string;
  /** The flag or key the message points at. */
  readonly at: string;
  readonly check: (run: Run, sizes: Sizes) => Broken | null;
}

export function broken<Run, Sizes>(
  rules: readonly FileRule<Run, Sizes>[],
  run: Run,
  sizes: Sizes,
  lineOf: (at: string) => number,
): Violation[] {
  return rules.flatMap(({ rule, at, check }) => {
    const found = check(run, sizes);
    return found === null ? [] : [{ rule, line: lineOf(at), ...found }];
  });
}

export const bad = (actual: string, limit: string, fix: string): Broken => ({ actual, limit, fix });

/** A whole number that must divide another; null when either is not said. */
export const divides = (
  what: string,
  value: number | null,
  by: number,
  name: string,
  fix: string,
): Broken | null =>
  value === null || value % by === 0 ? null : bad(`${what} ${value}`, `a multiple of ${name} ${by}`, fix);
