import type { Estimate } from '../domain/estimate.ts';
import { total } from '../domain/estimate.ts';
import type { Plan } from '../domain/plan.ts';
import { replicasOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { type Place, placesOf, seatsOf } from '../launch-folder/ranks.ts';
import { zero } from '../techniques/zero.ts';

/** A step that goes on without some hosts, nothing moved. Seconds; the share of the batch that it still trains. */
export interface Carried {
  readonly stepSeconds: number;
  readonly batchShare: number;
}

/** Ranks of a plan on hosts that are lost. */
export function lostPlaces({ cluster }: Problem, plan: Plan, lost: ReadonlySet<string>): Place[] {
  const seats = seatsOf(cluster, plan);
  return placesOf(plan).filter((_, rank) => lost.has(seats[rank]!.host));
}

/**
 * Whole copies of the model are left out until their hosts are back, and the batch is as much smaller: torchft's quorum, over sets of
 * sharded states (dp-replicate).
 */
export function withoutCopies(plan: Plan, costed: Estimate, gone: readonly Place[]): Carried | Reason {
  const copies = replicasOf(plan.pipelines[0]!.stages[0]!);
  const sharded = zero.of(plan.techniques) > 0;
  const sets = sharded ? plan.dims.dpReplicate : copies;
  if (plan.pipelines.length > 1)
    return reason('copies-alike', `${plan.pipelines.length} unlike pipelines`, 'copies that are alike');
  if (sets === 1)
    return reason(
      'replica-sets',
      sharded ? `${copies} copies share one set of states` : 'one copy',
      'two or more sets of states',
      sharded ? 'Maybe dp-replicate=2.' : 'Maybe dp=2.',
    );
  const stopped = new Set(gone.map(({ dp }) => Math.floor(dp / (copies / sets)))).size;
  return stopped === sets
    ? reason('replica-sets', `all ${sets} sets of states are hit`, 'one that is whole')
    : { stepSeconds: costed.stepSeconds, batchShare: 1 - stopped / sets };
}

/**
 * The other copies of a stage take on the micro-batches of those it lost, in the pipeline's bubble as far as that reaches (ReCycle): d − k
 * of d copies have as much more to do as d/(d − k) says.
 */
export function rerouted(plan: Plan, costed: Estimate, gone: readonly Place[]): Carried | Reason {
  if (plan.pipelines.length > 1)
    return reason('copies-alike', `${plan.pipelines.length} unlike pipelines`, 'copies that are alike');
  if (zero.of(plan.techniques) > 0)
    return reason('whole-states', 'states sharded over copies', 'sharding none: each copy has its own');
  const { stages } = plan.pipelines[0]!;
  const { 'pipeline bubble': bubble = 0 } = costed.time;
  const busy = total(costed.time) - bubble - onceAStep(costed);
  let later = 0;
  for (const [stage, one] of stages.entries()) {
    const copies = replicasOf(one);
    const lost = new Set(gone.filter((place) => place.stage === stage).map(({ dp }) => dp)).size;
    if (lost === copies)
      return reason('whole-states', `all ${copies} copies of stage ${stage} are lost`, 'one that is left');
    later = Math.max(later, (busy * lost) / (copies - lost) - bubble);
  }
  return { stepSeconds: costed.stepSeconds + Math.max(0, later), batchShare: 1 };
}

/** What follows the last backward, and stands beside all passes. */
function onceAStep({ time }: Estimate): number {
  const once = ['gradient reduction', 'parameter gathering', 'optimizer', 'step overhead'];
  return once.reduce((sum, part) => sum + (time[part] ?? 0), 0);
}

function reason(rule: string, actual: string, limit: string, hint?: string): Reason {
  return hint === undefined ? { rule, actual, limit } : { rule, actual, limit, hint };
}
