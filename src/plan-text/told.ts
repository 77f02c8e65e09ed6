import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import { widestOf } from './degrees.ts';

/** A technique of a plan that is worth saying: as --config takes it, and in words. */
export interface Told {
  readonly id: string;
  readonly text: string;
  readonly name: string;
  readonly words: string;
}

/** What a search chooses is always told, the rest where it is not what is usual. */
export function toldTechniques(problem: Problem, plan: Plan): Told[] {
  const dims = widestOf(plan);
  return TECHNIQUES.flatMap(({ id, of, off, usual, choices, allowedAs, format, name, words }) => {
    const value = of(plan.techniques);
    const text = format(value);
    if ((choices === undefined || allowedAs !== undefined) && text === format(usual?.(problem, dims) ?? off))
      return [];
    return [{ id, text, name, words: words(value) }];
  });
}
