import type { Estimate } from '../domain/estimate.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { NearestMiss, SearchResult, WhatIf } from '../domain/search-result.ts';
import type { SteadyChoice } from '../domain/step-range.ts';
import { modelText } from '../plan-text/model-text.ts';
import type { EstimateDocument, Origin } from '../schema/estimate.ts';
import type { PlanDocument } from '../schema/plan.ts';
import { planJson, rankedJson } from './ranked-json.ts';
import type { Told } from './read-in-file.ts';
import { trainingJson } from './training.ts';

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
