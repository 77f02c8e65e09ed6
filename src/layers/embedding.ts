import { residualTokens } from './local-shape.ts';
import { norm } from './norm.ts';
import { type Communication, kept, type LayerContext, type Operator, operator, stream } from './operator.ts';
import { towerOperators } from './towers.ts';
import { endsTrained } from './training/as-trained.ts';
import { trainedOperators } from './training/trained-operators.ts';
import { matrix } from './weight.ts';

/** Token (and position) embedding, on the first stage; under vocabulary parallelism each stage looks up its own rows. */
export function embeddingOperators(context: LayerContext): Operator[] {
  if (context.model.vocabSize === 0) return [];
  const lookUps = trainedOperators(lookUp(context), endsTrained(context.model)?.embedding ?? null, context);
  return [...lookUps, ...towerOperators(context)];
}

function lookUp(context: LayerContext): Operator[] {
  const { model, local, stack } = context;
  const elements = local.tokens * model.hiddenSize;
  const e = local.elementBytes;
  const { hiddenSize: columns, learnedPositions, vocabSize } = model;
  return [
    operator({
      name: 'embedding',
      kernels: [stream('element-wise', 3 * e * elements, 6 * e * elements, 3)],
      communication: summed(local.tensorParallel, local.sequenceParallel, e * elements, 'forward'),
      saved: [kept(8 * local.tokens + (stack.dropoutMasks ? residualTokens(local) * model.hiddenSize : 0))],
      hostUnits: 6,
      weights: [
        matrix({ part: 'embedding', rows: vocabSize, columns, split: 'vocabulary', role: 'embedding' }),
        ...(learnedPositions > 0
          ? [matrix({ part: 'positions', rows: learnedPositions, columns, split: 'end', role: 'embedding' })]
          : []),
      ],
    }),
    ...(model.embeddingNorm === true ? [embeddingNorm(context)] : []),
  ];
}

/** What it reads is kept; what it writes is the input of the first layer, which keeps it. */
function embeddingNorm(context: LayerContext): Operator {
  const one = norm('word-embedding-norm', context, [], { part: 'embeddingNorm' });
  return { ...one, saved: one.saved.slice(0, 1) };
}

/** What each rank of a split vocabulary found, added up. */
export function summed(
  tp: number,
  sequenceParallel: boolean,
  bytes: number,
  pass: 'forward' | 'backward',
): Communication[] {
  if (tp === 1) return [];
  return [{ group: 'tensor', collective: sequenceParallel ? 'reduceScatter' : 'allReduce', bytes, pass }];
}
