import type { ModelSpec } from '../domain/model.ts';
import type { Stack } from '../domain/stack.ts';
import type { Coefficients } from '../hardware/coefficients.ts';
import { norm } from './norm.ts';
import {
  type Communication,
  kept,
  type LocalShape,
  type Operator,
  residualTokens,
  stream,
} from './operator.ts';

/** Rows of the embedding table after the launcher's padding to a multiple of padding · tp. */
function paddedVocabulary(vocabSize: number, padding: number, tensorParallel: number): number {
  if (padding <= 1) return Math.ceil(vocabSize / tensorParallel) * tensorParallel;
  const unit = padding * tensorParallel;
  return Math.ceil(vocabSize / unit) * unit;
}

/** Rows of the table that one GPU holds: tensor parallelism and vocabulary parallelism split them. */
export function localVocabulary(model: ModelSpec, stack: Stack, local: LocalShape): number {
  const shards = local.tensorParallel * local.vocabularyShards;
  return paddedVocabulary(model.vocabSize, stack.vocabularyPadding, shards) / shards;
}

/** Token (and position) embedding, on the first stage; under vocabulary parallelism each stage looks up its own rows. */
export function embeddingOperators(model: ModelSpec, local: LocalShape, stack: Stack): Operator[] {
  const elements = local.tokens * model.hiddenSize;
  const e = local.elementBytes;
  return [
    {
      name: 'embedding',
      modules: [],
      kernels: [stream('element-wise', 3 * e * elements, 6 * e * elements, 3)],
      communication: reduceOutput(local, e * elements, 'forward'),
      saved: [kept(8 * local.tokens + (stack.dropoutMasks ? residualTokens(local) * model.hiddenSize : 0))],
      backwardBytes: 0,
      hostUnits: 6,
    },
  ];
}

/** Final norm, vocabulary projection and cross entropy, on the last stage or split over all. */
export function headOperators(
  model: ModelSpec,
  local: LocalShape,
  stack: Stack,
  c: Coefficients,
): Operator[] {
  const vocabulary = localVocabulary(model, stack, local);
  const logits = local.tokens * vocabulary;
  const e = local.elementBytes;
  const bytes = lossBytesPerLogit(stack);
  const traffic =
    stack.lossKernel === 'fused' || stack.lossKernel === 'compiled' ? c.lossBytesFused : c.lossBytes;
  const hiddenBytes = e * local.tokens * model.hiddenSize;
  const gathered = stack.fullySharded && local.sequenceParallel;
  return [
    norm('final-norm', model.hiddenSize, local, []),
    {
      name: 'lm-head',
      modules: [],
      kernels: [{ kind: 'gemm', m: local.tokens, n: vocabulary, k: model.hiddenSize, count: 1, wide: true }],
      communication: [
        ...(local.sequenceParallel ? gatherInput(local, hiddenBytes) : []),
        ...reduceOutput(local, hiddenBytes, 'backward'),
      ],
      // DTensor keeps the input as gathered, and its gradient is whole before it is scattered.
      saved: gathered ? [kept(hiddenBytes)] : [],
      backwardBytes: gathered ? hiddenBytes : 0,
      hostUnits: 3,
    },
    {
      name: 'loss',
      modules: [],
      kernels: [stream('loss', 0.4 * traffic * logits, 0.6 * traffic * logits, 4)],
      communication: [],
      saved: [kept(bytes.saved * logits)],
      backwardBytes: (bytes.peak - bytes.saved) * logits,
      hostUnits: 10,
    },
  ];
}

/**
 * Bytes per logit kept for backward, and at the worst point of the loss: Transformer Engine's fused kernel works in
 * place on 16-bit logits; Megatron's keeps an fp32 copy; eager fp32 cross entropy holds logits, log-probabilities and
 * their gradient.
 */
export function lossBytesPerLogit(stack: Stack): { saved: number; peak: number } {
  switch (stack.lossKernel) {
    case 'fused':
      return { saved: 2, peak: 4 };
    case 'unfused':
      return { saved: 4, peak: 6 };
    case 'fp32':
      return { saved: 8, peak: 12 };
    case 'compiled':
      return { saved: 4, peak: 12 };
  }
}

function reduceOutput(local: LocalShape, bytes: number, pass: 'forward' | 'backward'): Communication[] {
  if (local.tensorParallel === 1) return [];
  return [
    { group: 'tensor', collective: local.sequenceParallel ? 'reduceScatter' : 'allReduce', bytes, pass },
  ];
}

function gatherInput(local: LocalShape, bytes: number): Communication[] {
  if (local.tensorParallel === 1) return [];
  return [{ group: 'tensor', collective: 'allGather', bytes, pass: 'forward' }];
}
