import { type LayerPoint, measuredLayer } from '../domain/layer-profile.ts';
import type { Operator } from '../layers/operator.ts';
import type { StageContext } from '../techniques/technique.ts';
import type { OperatorMemory } from './memory/operator-memory.ts';
import type { LayerTime } from './time/layer-time.ts';
import { noTime, type PassTime, seconds } from './time/pass-time.ts';

interface Layer {
  readonly time: LayerTime;
  readonly memory: OperatorMemory;
}

/** A layer of these operators as measured, where the user's profile covers it; otherwise as estimated. */
export function asMeasured(
  estimated: Layer,
  operators: readonly Operator[],
  kind: string,
  context: StageContext,
): Layer {
  const point = pointFor(kind, context);
  if (point === null) return estimated;
  const { time, memory } = estimated;
  const scale = point.forwardSeconds / seconds(time.forward);
  const backward = seconds(time.backward);
  const keepsAll = operators.every(({ saved }) => saved.every(({ dropped }) => dropped !== true));
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
function pointFor(kind: string, { problem, group, dims, microBatchSize }: StageContext): LayerPoint | null {
  if (problem.layerProfile === undefined) return null;
  return measuredLayer(problem.layerProfile, {
    gpu: group.gpu.id,
    tensorParallel: dims.tp,
    contextParallel: dims.cp,
    sequenceLength: problem.workload.sequenceLength,
    layerKind: kind,
    microBatch: microBatchSize,
  });
}

function measured(value: number): PassTime {
  return { ...noTime(), measured: value };
}
