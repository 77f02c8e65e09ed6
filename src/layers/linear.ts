import type { RecomputeModule } from '../domain/plan.ts';
import { type Communication, gemm, type LocalShape, type Operator, type SavedTensor } from './operator.ts';

export interface Linear {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly saved: readonly SavedTensor[];
  readonly modules: readonly RecomputeModule[];
  readonly backwardBytes?: number;
}

/** Column-parallel linear: `outputs` already divided by tp; needs the whole input of every token. */
export function columnParallel(
  { name, inputs, outputs, saved, modules, backwardBytes = 0 }: Linear,
  local: LocalShape,
): Operator {
  return {
    name,
    modules,
    kernels: [gemm(local.tokens, outputs, inputs)],
    communication: enter(local, inputs),
    saved,
    backwardBytes,
    hostUnits: 2,
  };
}

/** Row-parallel linear: `inputs` already divided by tp; its output is summed over the tensor-parallel group. */
export function rowParallel(
  { name, inputs, outputs, saved, modules, backwardBytes = 0 }: Linear,
  local: LocalShape,
): Operator {
  return {
    name,
    modules,
    kernels: [gemm(local.tokens, outputs, inputs)],
    communication: leave(local, outputs),
    saved,
    backwardBytes,
    hostUnits: 2,
  };
}

/**
 * Megatron's f and g operators: all-reduce in backward; with sequence parallelism an all-gather forward, a
 * reduce-scatter backward, and one more all-gather of the input for its weight gradient, hidden behind dgrad
 * (Korthikanti et al. 2022, section 4.2.2).
 */
function enter(local: LocalShape, hidden: number): Communication[] {
  if (local.tensorParallel === 1) return [];
  const bytes = local.elementBytes * local.tokens * hidden;
  if (!local.sequenceParallel) return [{ group: 'tensor', collective: 'allReduce', bytes, pass: 'backward' }];
  return [
    { group: 'tensor', collective: 'allGather', bytes, pass: 'forward' },
    { group: 'tensor', collective: 'reduceScatter', bytes, pass: 'backward' },
    { group: 'tensor', collective: 'allGather', bytes, pass: 'backward', hidden: true },
  ];
}

function leave(local: LocalShape, hidden: number): Communication[] {
  if (local.tensorParallel === 1) return [];
  const bytes = local.elementBytes * local.tokens * hidden;
  if (!local.sequenceParallel) return [{ group: 'tensor', collective: 'allReduce', bytes, pass: 'forward' }];
  return [
    { group: 'tensor', collective: 'reduceScatter', bytes, pass: 'forward' },
    { group: 'tensor', collective: 'allGather', bytes, pass: 'backward' },
  ];
}
