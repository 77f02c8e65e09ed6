import type { Plan } from '../domain/plan.ts';
import { degreesOf, widestOf } from './degrees.ts';

/** The largest degrees of the published runs with a step time that the model is held against (test/accuracy/runs.jsonl). */
export const MEASURED_UP_TO = { tp: 32, cp: 8, pp: 64, ep: 64, etp: 1 } as const;

/** Degrees of a plan that are larger than those of any measured run: `['EP 256, measured up to 64']`. */
export function beyondMeasured(plan: Plan): string[] {
  const degrees = { ...degreesOf(plan), tp: widestOf(plan).tp };
  return (['tp', 'cp', 'pp', 'ep', 'etp'] as const).flatMap((key) =>
    degrees[key] > MEASURED_UP_TO[key]
      ? [`${key.toUpperCase()} ${degrees[key]}, measured up to ${MEASURED_UP_TO[key]}`]
      : [],
  );
}
