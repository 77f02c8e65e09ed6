import type { Violation } from '../port/reader.ts';

/** `line` only where it is not that of the rule's flag. */
type Broken = Omit<Violation, 'rule' | 'line'> & { readonly line?: number };

/** `Run`: what the file says. `Sizes`: degrees and GPUs, worked out once for all rules. */
export interface FileRule<Run, Sizes> {
  readonly rule: string;
  /** The flag or key the message points at. */
  readonly at: string;
  /** What breaks it says nothing: estimates refuse it in the same words. Left out: the file is taken to run. */
  readonly unreadable?: true;
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
