import type { Parts } from '../../domain/estimate.ts';
import type { ChunkTime } from './chunk-time.ts';
import { addTime, noTime, type PassTime } from './pass-time.ts';
import type { PipelineTime } from './pipeline-time.ts';
import type { BlockRun, StageRun } from './stage-run.ts';

const LABELS: Readonly<Record<keyof PassTime, string>> = {
  gemm: 'matrix multiplication',
  attention: 'attention',
  memoryBound: 'memory-bound kernels',
  tensorParallel: 'tensor-parallel communication',
  contextParallel: 'context-parallel communication',
  expertParallel: 'expert-parallel communication',
  dataParallel: 'sharded-parameter communication',
  contention: 'contention with communication',
  host: 'host-bound launches',
  measured: 'layers as measured',
};

/** One micro-batch on one GPU: what the time is spent on, recomputation and the ends of the model apart. */
export function computeParts(chunks: readonly ChunkTime[]): Parts {
  const layers = noTime();
  const recompute = noTime();
  const ends = noTime();
  for (const chunk of chunks) {
    addTime(layers, chunk.forward);
    addTime(layers, chunk.backward);
    addTime(recompute, chunk.recompute);
    for (const pass of [chunk.ends.forward, chunk.ends.backward, chunk.ends.recompute]) addTime(ends, pass);
  }
  const parts: Record<string, number> = {};
  for (const key of Object.keys(LABELS) as (keyof PassTime)[]) {
    if (key === 'measured' && layers[key] === 0) continue;
    parts[LABELS[key]] = layers[key];
  }
  parts.recomputation = sum(recompute);
  parts['embedding, head and loss'] = sum(ends);
  return parts;
}

/** The whole step of the busiest stage of a pipeline, its slowest block standing for it; of `models` each has its part of the micro-batches. */
export function criticalParts(stages: readonly StageRun[], time: PipelineTime, models: number): Parts {
  const index = time.busySeconds.indexOf(Math.max(...time.busySeconds));
  const stage = stages[index]!;
  const block = slowest(stage);
  const parts = computeParts(block.chunks);
  const scaled: Record<string, number> = {};
  for (const name in parts) scaled[name] = parts[name]! * (block.block.microBatches / models);
  scaled['pipeline transfers'] = time.transferSeconds[index] ?? 0;
  return scaled;
}

function slowest(stage: StageRun): BlockRun {
  const pace = (run: BlockRun) =>
    run.block.microBatches * run.forward.reduce((s, f, chunk) => s + f + (run.backward[chunk] ?? 0), 0);
  return stage.blocks.reduce((worst, run) => (pace(run) > pace(worst) ? run : worst));
}

function sum(time: PassTime): number {
  return Object.values(time).reduce((s: number, x: number) => s + x, 0);
}
