import type { Stack } from '../domain/stack.ts';
import { summed } from './embedding.ts';
import { norm } from './norm.ts';
import { type Communication, kept, type LayerContext, type Operator, operator, stream } from './operator.ts';
import { endsTrained } from './training/as-trained.ts';
import { trainedOperators } from './training/trained-operators.ts';
import { bias, matrix } from './weight.ts';

/** Final norm, vocabulary projection and cross entropy, on the last stage or split over all. */
export function outputOperators(context: LayerContext): Operator[] {
  const operators = [norm('final-norm', context, [], { part: 'finalNorm' }), ...headOperators(context, true)];
  return trainedOperators(operators, endsTrained(context.model)?.head ?? null, context);
}

/** Projection and loss. Only one head owns its matrix; what predicts further tokens uses it again. */
export function headOperators({ model, local, stack, c }: LayerContext, owned: boolean): Operator[] {
  const rows = local.vocabularyRows;
  const logits = local.tokens * rows;
  const e = local.elementBytes;
  const bytes = lossBytesPerLogit(stack, e);
  const fused = stack.lossKernel === 'fused' || stack.lossKernel === 'compiled';
  const traffic = c.lossBytes * (fused ? c.lossFusion : 1) * logits;
  const metrics = c.lossBytes * stack.metricLosses * logits;
  const hiddenBytes = e * local.tokens * model.hiddenSize;
  const gathered = stack.fullySharded && local.sequenceParallel;
  const { vocabSize, hiddenSize: columns, tiedEmbeddings: tied } = model;
  return [
    operator({
      name: 'lm-head',
      kernels: [{ kind: 'gemm', m: local.tokens, n: rows, k: columns, count: 1, wide: true }],
      communication: [
        ...(local.sequenceParallel ? gatherInput(local.tensorParallel, hiddenBytes) : []),
        ...summed(local.tensorParallel, local.sequenceParallel, hiddenBytes, 'backward'),
      ],
      // DTensor keeps the input as gathered, and its gradient is whole before it is scattered.
      saved: gathered ? [kept(hiddenBytes)] : [],
      backwardBytes: gathered ? hiddenBytes : 0,
      hostUnits: 3,
      weights: owned
        ? [
            matrix({
              part: 'lmHead',
              rows: vocabSize,
              columns,
              split: 'vocabulary',
              role: 'head',
              tied,
              targets: ['head'],
            }),
            ...bias(model.headBias === true, 'lmHead', vocabSize, { split: 'vocabulary' }),
          ]
        : [],
    }),
    operator({
      name: 'loss',
      kernels: [stream('loss', 0.4 * (traffic + metrics), 0.6 * traffic, 4)],
      saved: [kept(bytes.saved * logits)],
      backwardBytes: (bytes.peak - bytes.saved) * logits,
      hostUnits: 10,
      logits: true,
    }),
  ];
}

/**
 * Bytes per logit kept for backward, and at the worst point of the loss: Transformer Engine's fused kernel works in
 * place on 16-bit logits; Megatron's keeps an fp32 copy; eager fp32 cross entropy holds logits, log-probabilities and
 * their gradient. Logits of 4 bytes are their own fp32 copy.
 */
function lossBytesPerLogit(stack: Stack, element: number): { saved: number; peak: number } {
  if (element === 4 && stack.lossKernel !== 'fp32')
    return { saved: 4, peak: stack.lossKernel === 'compiled' ? 12 : 8 };
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

function gatherInput(tp: number, bytes: number): Communication[] {
  if (tp === 1) return [];
  return [{ group: 'tensor', collective: 'allGather', bytes, pass: 'forward' }];
}
