import { deviceCount } from '../domain/cluster.ts';
import type { Legality } from '../domain/legality.ts';
import { devicesOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan, SearchResult, Untaken, WhatIf } from '../domain/search-result.ts';
import { FRAMEWORKS, LAUNCHABLE, launcherOf } from '../frameworks/index.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import { slowLinks } from '../placement/slow-links.ts';
import type { Entry } from '../search/run/entry.ts';
import { search } from '../search/search.ts';
import { byLeave } from '../search/space/by-leave.ts';
import { cannotBe, heldKeys, heldText, without } from '../search/space/cannot.ts';
import { BY_TIME } from '../search/space/objective.ts';
import { ALONE, DEFAULT_OPTIONS, isHeld, NOTHING_HELD, type SearchOptions } from '../search/space/options.ts';
import { freerPlan, idleGroups, WORTH_SAYING } from '../search/what-if.ts';
import { closestFramework, freedomsOf } from './freedoms.ts';

/** What stands beside the plans of a search: idle groups, a freer plan (in entries of which the launcher refused something), node order. */
export function whatIf(
  problem: Problem,
  result: SearchResult,
  options: Partial<SearchOptions>,
  placement: WhatIf['placement'],
  refused?: readonly Entry[],
): WhatIf {
  const best = result.plans[0];
  // Both are told in seconds.
  const { id: objective = 'time' } = options.objective ?? {};
  const byTime = objective === 'time';
  const complete = byTime && result.certificate.cutBy === null;
  const unlike = problem.cluster.groups.length > 1;
  const idle = best !== undefined && devicesOf(best.plan) < deviceCount(problem.cluster);
  const { launcher = null, fix = NOTHING_HELD } = options;
  const { space } = result.certificate;
  const none = best === undefined && complete;
  const free =
    complete && launcher !== null && (unlike || idle || (none && space > 0 && isHeld(fix)))
      ? freePlans(problem, best, options, launcher, refused)
      : NOT_ASKED;
  return {
    ...(objective === 'time' ? {} : { objective }),
    idle: best !== undefined && complete && unlike ? idleGroups(problem, best, options) : [],
    launchers: best === undefined ? [] : accepting(FRAMEWORKS, problem, best),
    ...free,
    cannot: none && space === 0 ? cannotBe(problem, { ...DEFAULT_OPTIONS, ...options }) : [],
    without: none && space > 0 ? plansWithout(problem, options) : [],
    ...(best !== undefined && complete ? unaidedOf(problem, best, options) : {}),
    ...(best !== undefined && result.certificate.cutBy === null
      ? untakenOf(problem, result.plans, options)
      : {}),
    placement,
    slowLinks: best === undefined ? [] : slowLinks(problem, best.plan),
  };
}

/** What the best plan does by leave of --allow, and the best without; nothing where it does no such thing. */
function unaidedOf(
  problem: Problem,
  { plan }: RankedPlan,
  options: Partial<SearchOptions>,
): Pick<WhatIf, 'unaided'> {
  const used = byLeave(plan);
  const { allow = [] } = options;
  if (!used.some((one) => allow.includes(one))) return {};
  const left = allow.filter((one) => !used.includes(one));
  const free = { ...ALONE, allow: left, threshold: Number.POSITIVE_INFINITY };
  const [without] = search(problem, { ...options, ...free }).plans;
  return {
    unaided: {
      allowed: used.join(),
      stepSeconds: without === undefined ? null : without.estimate.stepSeconds,
    },
  };
}

/** What --allow names and the first plan does not do: the best that does, among those that are told or by a search of its own. */
function untakenOf(
  problem: Problem,
  plans: readonly RankedPlan[],
  options: Partial<SearchOptions>,
): Pick<WhatIf, 'untaken'> {
  const { allow = [], objective = BY_TIME } = options;
  const value = ({ plan, estimate }: RankedPlan) => objective.value(plan, estimate);
  const best = plans[0]!;
  const untaken = allow.filter((one) => !byLeave(best.plan).includes(one));
  if (untaken.length === 0) return {};
  const told = (allowed: string, plan: RankedPlan, rank: number | null): Untaken => ({
    ...{ allowed, rank, stepSeconds: plan.estimate.stepSeconds },
    ...{ costShare: value(plan) / value(best) - 1, reason: null },
  });
  return {
    untaken: untaken.flatMap((allowed) => {
      const known = plans.find(({ plan }) => byLeave(plan).includes(allowed));
      if (known !== undefined) return [told(allowed, known, known.rank)];
      const doing = { ...ALONE, doing: allowed, threshold: Number.POSITIVE_INFINITY };
      const { plans: found, certificate } = search(problem, { ...options, ...doing });
      const [plan] = found;
      if (plan !== undefined) return [told(allowed, plan, null)];
      if (certificate.cutBy !== null) return [];
      const reason = certificate.rejected[0]?.example.reason ?? null;
      return [{ allowed, rank: null, stepSeconds: null, costShare: null, reason }];
    }),
  };
}

/** More keys than this are not left out one by one. */
const MOST_HELD = 4;
/** Any plan shows that a key is in the way: the best of the first few is enough. */
const MOST_EVALUATED = 50;

/** Of single keys, or of all together where none alone is in the way. */
function plansWithout(problem: Problem, options: Partial<SearchOptions>): WhatIf['without'] {
  const { fix = NOTHING_HELD } = options;
  const keys = heldKeys(fix);
  const withoutAll = (some: readonly string[]) => {
    const free = { ...ALONE, fix: some.reduce(without, fix), threshold: Number.POSITIVE_INFINITY };
    const [plan] = search(problem, { ...options, ...free, maxEvaluations: MOST_EVALUATED }).plans;
    return plan === undefined ? [] : [{ held: some.map((key) => heldText(fix, key)).join(','), plan }];
  };
  const single = keys.length > MOST_HELD ? [] : keys.flatMap((key) => withoutAll([key]));
  return single.length > 0 || keys.length < 2 ? single : withoutAll(keys);
}

const NOT_ASKED: Pick<WhatIf, 'freer' | 'beyond'> = { freer: null, beyond: null };

/** The best plan of all; where no framework runs it, the best that one runs beside it. */
function freePlans(
  problem: Problem,
  best: RankedPlan | undefined,
  options: Partial<SearchOptions>,
  launcher: Legality,
  refused: readonly Entry[] | undefined,
): Pick<WhatIf, 'freer' | 'beyond'> {
  const asked = launcherOf(launcher.id) ?? null;
  // The rest was looked at, where all that it is searched for is the same: no plan there is better.
  const again =
    options.alikeStages === true || launcher.schedule !== undefined || launcher.layerCut !== undefined
      ? undefined
      : refused;
  const free = freerPlan(problem, best, options, null, again);
  if (free === null) return NOT_ASKED;
  const told = (plan: RankedPlan) => ({
    plan,
    launchers: accepting(FRAMEWORKS, problem, plan),
    freedoms: freedomsOf(problem, plan.plan, asked),
  });
  const freest = told(free);
  if (freest.launchers.length > 0) return { freer: freest, beyond: null };
  const other = asked === null ? null : freerPlan(problem, best, options, LAUNCHABLE, again);
  const closest = closestFramework(problem, free.plan);
  const reason = closest.reject(problem, free.plan);
  const further =
    other === null || free.estimate.stepSeconds < other.estimate.stepSeconds * (1 - WORTH_SAYING);
  return {
    freer: other === null ? null : told(other),
    beyond:
      reason === null || !further
        ? null
        : { plan: free, framework: closest.name, reason, freedoms: freest.freedoms },
  };
}

/** Ids of those that run a plan as it is. */
export function accepting(launchers: readonly Framework[], problem: Problem, { plan }: RankedPlan): string[] {
  return launchers.filter((one) => one.reject(problem, plan) === null).map((one) => one.id);
}
