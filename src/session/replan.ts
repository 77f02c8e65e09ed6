import type { Estimate } from '../domain/estimate.ts';
import { InputError } from '../domain/input-error.ts';
import type { Legality } from '../domain/legality.ts';
import { groupsOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { withoutHosts } from '../domain/without-hosts.ts';
import { estimate } from '../evaluate/estimate.ts';
import { usualSaving } from '../reliability/checkpoint.ts';
import { heldStates } from '../reliability/held-states.ts';
import { bytesHeld, type Held, movesBetween, survives } from '../reliability/moves.ts';
import { modelBytes } from '../reliability/part-bytes.ts';
import { type Carried, lostPlaces, rerouted, withoutCopies } from '../reliability/repairs.ts';
import { search } from '../search/search.ts';
import { byLeave } from '../search/space/by-leave.ts';
import { ALONE, type Held as HeldDims } from '../search/space/options.ts';
import { zero } from '../techniques/zero.ts';

export interface ReplanAsked {
  readonly lost: ReadonlySet<string>;
  readonly launcher: Legality | null;
  /** To notice the loss and start a job again. */
  readonly restartSeconds: number;
  /** Until the hosts are back. */
  readonly repairSeconds: number;
  /** Bytes/s at which all ranks together load a checkpoint; null: as usual. */
  readonly storage: number | null;
  /** Hosts that stand by. */
  readonly spares: number;
}

/** What one way of going on yields until the lost hosts are back. */
export interface Repair {
  readonly id: 'spare' | 'best' | 'same-shards' | 'reroute' | 'drop-copies';
  /** null: the plan as it was. */
  readonly plan: RankedPlan | null;
  readonly stepSeconds: number;
  readonly tokensPerSecond: number;
  readonly movedBytes: number;
  readonly movedSeconds: number;
  /** States are lost: all goes back to the last checkpoint. */
  readonly fromCheckpoint: boolean;
  readonly downSeconds: number;
  /** Tokens a second until the hosts are back, the time down counted. */
  readonly yield: number;
}

export interface Replan {
  readonly before: { readonly plan: Plan; readonly estimate: Estimate };
  readonly rest: Problem;
  /** Ranks that were on the lost hosts. */
  readonly lostRanks: number;
  readonly survives: boolean;
  /** Held by the search of `same-shards`. */
  readonly rules: HeldDims;
  /** The one that yields most first. */
  readonly repairs: readonly Repair[];
  readonly refused: readonly { readonly id: Repair['id']; readonly reason: Reason }[];
}

/** A communicator made anew, and the step that was lost (torchft's reconfiguration takes less than a second). */
const RECONFIGURED = 1;

/** What to do when hosts are lost: each way with what it moves and yields. Throws InputError where no host is left. */
export function replan(problem: Problem, plan: Plan, asked: ReplanAsked): Replan {
  const { lost } = asked;
  if (problem.cluster.groups.every(({ hosts }) => hosts.every((host) => lost.has(host))))
    throw new InputError({ message: '--lost names every host', expected: 'hosts that are left' });
  const rest = { ...problem, cluster: withoutHosts(problem.cluster, lost) };
  const costed = estimate(problem, plan);
  const bytes = modelBytes(problem);
  const held = heldStates(problem, plan, bytes);
  const gone = lostPlaces(problem, plan, lost);
  const kept = survives(held, lost);
  const rules = shardRules(plan);
  const repairs: Repair[] = [];
  const refused: { id: Repair['id']; reason: Reason }[] = [];
  const add = (id: Repair['id'], found: Repair | Reason) => {
    if ('rule' in found) refused.push({ id, reason: found });
    else repairs.push(found);
  };
  const moving = (after: Held) => restarted(problem, asked, { before: held, after, kept });
  const anew = (id: 'best' | 'same-shards', fix?: HeldDims): Repair | Reason => {
    const options = { ...ALONE, launcher: asked.launcher, allow: byLeave(plan) };
    const { plans, certificate } = search(rest, fix === undefined ? options : { ...options, fix });
    const [best] = plans;
    if (best === undefined) return certificate.rejected[0]?.example.reason ?? NOTHING_FITS;
    const { stepSeconds, tokensPerSecond } = best.estimate;
    const after = heldStates(rest, best.plan, bytes);
    return repair(asked, { id, plan: best, stepSeconds, tokensPerSecond, ...moving(after) });
  };
  const carried = (id: 'reroute' | 'drop-copies', one: Carried | Reason): Repair | Reason =>
    'rule' in one
      ? one
      : repair(asked, {
          ...{ id, plan: null, stepSeconds: one.stepSeconds, movedBytes: 0, movedSeconds: 0 },
          tokensPerSecond: (costed.tokensPerSecond * one.batchShare * costed.stepSeconds) / one.stepSeconds,
          fromCheckpoint: false,
          downSeconds: costed.stepSeconds + RECONFIGURED,
        });
  if (gone.length > 0) {
    add('spare', spare(problem, plan, costed, asked, held, kept));
    const [free, ruled] = [anew('best'), anew('same-shards', rules)];
    add('best', better(free, ruled));
    add('same-shards', ruled);
    add('reroute', carried('reroute', rerouted(plan, costed, gone)));
    add('drop-copies', carried('drop-copies', withoutCopies(plan, costed, gone)));
  }
  repairs.sort((a, b) => b.yield - a.yield);
  return {
    before: { plan, estimate: costed },
    rest,
    lostRanks: gone.length,
    survives: kept,
    rules,
    repairs,
    refused,
  };
}

const NOTHING_FITS: Reason = {
  rule: 'no-plan',
  actual: 'no configuration of what is left',
  limit: 'one that fits',
};

/** What is held may be what a free search does not try of itself. */
function better(free: Repair | Reason, ruled: Repair | Reason): Repair | Reason {
  if ('rule' in ruled || (!('rule' in free) && free.stepSeconds <= ruled.stepSeconds)) return free;
  return { ...ruled, id: 'best' };
}

/** Degrees that share out tensors and experts stay, and whether copies share states: layers and copies alone may move. */
function shardRules({ pipelines, dims, techniques, schedule }: Plan): HeldDims {
  const tps = new Set(
    pipelines.flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas.map(({ tp }) => tp))),
  );
  const { cp, ep, etp } = dims;
  const [tp] = tps;
  const staged = pipelines.some(({ stages }) => stages.length > 1) && dims.vpp === 1;
  return {
    counts: { cp, ep, etp, ...(tps.size === 1 ? { tp: tp! } : {}) },
    techniques: { [zero.id]: zero.of(techniques) },
    ...(staged && schedule !== '1f1b' ? { schedule } : {}),
  };
}

interface Restarted {
  readonly before: Held;
  readonly after: Held;
  readonly kept: boolean;
}

/** A job that starts again: states come from GPUs that have them, or all of them from the last checkpoint. */
function restarted(
  { cluster }: Problem,
  { lost, restartSeconds, storage }: ReplanAsked,
  { before, after, kept }: Restarted,
): Pick<Repair, 'movedBytes' | 'movedSeconds' | 'fromCheckpoint' | 'downSeconds'> {
  const hosts = cluster.groups.reduce((sum, { nodes }) => sum + nodes, 0);
  const usual = usualSaving(hosts);
  const rate = storage ?? (usual.kind === 'stall' ? Number.POSITIVE_INFINITY : usual.bandwidth);
  const bytes = bytesHeld(after);
  const moved = kept ? movesBetween(before, after, lost, cluster) : { bytes, seconds: bytes / rate };
  return {
    movedBytes: moved.bytes,
    movedSeconds: moved.seconds,
    fromCheckpoint: !kept,
    downSeconds: restartSeconds + moved.seconds,
  };
}

function repair({ repairSeconds }: ReplanAsked, one: Omit<Repair, 'yield'>): Repair {
  const working = Math.max(0, 1 - one.downSeconds / repairSeconds);
  return { ...one, yield: one.tokensPerSecond * working };
}

/** The plan as it was, on hosts that stood by: they get what was lost. */
function spare(
  problem: Problem,
  plan: Plan,
  costed: Estimate,
  asked: ReplanAsked,
  held: Held,
  kept: boolean,
): Repair | Reason {
  const { lost, spares } = asked;
  const used = new Set(groupsOf(plan).flatMap((index) => problem.cluster.groups[index]!.hosts));
  const needed = [...lost].filter((host) => used.has(host)).length;
  if (spares < needed)
    return {
      rule: 'spares',
      actual: `--spares ${spares}`,
      limit: `${needed}: a host for each that is lost`,
      hint: 'Maybe --spares, where hosts stand by.',
    };
  // In the places of those that are lost, with nothing yet.
  const left = new Map([...held].filter(([gpu]) => !lost.has(gpu.slice(0, gpu.lastIndexOf('/')))));
  const { stepSeconds, tokensPerSecond } = costed;
  const moved = restarted(problem, asked, { before: left, after: held, kept });
  return repair(asked, { id: 'spare', plan: null, stepSeconds, tokensPerSecond, ...moved });
}
