import { summed } from './embedding.ts';
import { lossOf } from './losses/index.ts';
import { norm } from './norm.ts';
import {
  type Communication,
  type Kernel,
  kept,
  type LayerContext,
  type Operator,
  operator,
  stream,
} from './operator.ts';
import { endsTrained } from './training/as-trained.ts';
import { trainedOperators } from './training/trained-operators.ts';
import { bias, matrix } from './weight.ts';

/** Final norm, vocabulary projection and cross entropy, on the last stage or split over all. */
export function outputOperators(context: LayerContext): Operator[] {
  if (context.model.vocabSize === 0) return [];
  const operators = [norm('final-norm', context, [], { part: 'finalNorm' }), ...headOperators(context, true)];
  return trainedOperators(operators, endsTrained(context.model)?.head ?? null, context);
}

/** Projection and loss. Only one head owns its matrix; what predicts further tokens uses it again. */
export function headOperators({ model, local, stack, c }: LayerContext, owned: boolean): Operator[] {
  const rows = local.vocabularyRows;
  const { tokens, elementBytes } = local;
  const { vocabSize, hiddenSize: columns, tiedEmbeddings: tied } = model;
  const trained = endsTrained(model)?.head ?? null;
  const cost = lossOf(local.loss).cost({
    ...{ tokens, hiddenSize: columns, rows, elementBytes, c },
    headTrained: trained === null || trained.mode === 'full',
    accumulationFused: stack.gradAccumulationFusion,
    kernel: stack.lossKernel,
    chunksTogether: stack.chunkedLoss === 'together',
    castsLogits: stack.castsLogits === true && elementBytes === 2,
    overRanks: stack.fullySharded && local.tensorParallel > 1,
  });
  const metrics = c.lossBytes * stack.metricLosses * tokens * rows;
  const hiddenBytes = elementBytes * tokens * columns;
  const gathered = stack.fullySharded && local.sequenceParallel;
  const { parts } = cost;
  // Division, tanh and product, a kernel each; backward of tanh reads what it returned.
  const capped = model.logitSoftCap === true ? elementBytes * tokens * rows : 0;
  const projection: Kernel = { kind: 'gemm', m: tokens / parts, n: rows, k: columns, count: 1, wide: true };
  return [
    operator({
      name: 'lm-head',
      kernels: new Array<Kernel>(parts).fill(projection),
      again: cost.again > 0 ? { share: cost.again, received: 'kept' } : null,
      communication: [
        ...(local.sequenceParallel ? gatherInput(local.tensorParallel, hiddenBytes) : []),
        ...summed(local.tensorParallel, local.sequenceParallel, hiddenBytes, 'backward'),
      ],
      // DTensor keeps the input as gathered, and its gradient is whole before it is scattered.
      saved: gathered ? [kept(hiddenBytes)] : [],
      backwardBytes: gathered ? hiddenBytes : 0,
      hostUnits: 3 * parts,
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
      kernels: [
        stream('loss', 0.4 * (cost.traffic + metrics), 0.6 * cost.traffic, 4 * parts),
        ...(capped > 0 ? [stream('element-wise', 6 * capped, 7 * capped, 3 * parts)] : []),
      ],
      saved: [kept(cost.saved + capped / parts)],
      backwardBytes: cost.transient + capped / parts,
      hostUnits: 10 * parts,
      logits: true,
    }),
  ];
}

function gatherInput(tp: number, bytes: number): Communication[] {
  if (tp === 1) return [];
  return [{ group: 'tensor', collective: 'allGather', bytes, pass: 'forward' }];
}
