import { usefulShare } from '../domain/attended-length.ts';
import type { Estimate, HostEstimate, Parts, StageEstimate, Verdict } from '../domain/estimate.ts';
import { total } from '../domain/estimate.ts';
import { layersOf, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { scheduleOf } from '../schedules/index.ts';
import { modelsIn } from '../schedules/schedule.ts';
import { usedDevices } from '../techniques/index.ts';
import { assumptionsOf, pricesOf, provenanceOf, stalenessOf } from './confidence.ts';
import { errorBand } from './error-band.ts';
import { islandsOf } from './islands.ts';
import { elsewhere, hostEstimates } from './memory/host-memory.ts';
import { flowOf, heldAt, shapeOf, stageMemory } from './memory/stage-memory.ts';
import { modelFlopsPerStep, peakFlops } from './model-flops.ts';
import { placed } from './placed.ts';
import { type ProfileCache, profileCache } from './stage-profile.ts';
import { endingParts, type TimedPipeline } from './time/ending-parts.ts';
import { computeParts, criticalParts } from './time/parts.ts';
import { pipelineTime } from './time/pipeline-time.ts';
import { runStages, type StageRun } from './time/stage-run.ts';
import { type StepTail, stepTail } from './time/step-tail.ts';

/** The one evaluator: memory and time of a plan, part by part. `cache` only saves work; it never changes a result. */
export function estimate(given: Problem, plan: Plan, cache: ProfileCache = profileCache()): Estimate {
  const { problem, pipelines, tail } = clocked(given, plan, cache);
  const unscaled = timeParts(problem, plan, pipelines, tail);
  const time = scaleParts(unscaled, problem.stack.timeMultiplier.value);
  const stepSeconds = total(time);
  const { workload } = problem;
  const modelFlops = modelFlopsPerStep(problem);
  const stages = pipelines.flatMap(({ stages: runs }, index) => stageEstimates(problem, plan, index, runs));
  const hosts = hostsOf(problem, plan, pipelines);
  return {
    stepSeconds,
    time,
    tokensPerSecond:
      (workload.globalBatchSize * workload.sequenceLength * usefulShare(workload)) / stepSeconds,
    mfu: modelFlops / stepSeconds / peakFlops(problem, plan),
    modelFlopsPerStep: modelFlops,
    stages,
    hosts,
    verdict: worst(stages, hosts),
    band: errorBand(problem, plan),
    weakestProvenance: provenanceOf(problem, plan),
    assumptions: assumptionsOf(problem, plan),
    convergence: pricesOf(problem, plan),
    staleness: stalenessOf(plan),
    islands: islandsOf(problem, plan, pipelines, unscaled),
  };
}

/** Every pipeline of a plan on the clock, and what follows the last of them; the problem with its nodes as the plan has them. */
export function clocked(given: Problem, plan: Plan, cache: ProfileCache = profileCache()) {
  const problem = placed(given, plan);
  const pipelines = plan.pipelines.map((pipeline, index): TimedPipeline => {
    const stages = runStages(problem, plan, index, cache);
    return { stages, time: pipelineTime(problem, plan, pipeline, stages) };
  });
  return { problem, pipelines, tail: stepTail(problem, plan, pipelines) };
}

/** How long a plan's step takes, and nothing else. */
export function stepSecondsOf(given: Problem, plan: Plan, cache: ProfileCache = profileCache()): number {
  const { problem, pipelines, tail } = clocked(given, plan, cache);
  return total(scaleParts(timeParts(problem, plan, pipelines, tail), problem.stack.timeMultiplier.value));
}

/** Whether a plan fits, without timing it. */
export function memoryVerdict(given: Problem, plan: Plan, cache: ProfileCache = profileCache()): Verdict {
  const problem = placed(given, plan);
  const pipelines = plan.pipelines.map((_, index) => ({ stages: runStages(problem, plan, index, cache) }));
  return worst(
    pipelines.flatMap(({ stages }, index) => stageEstimates(problem, plan, index, stages)),
    hostsOf(problem, plan, pipelines),
  );
}

function scaleParts(parts: Parts, factor: number): Parts {
  return Object.fromEntries(Object.entries(parts).map(([name, seconds]) => [name, seconds * factor]));
}

/** The pipeline that ends last, its busiest stage part by part, what it waits, and the end of the step. */
function timeParts(problem: Problem, plan: Plan, pipelines: readonly TimedPipeline[], tail: StepTail): Parts {
  const last = pipelines[tail.criticalPipeline]!;
  const parts = criticalParts(last.stages, last.time, modelsIn(scheduleOf(plan.schedule)));
  const bubble = Math.max(0, tail.pipelineSeconds - total(parts));
  return { ...parts, 'pipeline bubble': bubble, ...endingParts(problem, plan, pipelines, tail) };
}

function stageEstimates(
  { stack }: Problem,
  plan: Plan,
  index: number,
  runs: readonly StageRun[],
): StageEstimate[] {
  const { stages } = plan.pipelines[index]!;
  const flow = flowOf(plan.schedule, shapeOf(plan, stages.length, runs[0]!.microBatches));
  return runs.flatMap(({ ends, blocks }, s) =>
    blocks.map(
      ({ block, profile, content, chunks }): StageEstimate => ({
        pipeline: index,
        stage: s,
        group: block.group,
        devices: block.count * block.tp * plan.dims.cp,
        tp: block.tp,
        layers: layersOf(stages[s]!),
        compute: scaleParts(computeParts(chunks), stack.timeMultiplier.value),
        memory: stageMemory(profile, content, ends, flow[s]!),
      }),
    ),
  );
}

/** Empty, and no work, where a plan has everything on its GPUs. */
function hostsOf(
  { workload: { models = [] } }: Problem,
  plan: Plan,
  pipelines: readonly { readonly stages: readonly StageRun[] }[],
): HostEstimate[] {
  if (usedDevices(plan.techniques).size === 0 && !models.some(({ offloaded }) => offloaded)) return [];
  const keepers = pipelines.flatMap(({ stages }) => {
    const flow = flowOf(plan.schedule, shapeOf(plan, stages.length, stages[0]!.microBatches));
    return stages.flatMap(({ ends, blocks }, s) =>
      blocks.flatMap(({ block, profile, content }) => {
        const { fronts, ...kept } = flow[s]!;
        const { terms } = heldAt(profile, { chunks: content.length, ends, ...kept });
        const { firstDevice } = block;
        const devices = block.count * block.tp * plan.dims.cp;
        return elsewhere(terms, content, fronts).map((one) => ({ ...one, profile, firstDevice, devices }));
      }),
    );
  });
  return hostEstimates(keepers);
}

function worst(stages: readonly StageEstimate[], hosts: readonly HostEstimate[]): Verdict {
  let verdict: Verdict = 'fits';
  for (const one of [...stages.map(({ memory }) => memory), ...hosts]) {
    if (one.verdict === 'does-not-fit') return 'does-not-fit';
    if (one.verdict === 'tight') verdict = 'tight';
  }
  return verdict;
}
