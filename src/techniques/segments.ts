import type { Techniques } from '../domain/plan.ts';
import { rememberedOf } from '../units/remembered.ts';
import { TECHNIQUES } from './index.ts';

/** The layers of a stage from one place on, and the techniques that cover them, each as if it covered all. */
export interface Segment {
  /** First layer, counted within the stage. */
  readonly from: number;
  readonly techniques: Techniques;
}

const known = new WeakMap<Techniques, readonly Segment[]>();

/** Where techniques that cover only the first layers of a stage end. The first segment begins at 0. */
export function segmentsOf(techniques: Techniques): readonly Segment[] {
  return rememberedOf(known, techniques, () => {
    const limits = TECHNIQUES.flatMap(({ of, limit }) => limit?.of(of(techniques)) ?? []);
    const places = [...new Set([0, ...limits])].sort((a, b) => a - b);
    return places.map((from) => ({ from, techniques: covering(techniques, from) }));
  });
}

function covering(techniques: Techniques, from: number): Techniques {
  let all = techniques;
  for (const { of, set, limit, off } of TECHNIQUES) {
    const value = of(techniques);
    const end = limit?.of(value) ?? null;
    if (limit !== undefined && end !== null) all = set(all, from < end ? limit.without(value) : off);
  }
  return all;
}
