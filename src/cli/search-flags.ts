import type { Command } from 'commander';
import { InputError } from '../domain/input-error.ts';
import type { Legality } from '../domain/legality.ts';
import type { Problem } from '../domain/problem.ts';

import { outsideLaw } from '../plan-text/outside.ts';
import { whole } from '../plan-text/whole.ts';
import { LEAVES } from '../search/space/by-leave.ts';
import { OBJECTIVES, type Objective, objectiveOf } from '../search/space/objective.ts';
import type { Held, SearchOptions } from '../search/space/options.ts';
import { nearest } from '../units/nearest.ts';
import { useOfCluster } from './cluster-choice.ts';
import { fixFrom, maxFrom } from './dimensions.ts';
import { ownDollars, ownershipOf } from './own.ts';
import { allPrices, pricesFrom, pricesOf, refuseUnused } from './prices.ts';
import type { Settings } from './settings.ts';

/** The flags that say what to search and what is best. */
export function searchFlags(command: Command): Command {
  return command
    .option('--top <N>', 'plans to print (default 5)')
    .option('--fix <DIMS>', 'hold dimensions: tp=8,pp=4')
    .option('--max <DIMS>', 'bound dimensions: cp=2')
    .option('--allow <WHAT>', `also try ${LEAVES.join(', ')} (several joined by commas)`)
    .option('--objective <WHAT>', `${OBJECTIVES.join(', ')} (default time)`)
    .option('--price <PRICES>', 'US dollars per GPU-hour: h100=2.50,a100=1.10')
    .option('--exhaustive', 'cost every configuration that no rule rejects')
    .option('--threads <N>', 'threads to search with (default by the size of the space)')
    .option('--max-evaluations <N>', 'stop after costing so many')
    .option('--time-limit <SECONDS>', 'stop the search and print the best so far with its gap');
}

export function searchOptions(
  problem: Problem,
  s: Settings,
  flags: Readonly<Record<string, unknown>>,
  launcher: Legality | null,
): Omit<
  SearchOptions,
  'interrupted' | 'progress' | 'threshold' | 'alikeStages' | 'ties' | 'avoid' | 'plansAlone'
> {
  return {
    top: whole('--top', s.top ?? '5', 1, 1000),
    fix: insideRange(problem, fixFrom(s.fix)),
    max: maxFrom(s.max),
    allow: allowedFrom(s.allow),
    launcher,
    objective: objectiveFrom(problem, s),
    exhaustive: flags.exhaustive === true,
    maxEvaluations:
      s['max-evaluations'] === undefined
        ? Number.POSITIVE_INFINITY
        : whole('--max-evaluations', s['max-evaluations']),
    ...useOfCluster(problem.cluster, s),
  };
}

/** Values that no plan of the problem has are the user's to mend, not a search's to look for. */
function insideRange(problem: Problem, fix: Held): Held {
  const outside = outsideLaw(problem, fix.techniques);
  if (outside === null) return fix;
  const { rule, actual, limit, hint } = outside;
  throw new InputError({
    message: `--fix cannot run: ${rule}: ${actual}`,
    expected: limit,
    ...(hint === undefined ? {} : { hint }),
  });
}

function allowedFrom(text: string | undefined): string[] {
  const asked = (text ?? '').split(',').filter((one) => one !== '');
  for (const one of asked) {
    if (LEAVES.includes(one)) continue;
    const near = nearest(one, LEAVES);
    throw new InputError({
      message: `--allow is "${one}"`,
      expected: `one or several of ${LEAVES.join(', ')}`,
      ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
    });
  }
  return asked;
}

function objectiveFrom({ cluster }: Problem, s: Settings): Objective {
  const id = objectiveIdFrom(s);
  const prices = pricesFrom(s.price);
  const priced = pricesOf(cluster, prices);
  refuseUnused(prices, priced.used, [cluster]);
  // Of GPUs that are owned an hour costs what the file says of that.
  const byGroup = priced.byGroup.map((price, i) => {
    const group = cluster.groups[i]!;
    const owned = ownershipOf(group, null, priced.sources[i]!);
    return owned === null ? price : ownDollars(group, owned, null);
  });
  const dollars = id === 'tokens-per-dollar' ? allPrices(cluster, { byGroup }) : [];
  return objectiveOf(cluster, { id, prices: dollars });
}

/** --objective. Throws InputError. */
export function objectiveIdFrom(s: Settings): Objective['id'] {
  const asked = s.objective ?? 'time';
  const id = OBJECTIVES.find((one) => one === asked);
  if (id !== undefined) return id;
  const near = /cost|price|dollar|money/.test(asked) ? 'tokens-per-dollar' : nearest(asked, OBJECTIVES);
  throw new InputError({
    message: `--objective is "${asked}"`,
    expected: `one of ${OBJECTIVES.join(', ')}`,
    ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
  });
}

/** `8..512`, or one number; of a cluster of so many GPUs, and no more than --max-gpus allows. */
export function sizesFrom(
  text: string,
  gpus: number,
  { maxGpus }: Pick<SearchOptions, 'maxGpus'>,
): [number, number] {
  const most = Math.min(maxGpus, gpus);
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text.trim());
  // What else a range is written as.
  const [, low, high = low] = /^(\d+)(?:\s*(?:\.{2,3}|[-–:,]|to)\s*(\d+))?$/.exec(text.trim()) ?? [];
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (match === null || from < 1 || to < from || to > most) {
    const inCluster = match !== null && from >= 1 && from <= to && to <= gpus;
    throw new InputError({
      message: `--gpus is "${text}"${inCluster ? ` beside --max-gpus ${maxGpus}` : ''}`,
      expected: `FROM..TO, from 1 to the ${most} GPUs ${most < gpus ? 'that --max-gpus allows' : 'of the cluster'}`,
      hint: inCluster
        ? 'Maybe --gpus alone: it says itself how many GPUs at most.'
        : `Maybe --gpus ${rangeWithin(Number(low), Number(high), most)}.`,
    });
  }
  return [from, to];
}

/** The nearest range that the cluster has; all of it where none was meant. */
function rangeWithin(low: number, high: number, most: number): string {
  const inside = (n: number, otherwise: number) => (n >= 1 ? Math.min(n, most) : otherwise);
  const [from, to] = [inside(low, 1), inside(high, most)].sort((a, b) => a - b) as [number, number];
  return low > most ? `1..${most}` : from === to ? `${from}` : `${from}..${to}`;
}
