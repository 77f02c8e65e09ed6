import type { Reason } from '../../domain/reason.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import type { Choice } from '../space/choices.ts';
import { type Group, groupOf } from './by-size.ts';

/** A choice that is left out, and why: a law that it breaks, or by how much its layers alone do not fit, need over room. */
export interface LeftOut<Why extends Reason | number> {
  readonly choice: Choice;
  readonly why: Why;
}

/** What is left of a group, and what is not. */
export interface Left<Why extends Reason | number> {
  readonly group: Group | null;
  readonly out: readonly LeftOut<Why>[];
}

const smaller = new WeakMap<Group, Map<string, Group>>();

/** A group without the choices of which something says why not: with these gone, what costs least may cost more. */
export function leftOf<Why extends Reason | number>(
  group: Group,
  whyNot: (choice: Choice) => Why | null,
): Left<Why> {
  const out: LeftOut<Why>[] = [];
  const left: Choice[] = [];
  for (const choice of group.choices) {
    const why = whyNot(choice);
    if (why === null) left.push(choice);
    else out.push({ choice, why });
  }
  if (out.length === 0) return { group, out };
  if (left.length === 0) return { group: null, out };
  let [which, next] = ['', 0];
  for (const choice of group.choices) {
    const stays = choice === left[next];
    which += stays ? '1' : '0';
    if (stays) next += 1;
  }
  const known = rememberedOf(smaller, group, () => new Map<string, Group>());
  return { group: remembered(known, which, () => groupOf(left)), out };
}
