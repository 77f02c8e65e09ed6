import type { BesideModel } from '../domain/beside-model.ts';
import type { ParallelDims } from '../domain/parallel-dims.ts';
import type { Problem } from '../domain/problem.ts';
import { processGroups } from '../hardware/process-groups.ts';
import { isMoe } from '../layers/layer.ts';
import { contextExchange } from '../techniques/context-exchange.ts';
import { recompute } from '../techniques/recompute.ts';
import { sequenceParallel } from '../techniques/sequence-parallel.ts';
import type { StageContext } from '../techniques/technique.ts';
import { zero } from '../techniques/zero.ts';
import { remembered, rememberedOf } from '../units/remembered.ts';
import { localShape } from './context.ts';
import { type ProfileCache, profileCache, profileIn, type StageProfile } from './stage-profile.ts';

const ALONE: ParallelDims = { tp: 1, cp: 1, pp: 1, dpReplicate: 1, dpShard: 1, ep: 1, etp: 1, vpp: 1 };

/** Techniques of the plan that a model beside it shares; how the trained one works out its loss and what it offloads is its own. */
const SHARED = [sequenceParallel, contextExchange, zero, recompute] as const;

/** A problem has the same models beside it for all of a search. */
const caches = new WeakMap<Problem, Map<BesideModel, ProfileCache>>();

/** Layers and ends of a model beside, on the GPUs of a stage of the trained one. */
export function besideProfile(one: BesideModel, context: StageContext): StageProfile {
  const { group, dims: trained, microBatchSize, techniques: all } = context;
  const { models: _, packing: __, ...workload } = context.problem.workload;
  const { layerProfile: ___, ...given } = context.problem;
  const problem: Problem = {
    ...given,
    model: one.model,
    workload: { ...workload, precision: one.precision },
  };
  const experts = isMoe(one.model) ? { ep: trained.ep, etp: trained.etp } : { ep: 1, etp: 1 };
  const dims: ParallelDims = one.whole ? ALONE : { ...trained, ...experts, vpp: 1 };
  const techniques = one.whole
    ? {}
    : Object.fromEntries(SHARED.flatMap(({ id }) => (id in all ? [[id, all[id]]] : [])));
  const copies = [{ firstDevice: group.firstDevice, tp: 1, count: 1 }];
  const known = rememberedOf(caches, context.problem, () => new Map<BesideModel, ProfileCache>());
  const whole: StageContext = {
    ...context,
    problem,
    dims,
    schedule: '1f1b',
    techniques,
    ...(one.whole ? { stateShare: null } : {}),
    local: localShape(problem, { dims, microBatchSize, techniques }),
    groups: one.whole ? processGroups(problem.cluster, copies, 0, ALONE) : context.groups,
  };
  return profileIn(
    whole,
    remembered(known, one, () => profileCache()),
  );
}
