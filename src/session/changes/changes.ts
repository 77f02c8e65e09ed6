import type { Estimate, StageEstimate } from '../../domain/estimate.ts';
import type { Change, LinkEffect } from '../../domain/explanation.ts';
import type { Legality } from '../../domain/legality.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { estimate } from '../../evaluate/estimate.ts';
import { type Configuration, parseConfiguration } from '../../plan-text/configuration.ts';
import { planOf } from '../../plan-text/plan-of.ts';
import { chunkLayers, planText } from '../../plan-text/text.ts';
import { search } from '../../search/search.ts';
import { ALONE } from '../../search/space/options.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import { difference } from './difference.ts';
import { fasterLinks, purchases } from './hardware.ts';
import { neighbours, otherDegrees } from './neighbours.ts';

/** Cuts of other degrees are looked for so long: they are asked for one after the other. */
const MOST_EVALUATED = 12;

/** Of the step: changes below it are none. */
const LEAST = 5e-4;

/**
 * What single changes of a plan and of its cluster would do, each asked of the evaluator: other values of techniques, micro-batches,
 * schedules, layers moved, degrees exchanged (their layers cut anew); cards added, the next faster network. Only what the launcher runs.
 */
export function changesOf(problem: Problem, plan: Plan, now: Estimate, launcher: Legality | null): Change[] {
  const before = planText(problem, plan);
  const base = parseConfiguration(before);
  const asNow = { schedule: plan.schedule, techniques: { ...base.techniques, ...plan.techniques } };
  const others = [
    ...neighbours(problem, plan, base).flatMap((one) => plansOf(problem, one)),
    ...otherDegrees(base).flatMap((counts) => cutAnew(problem, counts, asNow, launcher)),
    // The same degrees, all else free.
    ...(base.pipelines === undefined && base.tensorParallel === undefined
      ? cutAnew(problem, base.counts, {}, launcher)
      : []),
  ];
  const seen = new Set([before]);
  const configurations = others.flatMap((other): Change[] => {
    const changed = { ...other, nodeOrder: plan.nodeOrder };
    const after = planText(problem, changed);
    if (seen.has(after) || (launcher !== null && launcher.reject(problem, changed) !== null)) return [];
    seen.add(after);
    const what = difference(before, after, usualOf(changed)) ?? after;
    return [
      changeOf(problem, estimate(problem, changed), now, {
        kind: 'configuration',
        what,
        configuration: after,
      }),
    ];
  });
  const hardware = purchases(problem.cluster, plan).map(({ what, cluster }) =>
    changeOf(problem, estimate({ ...problem, cluster }, plan), now, {
      kind: 'hardware',
      what,
      configuration: before,
    }),
  );
  return [...configurations, ...hardware]
    .filter(({ effect }) => Math.abs(effect) >= LEAST)
    .sort((a, b) => a.stepSeconds - b.stepSeconds || (a.what < b.what ? -1 : 1));
}

/** What twice the rate of each link would save, the most first. */
export function linkEffects(problem: Problem, plan: Plan, now: Estimate): LinkEffect[] {
  return fasterLinks(problem.cluster, plan)
    .map(({ what, cluster }) => ({
      link: what,
      effect: estimate({ ...problem, cluster }, plan).stepSeconds / now.stepSeconds - 1,
    }))
    .sort((a, b) => a.effect - b.effect || (a.link < b.link ? -1 : 1));
}

function plansOf(problem: Problem, configuration: Configuration): Plan[] {
  const outcome = planOf(problem, configuration);
  return 'rule' in outcome ? [] : [outcome.plan];
}

/** The best plan of these degrees with what is held. */
function cutAnew(
  problem: Problem,
  counts: Configuration['counts'],
  { schedule, techniques = {} }: { readonly schedule?: string; readonly techniques?: Plan['techniques'] },
  launcher: Legality | null,
): Plan[] {
  const { plans } = search(problem, {
    fix: { counts, techniques, ...(schedule === undefined ? {} : { schedule }) },
    launcher,
    ...ALONE,
    maxEvaluations: MOST_EVALUATED,
  });
  return plans.map(({ plan }) => plan);
}

/** What a configuration says of itself where its text leaves it out. */
function usualOf(plan: Plan): Record<string, string> {
  const { schedule, techniques, dims } = plan;
  return {
    schedule,
    layers: chunkLayers(plan).join('/'),
    ep: `${dims.ep}`,
    etp: `${dims.etp}`,
    'dp-replicate': `${dims.dpReplicate}`,
    ...Object.fromEntries(TECHNIQUES.map(({ id, of, format }) => [id, format(of(techniques))])),
  };
}

function changeOf(
  { cluster }: Problem,
  { stepSeconds, stages, verdict }: Estimate,
  now: Estimate,
  which: Pick<Change, 'kind' | 'what' | 'configuration'>,
): Change {
  const room = ({ memory }: StageEstimate) => memory.limitBytes - memory.deviceBytes;
  const fullest = stages.reduce((a, b) => (room(b) < room(a) ? b : a));
  return {
    ...which,
    stepSeconds,
    effect: stepSeconds / now.stepSeconds - 1,
    verdict,
    roomBytes: room(fullest),
    stage: fullest.stage,
    group: cluster.groups[fullest.group]!.id,
  };
}
