import type { Plan, ReplicaBlock } from '../../domain/plan.ts';

/** One of HexiScale's pipelines: a whole replica of the model. */
export interface HexiPipeline {
  /** Tensor parallelism of each stage. */
  readonly degrees: readonly number[];
  readonly layers: readonly number[];
  readonly microBatches: number;
}

/** The replicas of a plan, each as a pipeline; null where its stages have no replicas in step. */
export function hexiPipelines(plan: Plan): HexiPipeline[] | null {
  const found: HexiPipeline[] = [];
  for (const { stages } of plan.pipelines) {
    const copies = stages.map(({ replicas }) =>
      replicas.flatMap((block) => new Array<ReplicaBlock>(block.count).fill(block)),
    );
    for (const [copy, { microBatches }] of copies[0]!.entries()) {
      const blocks = copies.map((list) => list[copy]);
      if (copies.some((list) => list.length !== copies[0]!.length)) return null;
      if (blocks.some((block) => block!.microBatches !== microBatches)) return null;
      found.push({
        degrees: blocks.map((block) => block!.tensorParallel),
        layers: stages.map(({ chunks }) => chunks.reduce((sum, { first, end }) => sum + end - first, 0)),
        microBatches,
      });
    }
  }
  return found;
}
