import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { startJson, startWords } from '../../../src/reporters/from-file.ts';
import { planDocument } from '../../../src/reporters/plan-json.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import type { Start } from '../../../src/session/start.ts';
import { DENSE, MIXED, planned } from '../frameworks/fixture.ts';
import {
  ALONE,
  expectNarrow,
  found,
  LAW,
  MADE_BY,
  NARROW,
  ranked,
  taking,
  UNEVEN,
  unwrapped,
} from './fixture.ts';

const NOW = taking(20, ranked(MIXED, UNEVEN));
const BEST = ranked(MIXED, 'tp=8,pp=8,dp=1,layers=12/12/12/12/8/8/8/8');
const start: Start = {
  file: 'job.sh',
  seated: true,
  notes: [],
  now: NOW,
  changes: ['- --tp 8', '+ --tp 4'],
};
const told = (over: Partial<Start> = {}, best: number | null = 10, problem = MIXED) =>
  unwrapped(
    startWords(problem, { ...start, ...over }, best === null ? undefined : taking(best, BEST), NARROW),
  );

describe('a launch file as it is', () => {
  it.each([
    [10, 'Plan 1 is 2.00× as fast.'],
    [16, 'Plan 1 is 1.25× as fast.'],
    [19.95, 'Plan 1 is no faster.'],
  ])('beside a best step of %d s: %s', (seconds, words) => {
    expect(told({}, seconds)).toContain(`job.sh as it is: 20.0 s a step, peak GiB h100-sxm `);
    expect(told({}, seconds)).toContain(`${words} Written out by emit, it changes: - --tp 8 + --tp 4`);
  });

  it('that does not fit has no step, and is not compared by speed', () => {
    const now = { ...NOW, estimate: { ...NOW.estimate, verdict: 'does-not-fit' as const } };
    expect(told({ now })).toMatch(/job\.sh as it is: does not fit: peak GiB .*\. Plan 1 fits\. Written/);
    expect(told({ now })).not.toMatch(/a step|× as fast/);
  });

  it('is plan 1 itself where nothing changes, and is left alone where that cannot be said', () => {
    expect(told({ changes: [] })).toMatch(/: plan 1 itself\.$/);
    expect(told({ changes: null })).toMatch(/36\.2\.$/);
    expect(told({}, null)).toMatch(/36\.2\.$/);
  });

  it('says on which hosts only where that is a question', () => {
    const hosts = ', on the hosts in the order of the cluster:';
    expect(told({ seated: false })).toContain(hosts);
    expect(told({ seated: true })).not.toContain(hosts);
    const now = ranked(DENSE, 'tp=8,pp=4,dp=2');
    expect(told({ seated: false, now }, 10, DENSE)).not.toContain(hosts);
  });

  it('that cannot run says which law it breaks, after its notes', () => {
    const notes = ['--seed is not known'];
    expect(told({ now: LAW, notes, changes: null })).toBe(
      'job.sh: --seed is not known. job.sh cannot run as it is: memory: 90 GiB; limit 72 GiB. Maybe more recomputation.',
    );
    expectNarrow(startWords(MIXED, { ...start, now: LAW, notes }, BEST, NARROW), 80);
  });
});

it.each([
  ['that runs', start],
  ['that breaks a law', { ...start, now: LAW, changes: null }],
])('a file %s is as the schema says', (_, one) => {
  const from = startJson(MIXED, one);
  const document = { ...planDocument(MIXED, found([BEST]), ALONE, MADE_BY), from };
  expect(violations(SCHEMAS.plan!, JSON.parse(JSON.stringify(document)))).toEqual([]);
  if ('configuration' in from) expect(planned(MIXED, from.configuration!)).toEqual(NOW.plan);
});
