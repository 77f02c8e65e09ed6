import type { LayerKind, ModelSpec } from '../../domain/model.ts';
import type { Trained, Training } from '../../domain/training.ts';

/**
 * The model with what is trained of it. Layers that are trained alike are of one kind: where the first few are frozen,
 * kinds are told apart by that too. The first layer with adapters is none of its own, though nothing before it may be trained: the gradient
 * of its input, which nobody works out, is counted. That is 0.2 % of a step of 32 layers, 0.06 % of 80, and more, never less; a further
 * kind would take from every search of adapters the closed form of its cuts, and over chunks of unlike stages its proof.
 */
export function asTrained(model: ModelSpec, training: Training): ModelSpec {
  const kinds: LayerKind[] = [];
  const kindAt = (kind: number, layer: number) => {
    const own = model.kinds[kind]!;
    const trained = ofLayer(training, layer);
    const name = training.frozenLayers > layer ? `${own.name}, frozen` : own.name;
    const known = kinds.findIndex((one) => one.name === name);
    return known >= 0 ? known : kinds.push({ ...own, name, training: trained }) - 1;
  };
  const layers = model.layers.map(kindAt);
  const { predictionKind } = model;
  const predicts =
    predictionKind === undefined
      ? {}
      : { predictionKind: kindAt(predictionKind, Math.max(0, layers.length - 1)) };
  const towers = model.towers?.map((tower) => ({
    ...tower,
    trained: training.towers[tower.name] !== 'frozen',
  }));
  return { ...model, kinds, layers, ...predicts, training, ...(towers === undefined ? {} : { towers }) };
}

function ofLayer(training: Training, layer: number): Trained {
  const { decoder, frozenLayers, lora, frozenWeights } = training;
  const mode = layer < frozenLayers ? 'frozen' : decoder;
  return { mode, lora, backward: inputsTrained(training) || mode !== 'frozen', ...held(frozenWeights) };
}

function held(frozenWeights: Training['frozenWeights']): Pick<Trained, 'frozenWeights'> {
  return frozenWeights === undefined ? {} : { frozenWeights };
}

/** Something is trained before the first layer. */
function inputsTrained({ embedding, towers }: Training): boolean {
  return embedding === 'full' || Object.values(towers).includes('full');
}

/** How the ends of the model are trained; null: whole. */
export function endsTrained({
  training,
  layers,
}: ModelSpec): Readonly<Record<'embedding' | 'head', Trained>> | null {
  if (training === undefined) return null;
  const { embedding, decoder, head, frozenLayers, lora, frozenWeights } = training;
  const before = inputsTrained(training) || (decoder !== 'frozen' && frozenLayers < layers.length);
  return {
    embedding: { mode: embedding, lora, backward: embedding === 'full', ...held(frozenWeights) },
    head: {
      mode: head,
      lora: lora && { ...lora, modules: ['head'] },
      backward: before || head !== 'frozen',
      ...(before ? {} : { first: true }),
      ...held(frozenWeights),
    },
  };
}
