import { type LayerPoint, measuredLayer } from '../domain/layer-profile.ts';
import type { Operator } from '../layers/operator.ts';
import type { StageContext } from '../techniques/technique.ts';
import { PartProfile } from './part-profile.ts';
import { noTime, type PassTime, seconds } from './time/pass-time.ts';

/** A layer of these operators as measured, where the user's profile covers it; otherwise as estimated. */
export function asMeasured(
  estimated: PartProfile,
  operators: readonly Operator[],
  kind: string,
  context: StageContext,
): PartProfile {
  const point = pointFor(kind, context);
  if (point === null) return estimated;
  const { time } = estimated;
  const scale = point.forwardSeconds / seconds(time.forward);
  const backward = seconds(time.backward);
  const keepsAll = operators.every(({ saved }) => saved.every(({ dropped }) => dropped !== true));
  const timed = estimated.timed({
    forward: measured(point.forwardSeconds),
    backward: measured(point.backwardSeconds),
    // What is recomputed is the same share of the measured forward as of the estimated one.
    recompute: measured(seconds(time.recompute) * scale),
    weightGrad: time.weightGrad * (point.backwardSeconds / backward),
  });
  const { savedBytes: saved } = point;
  return keepsAll && saved !== null ? new PartProfile(timed.time, () => ({ ...timed.memory, saved })) : timed;
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
