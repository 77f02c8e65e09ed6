import type { Reading } from '../../domain/layer-profile.ts';
import type { LayerKind } from '../../domain/model.ts';
import type { Operator } from '../../layers/operator.ts';
import type { StageContext } from '../../techniques/technique.ts';
import type { OperatorMemory } from '../memory/operator-memory.ts';
import { PartProfile } from '../part-profile.ts';
import type { LayerTime } from '../time/layer-time.ts';
import { addTime, noTime, type PassTime, seconds } from '../time/pass-time.ts';
import { type PlacedPart, readingFor } from './reading.ts';
import { type Reference, referenceOf } from './reference.ts';

/** A part of these operators as the user's profile has it: measured, or scaled as the nearest that was; else as estimated. */
export function asMeasured(
  estimated: PartProfile,
  operators: readonly Operator[],
  of: Pick<PlacedPart, 'part' | 'kind'>,
  context: StageContext,
): PartProfile {
  const { problem, group, dims, microBatchSize, local } = context;
  const shared = local.vocabularyShards > 1;
  const reading = readingFor(problem, { ...of, gpu: group.gpu.id, dims, microBatchSize, shared });
  if (reading === null) return estimated;
  const measured = asRun(reading, problem.stack.timeMultiplier.value);
  const { savedBytes } = reading;
  if (reading.covered) {
    const timed = estimated.timed(taken(estimated.time, measured));
    return keepsAll(operators) && savedBytes !== null ? withSaved(timed, of, () => savedBytes) : timed;
  }
  const kind = kindOf(reading, context) ?? of.kind;
  const reference = referenceOf(problem, group, of.part, kind, reading.shape);
  const timed = estimated.timed(scaled(estimated.time, factors(measured, reference)));
  if (!keepsAll(operators) || savedBytes === null) return timed;
  // Where less was measured than estimated, elsewhere it may not be: a plan that is said to fit must fit.
  const growth = Math.max(1, ratio(savedBytes, reference.savedBytes));
  return withSaved(timed, of, (saved) => saved * growth);
}

type Passes = Pick<Reading, 'forwardSeconds' | 'backwardSeconds'>;

/** Estimates of a stack are multiplied as a whole in the end; what was measured is not to change. */
export function asRun({ forwardSeconds, backwardSeconds }: Passes, multiplier: number): Passes {
  return { forwardSeconds: forwardSeconds / multiplier, backwardSeconds: backwardSeconds / multiplier };
}

/** What was measured over what the model says of the same. */
export function factors(measured: Passes, reference: Reference): { forward: number; backward: number } {
  return {
    forward: ratio(measured.forwardSeconds, reference.forwardSeconds),
    backward: ratio(measured.backwardSeconds, reference.backwardSeconds),
  };
}

function ratio(measured: number, estimated: number): number {
  return estimated > 0 ? measured / estimated : 1;
}

function kindOf({ layerKind }: Reading, { problem }: StageContext): LayerKind | undefined {
  return problem.model.kinds.find(({ name }) => name === layerKind);
}

/** What is recomputed is the same share of the measured forward as of the estimated one. */
function taken(time: LayerTime, { forwardSeconds, backwardSeconds }: Passes): LayerTime {
  const again = ratio(seconds(time.recompute), seconds(time.forward));
  const weightGrad = ratio(time.weightGrad, seconds(time.backward));
  return {
    forward: measured(forwardSeconds),
    backward: measured(backwardSeconds),
    recompute: measured(again * forwardSeconds),
    weightGrad: weightGrad * backwardSeconds,
  };
}

function measured(value: number): PassTime {
  return { ...noTime(), measured: value };
}

function scaled(time: LayerTime, { forward, backward }: { forward: number; backward: number }): LayerTime {
  return {
    forward: addTime(noTime(), time.forward, forward),
    backward: addTime(noTime(), time.backward, backward),
    recompute: addTime(noTime(), time.recompute, forward),
    weightGrad: time.weightGrad * backward,
  };
}

function keepsAll(operators: readonly Operator[]): boolean {
  return operators.every(({ saved }) => saved.every(({ dropped }) => dropped !== true));
}

/** Memory with other bytes kept from forward to backward: of the loss, its logits. */
function withSaved(
  part: PartProfile,
  { part: name }: Pick<PlacedPart, 'part'>,
  change: (saved: number) => number,
): PartProfile {
  const memory = (): OperatorMemory => {
    const { logits, saved, ...others } = part.memory;
    return name === 'loss'
      ? { ...others, saved, logits: { ...logits, saved: change(logits.saved) } }
      : { ...others, logits, saved: change(saved) };
  };
  return new PartProfile(part.time, memory);
}
