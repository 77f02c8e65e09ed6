import { type LayerPoint, measuredLayer } from '../domain/layer-profile.ts';
import type { OperatorMemory } from '../memory/operator-memory.ts';
import type { CostContext } from './context.ts';
import type { LayerTime } from './layer-time.ts';
import { noTime, type PassTime, seconds } from './pass-time.ts';

/** A layer as measured, where the user's profile covers it; otherwise as estimated. */
export function asMeasured(
  estimated: { readonly time: LayerTime; readonly memory: OperatorMemory },
  kind: string,
  context: CostContext,
): { readonly time: LayerTime; readonly memory: OperatorMemory } {
  const point = pointFor(kind, context);
  if (point === null) return estimated;
  const { time, memory } = estimated;
  const scale = point.forwardSeconds / seconds(time.forward);
  const backward = seconds(time.backward);
  const keepsAll = context.settings.recompute.mode === 'none';
  return {
    time: {
      forward: measured(point.forwardSeconds),
      backward: measured(point.backwardSeconds),
      // What is recomputed is the same share of the measured forward as of the estimated one.
      recompute: measured(seconds(time.recompute) * scale),
      weightGrad: time.weightGrad * (point.backwardSeconds / backward),
    },
    memory: keepsAll && point.savedBytes !== null ? { ...memory, saved: point.savedBytes } : memory,
  };
}

/** The measured point for a kind of layer on the GPUs of a stage; null where none was given or it does not reach. */
function pointFor(kind: string, { problem, settings, group, local }: CostContext): LayerPoint | null {
  if (problem.layerProfile === undefined) return null;
  return measuredLayer(problem.layerProfile, {
    gpu: group.gpu.id,
    tensorParallel: local.tensorParallel,
    contextParallel: local.contextParallel,
    sequenceLength: problem.workload.sequenceLength,
    layerKind: kind,
    microBatch: settings.microBatchSize,
  });
}

function measured(value: number): PassTime {
  return { ...noTime(), measured: value };
}
