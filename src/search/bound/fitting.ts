import type { Reason } from '../../domain/reason.ts';
import { remembered, rememberedOf } from '../../units/remembered.ts';
import type { Choice } from '../space/choices.ts';
import { type Group, groupOf } from './by-size.ts';
import type { LayerRoom } from './layer-room.ts';

/** A choice that breaks a law, or whose layers alone do not fit. */
export interface Unfit {
  readonly choice: Choice;
  /** Or need over room. */
  readonly why: Reason | number;
}

const smaller = new WeakMap<Group, Map<string, Group>>();

/** What is left of a group without those: with these gone, what costs least may cost more. */
export function fitting(
  group: Group,
  room: LayerRoom,
  lawOf: (choice: Choice) => Reason | null,
): { readonly left: Group | null; readonly unfit: readonly Unfit[] } {
  const unfit: Unfit[] = [];
  const fit: Choice[] = [];
  let which = '';
  for (const choice of group.choices) {
    const why = lawOf(choice) ?? room.excess(choice);
    if (why === null) fit.push(choice);
    else unfit.push({ choice, why });
    which += why === null ? '1' : '0';
  }
  if (unfit.length === 0) return { left: group, unfit };
  if (fit.length === 0) return { left: null, unfit };
  const known = rememberedOf(smaller, group, () => new Map<string, Group>());
  return { left: remembered(known, which, () => groupOf(fit)), unfit };
}
