import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { StageRun } from './stage-run.ts';

/** Saved bytes of each chunk of a stage for one micro-batch, on its fullest GPU: the weights of the memory replay. */
export function layerMemoryOf(
  problem: Problem,
  plan: Plan,
  pipeline: number,
  stage: number,
  run: StageRun,
): number[] {
  const { chunks } = plan.pipelines[pipeline]!.stages[stage]!;
  return chunks.map(({ first, end }) => {
    let most = 0;
    for (const { profile } of run.blocks) {
      let bytes = 0;
      for (let layer = first; layer < end; layer++)
        bytes += profile.kinds[problem.model.layers[layer] ?? 0]!.memory.saved;
      most = Math.max(most, bytes);
    }
    return Math.max(1, most);
  });
}
