import { besideName } from '../../domain/beside-model.ts';
import type { Parts } from '../../domain/estimate.ts';
import { devicesOf, type Plan } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { besideProfile } from '../beside-profile.ts';
import { besideSeconds } from './beside-seconds.ts';
import type { StageRun } from './stage-run.ts';

/**
 * Seconds of a step for each model beside the trained one, one phase after the other: its micro-batches through a pipeline of the
 * plan's stages, (m + p − 1) times the slowest, forward alone where it is frozen; whole models share the batch among all GPUs.
 */
export function besideParts(
  { workload: { models = [], globalBatchSize } }: Problem,
  plan: Plan,
  pipelines: readonly { readonly stages: readonly StageRun[] }[],
): Parts {
  const parts: Record<string, number> = {};
  for (const one of models) {
    let longest = 0;
    for (const { stages } of pipelines)
      for (const { blocks, microBatches } of stages)
        for (const { profile } of blocks) {
          const { microBatchSize } = profile.context;
          const { forward, backward, update, copies } = besideSeconds(
            besideProfile(one, profile.context),
            one,
          );
          const rounds = one.whole
            ? Math.ceil(globalBatchSize / (devicesOf(plan) * microBatchSize))
            : microBatches + stages.length - 1;
          longest = Math.max(longest, rounds * (forward + backward) + update + copies);
        }
    const name = `${besideName(one)}${one.trained ? '' : ', forward'}`;
    parts[name] = (parts[name] ?? 0) + longest;
  }
  return parts;
}
