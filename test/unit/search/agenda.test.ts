import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Agenda } from '../../../src/search/run/agenda.ts';
import type { Entry } from '../../../src/search/run/entry.ts';

interface Given {
  readonly coarse: number;
  /** What refining adds. */
  readonly more: number;
  /** What opening finds. */
  readonly value: number;
}

const givens = fc.array(
  fc.record({
    coarse: fc.integer({ min: 0, max: 40 }),
    more: fc.integer({ min: 0, max: 40 }),
    value: fc.integer({ min: 0, max: 40 }),
  }),
  { maxLength: 300 },
);

/** Works through an agenda as a search that keeps the best only does. */
function worked(given: readonly Given[], most: number, refine = true) {
  const all = [...given].sort((a, b) => a.coarse - b.coarse);
  const queue = all.map(
    ({ coarse }): Entry => ({ frame: null, bundle: null, copies: null, bound: coarse, count: 1 }),
  );
  const agenda = new Agenda(queue, refine);
  const boundOf = ({ coarse, more }: Given) => coarse + (refine ? more : 0);
  const opened: { readonly one: Given; readonly threshold: number }[] = [];
  const refined: number[] = [];
  let best = Number.POSITIVE_INFINITY;
  for (;;) {
    const threshold = best;
    const batch = agenda.next(threshold, most);
    if (batch === null) return { all, opened, refined, best, agenda, boundOf };
    for (const part of batch.parts) {
      const one = all[part.entry]!;
      if (batch.task === 'refine') {
        refined.push(part.entry);
        agenda.add({ ...part, bound: boundOf(one) });
      } else {
        opened.push({ one, threshold });
        best = Math.min(best, boundOf(one) + one.value);
      }
    }
  }
}

describe('the agenda of a search', () => {
  it('opens what may be better than what was found, and leaves only what cannot be', () => {
    fc.assert(
      fc.property(givens, fc.integer({ min: 1, max: 5 }), (given, most) => {
        const { all, opened, best, agenda, boundOf } = worked(given, most);
        for (const { one, threshold } of opened) expect(boundOf(one)).toBeLessThan(threshold);
        expect(agenda.least).toBeGreaterThanOrEqual(best);
        expect(agenda.length + opened.length).toBe(all.length);
        expect(best).toBe(Math.min(Number.POSITIVE_INFINITY, ...all.map((one) => boundOf(one) + one.value)));
      }),
    );
  });

  it('opens one at once, then the least bound first, one after the other, each looked at closer once', () => {
    fc.assert(
      fc.property(givens, (given) => {
        const { opened, refined, boundOf } = worked(given, 1);
        const [, ...others] = opened;
        const bounds = others.map(({ one }) => boundOf(one));
        expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
        expect(new Set(refined).size).toBe(refined.length);
      }),
    );
  });

  it('refines nothing where all is to be opened', () => {
    const { opened, refined } = worked([{ coarse: 1, more: 5, value: 0 }], 3, false);
    expect([opened.length, refined.length]).toEqual([1, 0]);
  });
});
