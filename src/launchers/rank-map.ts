import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { hostRuns } from './ranks.ts';

/**
 * One line a global rank. Ranks run through the stages of a pipeline; inside a stage tensor parallelism is innermost, then
 * context, then data parallelism, and the expert grid tiles the same ranks as etp, ep and copies (Megatron's tp-cp-ep-dp-pp).
 */
export function rankMap({ cluster }: Problem, plan: Plan): string {
  const seats = hostRuns(cluster, plan).flatMap((run) =>
    Array.from({ length: run.gpus }, (_, i) => ({ host: run.host, gpu: run.firstGpu + i })),
  );
  const { contextParallel: cp, expertParallel: ep, expertTensorParallel: etp } = plan;
  const lines = ['rank,host,gpu,pipeline,stage,tp,cp,dp,ep'];
  let rank = 0;
  for (const [p, { stages }] of plan.pipelines.entries()) {
    for (const [s, { replicas }] of stages.entries()) {
      let inStage = 0;
      let copy = 0;
      for (const block of replicas) {
        for (let i = 0; i < block.count * block.tensorParallel * cp; i++) {
          const tp = i % block.tensorParallel;
          const context = Math.floor(i / block.tensorParallel) % cp;
          const dp = copy + Math.floor(i / (block.tensorParallel * cp));
          const expert = Math.floor(inStage / etp) % ep;
          const { host, gpu } = seats[rank]!;
          lines.push([rank, host, gpu, p, s, tp, context, dp, expert].join(','));
          rank += 1;
          inStage += 1;
        }
        copy += block.count;
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
