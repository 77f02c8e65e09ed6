import type { Estimate, Islands, StageEstimate } from '../domain/estimate.ts';
import { layersOf, microBatchSizeOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { NearestMiss, RankedPlan, SearchResult, WhatIf } from '../domain/search-result.ts';
import { type Disturbed, type SteadyChoice, worstOf } from '../domain/step-range.ts';
import { degreesOf } from '../plan-text/degrees.ts';
import { modelText } from '../plan-text/model-text.ts';
import { planText } from '../plan-text/text.ts';
import type { CostedDocument, EstimateDocument, Origin } from '../schema/estimate.ts';
import type { PlanDocument, RankedDocument } from '../schema/plan.ts';
import { TECHNIQUES } from '../techniques/index.ts';
import type { Told } from './read-in-file.ts';
import { trainingJson } from './training.ts';
import { perSecond } from './unit.ts';

/** The shardwright.plan/2 document. Units stand in the key names; parts sum to their totals. */
export function planDocument(
  problem: Problem,
  result: SearchResult,
  beside: WhatIf,
  origin: Origin,
): PlanDocument {
  return {
    schema: 'shardwright.plan/2',
    ...origin,
    problem: problemJson(problem),
    plans: result.plans.map((ranked) => rankedJson(problem, ranked)),
    evenSplit:
      'rule' in result.evenSplit ? { reason: result.evenSplit } : rankedJson(problem, result.evenSplit),
    nearestMiss: result.nearestMiss === null ? null : missJson(problem, result.nearestMiss),
    launchers: beside.launchers,
    ...(beside.ownStacks === undefined || beside.ownStacks.length === 0
      ? {}
      : {
          ownStacks: beside.ownStacks.map(({ stepSeconds, ...own }) => ({
            ...own,
            stepTimeSeconds: stepSeconds,
          })),
        }),
    idle: beside.idle,
    freer:
      beside.freer === null
        ? null
        : {
            launchers: beside.freer.launchers,
            freedoms: beside.freer.freedoms,
            ...rankedJson(problem, beside.freer.plan),
          },
    beyond:
      beside.beyond === null
        ? null
        : {
            framework: beside.beyond.framework,
            reason: beside.beyond.reason,
            freedoms: beside.beyond.freedoms,
            ...rankedJson(problem, beside.beyond.plan),
          },
    ...(beside.steady === undefined ? {} : { steady: steadyJson(beside.steady) }),
    ...(beside.unaided === undefined || beside.unaided === null
      ? {}
      : { unaided: { allowed: beside.unaided.allowed, stepTimeSeconds: beside.unaided.stepSeconds } }),
    ...(beside.untaken === undefined
      ? {}
      : {
          untaken: beside.untaken.map(({ stepSeconds, ...one }) => ({
            ...one,
            stepTimeSeconds: stepSeconds,
          })),
        }),
    cannot: beside.cannot,
    without: beside.without.map(({ held, plan }) => ({ held, ...rankedJson(problem, plan) })),
    placement: beside.placement,
    slowLinks: beside.slowLinks,
    certificate: result.certificate,
    rejected: Object.fromEntries(result.certificate.rejected.map(({ rule, count }) => [rule, count])),
  };
}

/** The shardwright.estimate/2 document. */
export function estimateDocument(
  problem: Problem,
  plan: Plan,
  estimate: Estimate,
  { inferred, read }: Told,
  origin: Origin,
): EstimateDocument {
  return {
    schema: 'shardwright.estimate/2',
    ...origin,
    problem: problemJson(problem),
    inferred,
    ...(read === undefined ? {} : { from: { file: read.file, configuration: read.words } }),
    ...planJson(problem, plan, estimate),
  };
}

function problemJson({ model, cluster, workload, stack, calibration }: Problem): PlanDocument['problem'] {
  return {
    model: model.name,
    cluster: cluster.name,
    stack: stack.id,
    sequenceLength: workload.sequenceLength,
    globalBatchSize: workload.globalBatchSize,
    precision: workload.precision,
    optimizer: workload.optimizer,
    ...(workload.optimizerOptions === undefined ? {} : { optimizerOptions: workload.optimizerOptions }),
    headroom: workload.headroom,
    ...(workload.headroomBytes === undefined ? {} : { headroomBytes: workload.headroomBytes }),
    ...(workload.packing === undefined ? {} : { packing: workload.packing }),
    ...(workload.routing === undefined ? {} : { routing: workload.routing }),
    ...(workload.models === undefined ? {} : { models: workload.models.map(modelText) }),
    ...(workload.reservedBytes === undefined ? {} : { reservedBytes: workload.reservedBytes }),
    ...(calibration === undefined ? {} : { calibration: calibration.calibration }),
    training: trainingJson(model),
    groups: cluster.groups.map((group) => group.id),
  };
}

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

function steadyJson(choice: SteadyChoice | null): NonNullable<PlanDocument['steady']> | null {
  if (choice === null) return null;
  const { why, stepSeconds, configuration, rank, costShare, under, beyond, kinds } = choice;
  return {
    why,
    costShare,
    fastest: { rank, configuration, stepTimeSeconds: stepSeconds },
    under:
      under === null
        ? null
        : {
            id: under.id,
            name: under.name,
            firstStepTimeSeconds: under.first,
            fastestStepTimeSeconds: under.fastest,
            fastestFits: under.fastestFits,
          },
    beyond,
    kinds,
  };
}

function missJson(problem: Problem, miss: NearestMiss): PlanDocument['nearestMiss'] {
  return { reason: miss.reason, remedy: miss.remedy, ...planJson(problem, miss.plan, miss.estimate) };
}

function planJson(problem: Problem, plan: Plan, estimate: Estimate): CostedDocument {
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
