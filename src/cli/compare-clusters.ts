import { devicesByGroup, type Plan } from '../domain/plan.ts';
import { FRAMEWORKS, LAUNCHABLE } from '../frameworks/index.ts';
import type { Failures } from '../reliability/outlook.ts';
import { outlookOf } from '../reliability/outlook.ts';
import type { Compared, GroupPrice } from '../reporters/compared.ts';
import { type Objective, objectiveOf } from '../search/space/objective.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from '../search/space/options.ts';
import { groupWorths } from '../session/group-worth.ts';
import { rankedPlans, tiesKept } from '../session/ranked-plans.ts';
import type { Rank } from '../session/steady-first.ts';
import { accepting } from '../session/what-if.ts';
import type { Offered } from './offered.ts';
import { allPrices } from './prices.ts';
import type { Watch } from './watch.ts';

/** How each cluster is searched, and what is asked of its plans. */
export interface ComparisonAsked {
  /** Plans of each cluster. */
  readonly top: number;
  readonly by: Objective['id'];
  readonly rank: Rank;
  /** Only plans that some launcher runs. */
  readonly launchable: boolean;
  readonly failures: Failures | null;
  /** What each node group of a cluster brings. */
  readonly worths: boolean;
}

/** Clusters one after the other, the time that there is shared out over them. */
export async function compareClusters(
  offers: readonly Offered[],
  asked: ComparisonAsked,
  watch: Watch,
): Promise<Compared[]> {
  const all: Compared[] = [];
  const part = 1 / offers.length;
  for (const [i, offer] of offers.entries()) {
    const { name, groups } = offer.problem.cluster;
    const interrupted = watch.interruptedFirstOf(offers.length - i);
    const at = (what: string) =>
      watch.at({ what: `${what}, ${i + 1} of ${offers.length}`, share: i * part, part });
    at(name);
    const options = { ...optionsFor(offer, asked), interrupted, progress: watch.progress };
    const without = (group: number) => at(`${name} without ${groups[group]!.id}`);
    all.push(await compared(offer, asked, options, { pause: watch.pause, without }));
  }
  return all;
}

function optionsFor(
  { problem: { cluster }, launcher, prices }: Offered,
  { top, by, launchable }: ComparisonAsked,
): SearchOptions {
  const byGroup = prices.map(({ dollarsPerGpuHour }) => dollarsPerGpuHour);
  const dollars = by === 'tokens-per-dollar' ? allPrices(cluster, { byGroup }) : [];
  const objective = objectiveOf(cluster, { id: by, prices: dollars });
  return {
    ...DEFAULT_OPTIONS,
    ...{ top, objective, ties: tiesKept({ top, objective }) },
    launcher: launcher ?? (launchable ? LAUNCHABLE : null),
  };
}

async function compared(
  { problem, prices }: Offered,
  { by, rank, failures, worths }: ComparisonAsked,
  options: SearchOptions,
  { pause, without }: Pick<Watch, 'pause'> & { readonly without: (group: number) => void },
): Promise<Compared> {
  const { result, steady, fastest } = await rankedPlans({ problem, pause }, options, rank);
  const [best] = result.plans;
  const pays = by === 'tokens-per-dollar' ? ('used' as const) : ('all' as const);
  const paid = pays === 'all' || best === undefined ? prices : inUse(prices, best.plan);
  return {
    ...{ problem, result, rank, pays, prices: paid, dollarsPerHour: dollarsPerHour(paid) },
    ...(steady === null ? {} : { steady: { choice: steady, fastest: fastest! } }),
    launchers: best === undefined ? [] : accepting(FRAMEWORKS, problem, best),
    worths: worths ? await groupWorths(problem, fastest, options, pause, without) : [],
    outlook:
      failures === null || best === undefined ? null : outlookOf(problem, best.plan, best.estimate, failures),
  };
}

/** Prices of the GPUs in use alone. */
function inUse(prices: readonly GroupPrice[], plan: Plan): GroupPrice[] {
  const used = devicesByGroup(plan);
  return prices.flatMap((price, group) => {
    const gpus = used.get(group);
    return gpus === undefined ? [] : [{ ...price, gpus }];
  });
}

function dollarsPerHour(prices: readonly GroupPrice[]): number | null {
  let sum = 0;
  for (const { gpus, dollarsPerGpuHour } of prices) {
    if (dollarsPerGpuHour === null) return null;
    sum += dollarsPerGpuHour * gpus;
  }
  return sum;
}
