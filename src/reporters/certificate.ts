import type { Problem } from '../domain/problem.ts';
import type { SearchResult, WhatIf } from '../domain/search-result.ts';
import { formatInteger, formatPercent } from '../units/format.ts';
import type { Style } from './paint.ts';
import { keptBackOf } from './plan-notes.ts';

/** What was searched, and what that proves. */
export function certificateWords(
  problem: Problem,
  { certificate: c, plans }: SearchResult,
  { steady, objective }: Pick<WhatIf, 'steady' | 'objective'> = {},
  { verbose = false }: Pick<Style, 'verbose'> = { verbose: true },
): string {
  const found = objective === undefined ? 'the fastest found' : 'the cheapest found';
  const than = steady ? ` than ${steady.rank === null ? found : `plan ${steady.rank}`}` : '';
  const removed = c.rejected.map(({ rule, count }) => `${formatInteger(count)} by ${rule}`).join(', ');
  const why =
    c.cutBy === null ? `${formatInteger(c.unproven ?? 0)} may have a better layer cut` : `cut by ${c.cutBy}`;
  const verdict = c.optimal
    ? c.evaluated > 0
      ? `nothing better${than} exists in this space${keptBackOf(problem, plans).length > 0 ? ' of what was measured' : ''}`
      : 'the whole space was searched'
    : c.unlisted === true
      ? `${why} before all configurations were listed`
      : c.gap === null
        ? `${why}; no plan was found`
        : `${why}; ${gapWords(c.gap, than)}`;
  // Without a plan what removed all of them is the answer.
  if (!verbose && plans.length > 0) {
    const looked = formatInteger(c.space - c.left);
    const what =
      c.left === 0 && c.unlisted !== true
        ? `all ${formatInteger(c.space)} configurations`
        : `${looked} of ${formatInteger(c.space)} configurations`;
    return `Searched ${what}: ${verdict}. --verbose says what ruled out how many.`;
  }
  return `Searched ${formatInteger(c.space)} configurations: ${removed === '' ? 'none rejected' : `rejected ${removed}`}; ${formatInteger(c.boundedAway)} bounded away, ${formatInteger(c.evaluated)} costed${c.left > 0 ? `, ${formatInteger(c.left)} not looked at` : ''}: ${verdict}.`;
}

/** How much better a plan could be: a bound that leaves all of it says nothing. */
export function gapWords(gap: number, than = ''): string {
  return gap >= 1
    ? 'how much better a plan could be is not known'
    : `at most ${formatPercent(gap)} better${than} is possible`;
}
