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
        degrees: blocks.map((block) => block!.tp),
        layers: stages.map(({ chunks }) => chunks.reduce((sum, { first, end }) => sum + end - first, 0)),
        microBatches,
      });
    }
  }
  return found;
}

/** A layer that two pipelines hold with tensor parallelism of which one does not divide the other. */
export interface UnmatchedLayer {
  readonly layer: number;
  readonly tp: number;
  readonly largest: number;
}

/**
 * The first layer whose gradients cannot be brought together: each pipeline's ranks are repeated up to the largest tensor
 * parallelism of the layer, `largest // tp` times (hexiscale/gen_hetero_groups.py@5ee1726, gen_layer_dp_rank_group).
 */
export function unmatchedLayer(pipelines: readonly HexiPipeline[]): UnmatchedLayer | null {
  const byLayer = pipelines.map(({ degrees, layers }) =>
    layers.flatMap((count, stage) => new Array<number>(count).fill(degrees[stage] ?? 1)),
  );
  const total = Math.min(...byLayer.map(({ length }) => length));
  for (let layer = 0; layer < total; layer++) {
    const sizes = byLayer.map((list) => list[layer]!);
    const largest = Math.max(...sizes);
    const tp = sizes.find((size) => largest % size !== 0);
    if (tp !== undefined) return { layer, tp, largest };
  }
  return null;
}
