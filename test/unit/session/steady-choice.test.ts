import { expect, it } from 'vitest';
import { type Contender, SURE, steadiest } from '../../../src/session/steady-choice.ts';

const one = (value: number, over: Partial<Contender> = {}): Contender => ({
  ...{ value, disturbed: [value], evidence: 1, kinds: 2 },
  ...over,
});
const NONE = Number.POSITIVE_INFINITY;

it('is the fastest where nothing else tells them apart', () => {
  const [slow, fast] = [one(1.04), one(1)];
  expect(steadiest([slow, fast]).first).toBe(fast);
});

it('is the one with fewer kinds of parallelism', () => {
  const [fast, simple] = [one(1), one(1.04, { kinds: 1 })];
  expect(steadiest([fast, simple])).toEqual({ first: simple, staying: [fast, simple] });
});

it('rests on better evidence before it is simple', () => {
  const [known, simple] = [one(1.04, { evidence: 0 }), one(1, { kinds: 1 })];
  expect(steadiest([known, simple]).first).toBe(known);
});

it('stays good: what one disturbance slows for sure comes after, however simple', () => {
  const worst = (share: number) => one(1, { kinds: 1, disturbed: [1.04 * (1.04 + share)] });
  const steady = one(1.04, { kinds: 3 });
  expect(steadiest([worst(SURE + 0.01), steady]).first).toBe(steady);
  expect(steadiest([worst(SURE - 0.05), steady]).first.kinds).toBe(1);
});

it('does not take what would not fit while anything else would', () => {
  const [tight, roomy] = [one(1, { kinds: 1, disturbed: [NONE] }), one(1.04)];
  expect(steadiest([tight, roomy]).first).toBe(roomy);
  expect(steadiest([tight, one(1.04, { disturbed: [NONE] })]).first).toBe(tight);
});

it('hangs on no order', () => {
  const all = [
    one(1),
    one(1.01, { kinds: 1 }),
    one(1.02, { kinds: 1 }),
    one(1.03, { evidence: 2, kinds: 0 }),
  ];
  expect(steadiest([...all].reverse()).first).toBe(steadiest(all).first);
});
