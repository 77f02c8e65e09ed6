import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { planDocument } from '../../../src/reporters/plan-json.ts';
import { whyNotJson, whyNotWords } from '../../../src/reporters/why-not.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import { MIXED } from '../frameworks/fixture.ts';
import {
  ALONE,
  expectNarrow,
  expectShown,
  found,
  LAW,
  MADE_BY,
  NARROW,
  ranked,
  secondsIn,
  tableOf,
  UNEVEN,
  unwrapped,
} from './fixture.ts';

const BEST = ranked(MIXED, UNEVEN);
const OTHER = ranked(MIXED, 'tp=8,pp=2,cp=4,dp=1,layers=44/36,recompute=full');
const REFUSED = { rule: 'memory', count: 4000, example: { configuration: 'tp=1', reason: LAW } };
const why = { asked: 'cp=4', plan: OTHER, rejected: [REFUSED], nearestMiss: null, cannot: [] };
const told = (over = {}, best: typeof BEST | undefined = BEST) =>
  whyNotWords(MIXED, { ...why, ...over }, best, NARROW);

describe('why not a plan that can run', () => {
  const rows = tableOf(told(), 'where the step goes');

  it('is told in seconds, asked beside best, and the difference between them', () => {
    for (const [name, asked, best, more] of rows) {
      const [a, b] = [OTHER, BEST].map(({ estimate }) =>
        name === 'step' ? estimate.stepSeconds : (estimate.time[name!] ?? 0),
      );
      expectShown(secondsIn(asked!), a!, name);
      expectShown(secondsIn(best!), b!, name);
      expectShown(secondsIn(more!.replace('+', '')), a! - b!, name);
    }
  });

  it('leaves out only what is next to nothing in both, and nothing that only one of them has', () => {
    const names = rows.map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining(['context-parallel communication', 'recomputation', 'step']),
    );
    const least = 0.002 * BEST.estimate.stepSeconds;
    for (const { estimate } of [OTHER, BEST])
      for (const [name, seconds] of Object.entries(estimate.time))
        if (seconds > least) expect(names).toContain(name);
  });

  it('says how many times the best step it takes, and that the best has it where it has', () => {
    const factor = Number(/, ([\d.]+)× the best/.exec(unwrapped(told()))![1]);
    expectShown(factor, OTHER.estimate.stepSeconds / BEST.estimate.stepSeconds);
    expect(told({ plan: BEST })).toContain('the best plan has it.');
    expect(whyNotWords(MIXED, why, undefined, NARROW)).toBe('Why not cp=4: nothing to compare with.');
    expectNarrow(told(), 80);
  });
});

describe('why not a plan that cannot run', () => {
  it('is told rule by rule, below the question', () => {
    const other = { ...REFUSED, rule: 'heads', count: 2, example: { configuration: 'tp=7', reason: LAW } };
    const text = told({ plan: null, rejected: [REFUSED, other] });
    const [head, ...lines] = text.split('\n');
    expect(head).toBe('Why not cp=4: it cannot run.');
    for (const line of lines) expect(line).toMatch(/^ {2}/);
    const all = unwrapped(text);
    expect(all).toContain('4,000 × memory: e.g. tp=1: 90 GiB; limit 72 GiB. Maybe more recomputation.');
    expect(all).toContain('2 × heads: e.g. tp=7: 90 GiB; limit 72 GiB. Maybe more recomputation.');
    expectNarrow(text, 80);
  });

  it('has the nearest, or says that there is none of those dimensions', () => {
    const nearestMiss = { ...OTHER, reason: LAW, remedy: 'fits with pp=99' };
    expect(unwrapped(told({ plan: null, nearestMiss }))).toContain('90 GiB of 72 GiB; fits with pp=99.');
    expect(told({ plan: null, rejected: [] })).toContain(
      'No arrangement of these GPUs has those dimensions.',
    );
  });
});

it.each([
  ['that can run', why],
  ['that cannot', { ...why, plan: null, nearestMiss: { ...OTHER, reason: LAW, remedy: 'fits with pp=99' } }],
])('why not a plan %s is as the schema says', (_, asked) => {
  const document = {
    ...planDocument(MIXED, found([BEST]), ALONE, MADE_BY),
    whyNot: whyNotJson(MIXED, asked),
  };
  expect(violations(SCHEMAS.plan!, JSON.parse(JSON.stringify(document)))).toEqual([]);
});
