import type { Problem } from '../domain/problem.ts';
import type { SearchResult, WhatIf } from '../domain/search-result.ts';
import { formatInteger } from '../units/format.ts';
import { wrap } from '../units/wrap.ts';
import { missWords, refusalWords, wayOutWords } from './beside.ts';
import type { Style } from './paint.ts';

/** Rules of space, on the GPU and off it. */
const SPACE = ['memory', 'host-memory', 'host-disk'];

/** Where memory had no say, nothing would fit better on more of it. */
export function noneWords({ nearestMiss, excluded, certificate: { rejected } }: SearchResult): string {
  if (excluded !== undefined)
    return `${excluded.by === 'launchable' ? 'No launcher here runs' : `${excluded.by} does not run`} this, however it is split.`;
  const tight = nearestMiss !== null || rejected.some(({ rule }) => SPACE.includes(rule));
  return tight ? 'No configuration fits.' : 'No configuration can run.';
}

/** Why, and what would. */
export function nothingWords(
  problem: Problem,
  { nearestMiss, excluded, certificate: { rejected, cutBy } }: SearchResult,
  beside: WhatIf,
  { columns }: Style,
): string {
  if (excluded !== undefined)
    return wrap(`${excluded.reason.rule}: ${refusalWords(excluded.reason)}`, columns);
  const wayOut = wayOutWords(problem, beside);
  const lines = rejected
    .slice(0, 8)
    .map(
      ({ rule, count, example }) =>
        `${formatInteger(count)} × ${rule}: e.g. ${example.configuration}: ${refusalWords(example.reason)}`,
    );
  if (rejected.length === 0 && wayOut.length === 0) {
    lines.push(
      cutBy === null
        ? 'No configuration has these dimensions on these GPUs. Maybe a --fix or --max that asks for less.'
        : 'The search was stopped before it had looked at anything. Maybe a longer --time-limit.',
    );
  }
  if (nearestMiss !== null) {
    lines.push(`Nearest miss: ${missWords(problem, nearestMiss)}`);
  }
  return [...lines, ...wayOut].map((line) => wrap(line, columns)).join('\n');
}
