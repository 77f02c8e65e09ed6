import type { LocalShape } from './local-shape.ts';
import { type Communication, gemm, type Operator, operator } from './operator.ts';

interface Linear extends Pick<Operator, 'name' | 'weights'> {
  readonly inputs: number;
  readonly outputs: number;
  readonly saved?: Operator['saved'];
  readonly modules?: Operator['modules'];
  readonly partly?: NonNullable<Operator['partly']>;
  readonly backwardBytes?: number;
}

/** Column-parallel linear: `outputs` already divided by tp; needs the whole input of every token. */
export function columnParallel({ inputs, outputs, ...rest }: Linear, local: LocalShape): Operator {
  return operator({
    hostUnits: 2,
    ...rest,
    kernels: [gemm(local.tokens, outputs, inputs)],
    communication: enter(local, inputs),
  });
}

/** Row-parallel linear: `inputs` already divided by tp; its output is summed over the tensor-parallel group. */
export function rowParallel({ inputs, outputs, ...rest }: Linear, local: LocalShape): Operator {
  return operator({
    hostUnits: 2,
    ...rest,
    kernels: [gemm(local.tokens, outputs, inputs)],
    communication: leave(local, outputs),
  });
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
