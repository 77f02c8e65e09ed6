import type { Estimate, Parts, StageEstimate, Verdict } from '../domain/estimate.ts';
import { total } from '../domain/estimate.ts';
import { reordered } from '../domain/node-order.ts';
import type { Plan } from '../domain/plan.ts';
import { type Ends, endsOf, layersOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { assumptionsOf, provenanceOf } from './confidence.ts';
import { errorBand } from './error-band.ts';
import { modelFlopsPerStep, peakFlops } from './model-flops.ts';
import { computeParts, criticalParts } from './parts.ts';
import { type PipelineTime, pipelineTime } from './pipeline-time.ts';
import { stageMemory } from './stage-memory.ts';
import type { ProfileCache } from './stage-profile.ts';
import { type BlockRun, runStages, type StageRun } from './stage-run.ts';
import { type StepTail, stepTail } from './step-tail.ts';

/** The one evaluator: memory and time of a plan, part by part. `cache` only saves work; it never changes a result. */
export function estimate(given: Problem, plan: Plan, cache?: ProfileCache): Estimate {
  const problem =
    plan.nodeOrder === null ? given : { ...given, cluster: reordered(given.cluster, plan.nodeOrder) };
  const pipelines = plan.pipelines.map((_, index) => {
    const stages = runStages(problem, plan, index, cache);
    return { stages, time: pipelineTime(problem, plan, index, stages) };
  });
  const tail = stepTail(problem, plan, pipelines);
  const time = scaleParts(timeParts(problem, pipelines, tail), problem.stack.timeMultiplier.value);
  const stepSeconds = total(time);
  const { workload } = problem;
  const modelFlops = modelFlopsPerStep(problem);
  const stages = pipelines.flatMap(({ stages: runs, time: timing }, index) => {
    const ends = endsOf(plan, plan.pipelines[index]!);
    return runs.flatMap((run, s) =>
      run.blocks.map((block) => stageEstimate(problem, plan, block, timing, ends[s]!)),
    );
  });
  return {
    stepSeconds,
    time,
    tokensPerSecond: (workload.globalBatchSize * workload.sequenceLength) / stepSeconds,
    mfu: modelFlops / stepSeconds / peakFlops(problem, plan),
    modelFlopsPerStep: modelFlops,
    stages,
    verdict: worst(stages),
    band: errorBand(problem, plan),
    weakestProvenance: provenanceOf(problem, plan),
    assumptions: assumptionsOf(problem, plan),
  };
}

function scaleParts(parts: Parts, factor: number): Parts {
  return Object.fromEntries(Object.entries(parts).map(([name, seconds]) => [name, seconds * factor]));
}

/** The pipeline that ends last, its busiest stage part by part, what it waits, and the end of the step. */
function timeParts(
  problem: Problem,
  pipelines: readonly { stages: readonly StageRun[]; time: PipelineTime }[],
  tail: StepTail,
): Parts {
  const last = pipelines[tail.criticalPipeline]!;
  const parts = criticalParts(last.stages, last.time);
  const busy = total(parts);
  const bubble = Math.max(0, tail.pipelineSeconds - busy);
  return {
    ...parts,
    'pipeline bubble': bubble,
    'gradient reduction': tail.gradientReduce,
    'parameter gathering': tail.parameterGather,
    optimizer: tail.optimizer,
    'step overhead': problem.stack.host.secondsPerStep,
  };
}

function stageEstimate(
  problem: Problem,
  plan: Plan,
  run: BlockRun,
  timing: PipelineTime,
  ends: Ends,
): StageEstimate {
  const stage = plan.pipelines[run.pipeline]!.stages[run.stage]!;
  return {
    pipeline: run.pipeline,
    stage: run.stage,
    group: run.block.group,
    devices: run.block.count * run.block.tensorParallel * plan.contextParallel,
    tensorParallel: run.block.tensorParallel,
    layers: layersOf(stage),
    compute: computeParts(run.chunks),
    memory: stageMemory(problem, plan, run, timing.inFlight[run.stage]!, ends),
  };
}

function worst(stages: readonly StageEstimate[]): Verdict {
  let verdict: Verdict = 'fits';
  for (const { memory } of stages) {
    if (memory.verdict === 'does-not-fit') return 'does-not-fit';
    if (memory.verdict === 'tight') verdict = 'tight';
  }
  return verdict;
}
