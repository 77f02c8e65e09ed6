import {
  dimsOf,
  microBatchSizeIn,
  type Pipeline,
  type Plan,
  type ReplicaBlock,
  replicasOf,
  type Stage,
} from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import { shapeOf } from '../evaluate/memory/stage-memory.ts';
import { scheduleOf } from '../schedules/index.ts';
import { scheduleLaw } from '../schedules/schedule.ts';
import { having, outerOf } from '../techniques/index.ts';
import { zero } from '../techniques/zero.ts';
import { soundPlan } from './sound.ts';
import { type Shape, splitLaw } from './split.ts';
import { techniqueLaw } from './techniques.ts';

/** The first law that a plan breaks, whatever the framework: of its devices and layers, its schedule, its techniques, its split. */
export function planLaw(problem: Problem, plan: Plan): Reason | null {
  const sound = soundPlan(problem, plan);
  if (sound !== null) return sound;
  const alone = islandsLaw(plan) ?? boundaryLaw(plan);
  if (alone !== null) return alone;
  for (const pipeline of plan.pipelines) {
    const broken = pipelineLaw(problem, plan, pipeline);
    if (broken !== null) return broken;
  }
  return null;
}

/** What trains apart is a pipeline by itself, and its steps end. */
function islandsLaw({ pipelines, techniques, schedule }: Plan): Reason | null {
  const outer = outerOf(techniques);
  if (outer === null) return null;
  const said = `${outer.steps} steps between synchronisations`;
  if (pipelines.length === 1)
    return {
      rule: 'islands',
      actual: `${said}, one pipeline`,
      limit: 'two pipelines or more, each an island that trains apart',
      hint: 'Maybe --config pipelines=32@west:32x1:8+32@east:32x1:8 with groups of yours.',
    };
  return scheduleOf(schedule).flows === true
    ? { rule: 'islands', actual: `${said}, schedule=${schedule}`, limit: 'a schedule whose steps end' }
    : null;
}

/** What is said of boundaries wants some. */
function boundaryLaw({ pipelines, techniques }: Plan): Reason | null {
  if (pipelines.some(({ stages }) => stages.length > 1)) return null;
  const odd = OF_BOUNDARIES.find(({ of, off, format }) => format(of(techniques)) !== format(off));
  return odd === undefined
    ? null
    : {
        rule: odd.id,
        actual: `${odd.id}=${odd.format(odd.of(techniques))} on one stage`,
        limit: 'pp of 2 or more',
      };
}

const OF_BOUNDARIES = having('boundary');

function pipelineLaw(problem: Problem, plan: Plan, { stages, microBatches }: Pipeline): Reason | null {
  const { dims, schedule, techniques } = plan;
  const perCopy = Math.ceil(microBatches / replicasOf(stages[0]!));
  const order = scheduleLaw(scheduleOf(schedule), shapeOf(plan, stages.length, perCopy), problem.workload);
  if (order !== null) return order;
  for (const stage of stages) {
    const unlike = ownSizes(stages, stage) ?? stateShares(plan, stage);
    if (unlike !== null) return unlike;
    const dp = replicasOf(stage);
    if (dp % dims.dpReplicate !== 0) return replicateLaw(dp, dims.dpReplicate);
    const shapes: Shape[] = stage.replicas.map(({ group, tp }) => ({ group, tp }));
    const apart = oneHost(problem, plan, stage);
    if (apart !== null) return apart;
    const split = splitLaw(problem, { shapes, cp: dims.cp, dp, ep: dims.ep, etp: dims.etp });
    if (split !== null) return split;
    for (const block of stage.replicas) {
      const own = dimsOf(plan, stages.length, stage, block);
      const broken = techniqueLaw(problem, own, techniques, block.microBatches);
      if (broken !== null) return broken;
    }
  }
  return null;
}

const ON_ONE_HOST = having('oneHost');

/** Where a technique has all GPUs share one host's memory. */
function oneHost({ cluster }: Problem, { dims, techniques }: Plan, { replicas }: Stage): Reason | null {
  const asking = ON_ONE_HOST.find((one) => one.oneHost(one.of(techniques)));
  if (asking === undefined) return null;
  const [{ group, firstDevice, count, tp }, ...others] = replicas as [ReplicaBlock, ...ReplicaBlock[]];
  const { firstDevice: first, gpusPerNode } = cluster.groups[group]!;
  const hostOf = (device: number) => Math.floor((device - first) / gpusPerNode);
  const last = firstDevice + count * tp * dims.cp - 1;
  return others.length === 0 && hostOf(firstDevice) === hostOf(last)
    ? null
    : {
        rule: 'one-host',
        actual: `${count} copies over several hosts, or of unlike GPUs`,
        limit: `GPUs of one kind on one host for ${asking.id}`,
        hint: `Maybe dp=${gpusPerNode}.`,
      };
}

/** Copies pass their micro-batches on one by one: only those that pass nothing may have sizes of their own. */
function ownSizes(stages: readonly Stage[], stage: Stage): Reason | null {
  const sizes = new Set(stage.replicas.map((block) => microBatchSizeIn(stage, block)));
  return sizes.size === 1 || stages.length === 1
    ? null
    : {
        rule: 'own-micro-batch',
        actual: `micro-batches of ${[...sizes].join(', ')} sequences on the copies of a stage`,
        limit: 'one size, or a single stage',
        hint: 'Maybe unlike numbers of micro-batches.',
      };
}

/** Parts of the states lie in a row over all copies, whose ranks hold the same slices of each tensor. */
function stateShares({ dims, techniques }: Plan, { replicas }: Stage): Reason | null {
  const parts = new Set(replicas.map(({ stateParts = 1 }) => stateParts));
  if (parts.size === 1) return null;
  const broken = [
    zero.of(techniques) === 0 ? 'nothing sharded' : '',
    dims.dpReplicate > 1 ? `dp-replicate=${dims.dpReplicate}` : '',
    dims.ep > 1 ? `ep=${dims.ep}` : '',
    new Set(replicas.map(({ tp }) => tp)).size > 1 ? 'unlike tensor parallelism' : '',
  ].filter((one) => one !== '');
  return broken.length === 0
    ? null
    : {
        rule: 'state-shares',
        actual: `shares of ${[...parts].join(', ')} parts with ${broken.join(', ')}`,
        limit: 'states sharded over all copies of a stage, of one tensor-parallel size and ep=1',
      };
}

/** Sharded states are kept once by each set of dp / dp-replicate copies. */
export function replicateLaw(dp: number, dpReplicate: number): Reason | null {
  return dp % dpReplicate === 0
    ? null
    : { rule: 'dp-replicate', actual: `dp-replicate=${dpReplicate}`, limit: `a divisor of dp=${dp}` };
}
