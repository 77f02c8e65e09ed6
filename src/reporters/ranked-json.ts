import type { Estimate, Islands, StageEstimate } from '../domain/estimate.ts';
import { layersOf, microBatchSizeOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { type Disturbed, worstOf } from '../domain/step-range.ts';
import { degreesOf } from '../plan-text/degrees.ts';
import { planText } from '../plan-text/text.ts';
import type { CostedDocument } from '../schema/estimate.ts';
import type { RankedDocument } from '../schema/plan.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import { perSecond } from './unit.ts';

/** A plan among others, as every document has it. */
export function rankedJson(problem: Problem, ranked: RankedPlan): RankedDocument {
  return {
    rank: ranked.rank,
    family: ranked.family,
    tiedWithBest: ranked.tiedWithBest,
    ...planJson(problem, ranked.plan, ranked.estimate),
    variants: ranked.variants.map(({ plan, stepSeconds }): RankedDocument['variants'][number] => ({
      configuration: planText(problem, plan),
      stepTimeSeconds: stepSeconds,
    })),
    partition: ranked.partition,
    ...(ranked.disturbed === undefined
      ? {}
      : { range: rangeJson(ranked.estimate.stepSeconds, ranked.disturbed) }),
  };
}

/** From the step as stated to the worst, and which disturbance that is. */
export function rangeJson(
  stepSeconds: number,
  disturbed: readonly Disturbed[],
): NonNullable<RankedDocument['range']> {
  const worst = worstOf(stepSeconds, disturbed);
  return {
    worst: worst === null ? null : worst.id,
    worstStepTimeSeconds: worst?.stepSeconds ?? stepSeconds,
    fits: disturbed.every(({ fits }) => fits),
    disturbances: disturbed.map(({ id, name, stepSeconds, fits }) => ({
      ...{ id, name, stepTimeSeconds: stepSeconds, fits },
    })),
  };
}

/** A plan and its estimate. */
export function planJson(problem: Problem, plan: Plan, estimate: Estimate): CostedDocument {
  return {
    configuration: planText(problem, plan),
    stepTimeSeconds: estimate.stepSeconds,
    ...perSecond(problem.model, estimate.tokensPerSecond),
    mfu: estimate.mfu,
    modelFlopsPerStep: estimate.modelFlopsPerStep,
    errorBand: estimate.band,
    verdict: estimate.verdict,
    parallel: degreesOf(plan),
    microBatchSize: microBatchSizeOf(plan),
    numMicroBatches: plan.pipelines[0]!.stages[0]!.replicas[0]!.microBatches,
    techniques: Object.fromEntries(TECHNIQUES.map(({ id, of }) => [id, of(plan.techniques)])),
    schedule: plan.schedule,
    time: estimate.time,
    stages: estimate.stages.map((stage) => stageJson(problem, plan, stage)),
    ...(estimate.hosts.length === 0
      ? {}
      : {
          hosts: estimate.hosts.map(({ group, bytes, limitBytes, ...rest }) => ({
            ...rest,
            group: problem.cluster.groups[group]!.id,
            memoryBytes: bytes,
            memoryLimitBytes: limitBytes,
          })),
        }),
    weakestProvenance: estimate.weakestProvenance,
    assumptions: estimate.assumptions,
    ...(estimate.convergence.length === 0 ? {} : { convergence: estimate.convergence }),
    ...(estimate.staleness === null ? {} : { staleness: estimate.staleness }),
    ...(estimate.islands === null ? {} : { islands: islandsJson(problem, estimate.islands) }),
    plan,
  };
}

function islandsJson(
  { cluster }: Problem,
  { islands, ...sync }: Islands,
): NonNullable<CostedDocument['islands']> {
  return {
    ...sync,
    islands: islands.map(({ groups, ...one }) => ({
      groups: groups.map((index) => cluster.groups[index]!.id),
      ...one,
    })),
  };
}

function stageJson(
  { cluster }: Problem,
  { pipelines }: Plan,
  { pipeline, stage, memory, ...rest }: StageEstimate,
): CostedDocument['stages'][number] {
  const group = cluster.groups[rest.group]!;
  const planned = pipelines[pipeline]!.stages[stage]!;
  return {
    pipeline,
    stage,
    layers: layersOf(planned),
    chunks: planned.chunks,
    gpuType: group.gpu.id,
    group: group.id,
    devices: rest.devices,
    tp: rest.tp,
    peakMemoryBytes: memory.deviceBytes,
    peakMemoryIntervalBytes: memory.deviceIntervalBytes,
    memoryLimitBytes: memory.limitBytes,
    allocatedBytes: memory.allocatedBytes,
    reservedBytes: memory.reservedBytes,
    peakAt: memory.peakAt,
    verdict: memory.verdict,
    memory: {
      ...memory.allocated,
      'allocator reserve': memory.reservedBytes - memory.allocatedBytes,
      'context and communicators': memory.deviceBytes - memory.reservedBytes,
    },
    computeSeconds: rest.compute,
  };
}
