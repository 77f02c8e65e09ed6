import { expect } from 'vitest';
import type { Estimate } from '../../../src/domain/estimate.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import type { Certificate, RankedPlan, SearchResult, WhatIf } from '../../../src/domain/search-result.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { planned } from '../frameworks/fixture.ts';

export const NARROW = { columns: 80, color: false };
export const WIDE = { columns: 160, color: false };
/** 32 H100 and 32 A100, a stage cut that suits them. */
export const UNEVEN = 'tp=8,pp=4,dp=2,layers=26/26/14/14';
export const LAW = { rule: 'memory', actual: '90 GiB', limit: '72 GiB', hint: 'Maybe more recomputation.' };

/** A configuration as a search ranks it. */
export function ranked(problem: Problem, configuration: string, over: Partial<RankedPlan> = {}): RankedPlan {
  const plan = planned(problem, configuration);
  const known = { rank: 1, family: 'uniform', tiedWithBest: false, variants: [], partition: null };
  return { ...known, plan, estimate: estimate(problem, plan), ...over };
}

/** The same plan as if its step took as long; figures that go with it follow. */
export function taking(seconds: number, one: RankedPlan): RankedPlan {
  const factor = seconds / one.estimate.stepSeconds;
  const time = Object.fromEntries(Object.entries(one.estimate.time).map(([name, x]) => [name, x * factor]));
  const tokensPerSecond = one.estimate.tokensPerSecond / factor;
  return { ...one, estimate: { ...one.estimate, stepSeconds: seconds, time, tokensPerSecond } };
}

export const SEARCHED: Certificate = {
  space: 1,
  rejected: [],
  boundedAway: 0,
  evaluated: 1,
  left: 0,
  optimal: true,
  gap: 0,
  cutBy: null,
};

export function found(plans: readonly RankedPlan[], over: Partial<SearchResult> = {}): SearchResult {
  return { plans, evenSplit: plans[0] ?? LAW, nearestMiss: null, certificate: SEARCHED, ...over };
}

/** Where a document says that it comes from. */
export const MADE_BY = {
  toolVersion: '0.1.0',
  inputs: { model: { name: 'a model', sha256: '0' }, cluster: { name: 'b.yaml', sha256: '1' } },
};

export const ALONE: WhatIf = {
  launchers: [],
  idle: [],
  freer: null,
  beyond: null,
  cannot: [],
  without: [],
  placement: null,
  slowLinks: [],
};

/** The table whose first line begins with `head`, down to the next empty line: cells without the gaps between columns. */
export function tableOf(text: string, head: string): string[][] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.trimStart().startsWith(head));
  expect(from, `a table of "${head}" in\n${text}`).toBeGreaterThanOrEqual(0);
  const rest = lines.slice(from + 1);
  const end = rest.indexOf('');
  return (end < 0 ? rest : rest.slice(0, end)).map((line) => line.trim().split(/ {2,}/));
}

/** Text as one line: what was wrapped reads on. */
export function unwrapped(text: string): string {
  return text.replace(/\s+/g, ' ');
}

const SECONDS = { s: 1, ms: 1e-3, us: 1e-6 } as const;

/** `−1.68 s`, `208 ms` as seconds. */
export function secondsIn(text: string): number {
  if (text === '–') return 0;
  const [, sign, number, unit] = /^([+−]?)([\d.]+) (s|ms|us)$/.exec(text) ?? [];
  expect(unit, `"${text}" is a time`).toBeDefined();
  return (sign === '−' ? -1 : 1) * Number(number) * SECONDS[unit as keyof typeof SECONDS];
}

export function percentIn(text: string): number {
  expect(text).toMatch(/^-?[\d.]+%$/);
  return Number(text.slice(0, -1));
}

/** Equal as far as three digits tell. */
export function expectShown(shown: number, exact: number, what = ''): void {
  expect(Math.abs(shown - exact), `${what} ${shown} for ${exact}`).toBeLessThanOrEqual(
    0.0051 * Math.abs(exact) + 1e-12,
  );
}

export function expectNarrow(text: string, columns: number): void {
  for (const line of text.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(columns);
}

/** What stands in an estimate's parts, summed by hand. */
export function sumOf(parts: Estimate['time']): number {
  return Object.values(parts).reduce((sum, one) => sum + one, 0);
}
