import type { ModelSpec, Tower } from '../domain/model.ts';
import { denseMlp } from './ffn/dense.ts';
import { layerOperators } from './layer.ts';
import { softmaxAttention } from './mixers/softmax.ts';
import { gemm, type Kernel, type LayerContext, type Operator, operator } from './operator.ts';
import { frozenBytes } from './training/trained-operators.ts';
import { vector } from './weight.ts';

export const TOWERS = 'towers';
/** Among the towers: what joins the others to the decoder. */
export const PROJECTOR = 'projector';

/** Towers stand with the embedding: their weights. */
export function towerOperators({ model, local }: LayerContext): Operator[] {
  return (model.towers ?? []).flatMap(({ name, weights, trained = true }) => {
    if (weights === null) return [];
    const over = trained ? {} : { trainable: false, bytes: frozenBytes(model.training ?? {}, local) };
    const each = Array.from({ length: weights.layers }, () => vector(TOWERS, weights.perLayer, over));
    return [
      operator({
        name: `${name}-tower`,
        hostUnits: 0,
        weights: [...each, vector(TOWERS, weights.beside, over)],
      }),
    ];
  });
}

/** What a tower works out of a micro-batch's images: so many layers alike, and what comes before them. */
export interface TowerPass {
  readonly layers: number;
  /** Of one layer. */
  readonly operators: readonly Operator[];
  readonly patches: Operator;
}

/**
 * A vision transformer (Dosovitskiy et al. 2020, arXiv 2010.11929) on the images of a micro-batch: each patch attends to all of its image.
 * It is whole on each GPU of a tensor or context parallel group, in 16 bits whatever the decoder's precision.
 */
export function towerPasses(context: LayerContext): TowerPass[] {
  return (context.model.towers ?? []).flatMap((tower) => passOf(tower, context) ?? []);
}

function passOf({ name, layers, images, trained = true }: Tower, context: LayerContext): TowerPass | null {
  if (layers === undefined || images === undefined || images.perToken === 0) return null;
  const { local } = context;
  const { hidden, heads, ffn, patches, pixels, count } = layers;
  const batch = images.perToken * local.tokens * local.contextParallel;
  const tokens = batch * patches;
  const bias = true;
  const own: LayerContext = {
    ...context,
    model: {
      ...context.model,
      hiddenSize: hidden,
      // Positions are added to patches, not turned in each layer.
      learnedPositions: patches,
      norm: { kind: 'layer', perLayer: 2 },
    },
    local: {
      ...local,
      ...{ tokens, sequence: patches, microBatch: batch, sequenceParallel: false },
      ...{ tensorParallel: 1, contextParallel: 1, expertParallel: 1, expertTensorParallel: 1 },
      linearInputBytes: local.elementBytes,
    },
  };
  const operators = layerOperators(
    {
      name,
      mixer: softmaxAttention(heads, hidden / heads, { qkvBias: bias, outBias: bias }),
      ffn: denseMlp(ffn, { gated: false, bias }),
      ...(trained ? {} : { training: { mode: 'frozen', lora: null, backward: false } as const }),
    },
    own,
  );
  const kept = trained ? [{ bytes: local.elementBytes * tokens * pixels, droppedBy: [] }] : [];
  return {
    layers: count,
    operators: operators.map(inTower),
    patches: operator({
      name: `${name}-patches`,
      kernels: [{ ...gemm(tokens, hidden, pixels), wide: true } as Kernel],
      saved: kept,
      gradients: trained ? 'both' : 'none',
      hostUnits: 3,
    }),
  };
}

/** Without weights, which the tower has as a whole; not among what a run recomputes by name; each patch attends to all, not to those before it. */
function inTower(one: Operator): Operator {
  return {
    ...one,
    weights: [],
    modules: [],
    partly: {},
    saved: one.saved.map((tensor) => ({ ...tensor, droppedBy: [] })),
    kernels: one.kernels.map((kernel) => {
      if (kernel.kind === 'attention')
        return { ...kernel, shape: { ...kernel.shape, batch: 2 * kernel.shape.batch } };
      return kernel.kind === 'gemm' ? { ...kernel, wide: true } : kernel;
    }),
  };
}

/** Layers one after the other: what is dropped is brought back for one of them at a time. */
export function repeated({ layers, operators, patches }: TowerPass): Operator[] {
  const bytes = (wanted: boolean) =>
    operators.reduce(
      (sum, { saved }) =>
        saved.reduce((all, tensor) => all + ((tensor.dropped === true) === wanted ? tensor.bytes : 0), sum),
      0,
    );
  const widest = operators.reduce((most, { backwardBytes }) => Math.max(most, backwardBytes), 0);
  return [
    patches,
    ...operators.map((one, o) => ({
      ...one,
      kernels: Array.from({ length: layers }, () => one.kernels).flat(),
      hostUnits: layers * one.hostUnits,
      saved: o === 0 ? [{ bytes: layers * bytes(false), droppedBy: [] }] : [],
      backwardBytes: o === 0 ? bytes(true) + widest : 0,
    })),
  ];
}

/** null: of a kind that is not known. */
export function towerParameters({ weights }: Tower): number | null {
  return weights === null ? null : weights.layers * weights.perLayer + weights.beside;
}

export function allTowers({ towers = [] }: Pick<ModelSpec, 'towers'>): number {
  return towers.reduce((sum, tower) => sum + (towerParameters(tower) ?? 0), 0);
}
