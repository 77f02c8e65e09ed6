import type { LayerKind, ModelSpec } from '../../domain/model.ts';
import type { Trained, Training } from '../../domain/training.ts';

/**
 * The model with what is trained of it. Layers that are trained alike are of one kind: where the first few are frozen,
 * kinds are told apart by that too.
 */
export function asTrained(model: ModelSpec, training: Training): ModelSpec {
  const kinds: LayerKind[] = [];
  const layers = model.layers.map((kind, layer) => {
    const own = model.kinds[kind]!;
    const trained = ofLayer(training, layer);
    const name = training.frozenLayers > layer ? `${own.name}, frozen` : own.name;
    const known = kinds.findIndex((one) => one.name === name);
    return known >= 0 ? known : kinds.push({ ...own, name, training: trained }) - 1;
  });
  return { ...model, kinds, layers, training };
}

function ofLayer({ decoder, embedding, frozenLayers, lora }: Training, layer: number): Trained {
  const mode = layer < frozenLayers ? 'frozen' : decoder;
  return { mode, lora, backward: embedding === 'full' || mode !== 'frozen' };
}

/** How the ends of the model are trained; null: whole. */
export function endsTrained({
  training,
  layers,
}: ModelSpec): Readonly<Record<'embedding' | 'head', Trained>> | null {
  if (training === undefined) return null;
  const { embedding, decoder, head, frozenLayers, lora } = training;
  const before = embedding === 'full' || (decoder !== 'frozen' && frozenLayers < layers.length);
  return {
    embedding: { mode: embedding, lora, backward: embedding === 'full' },
    head: { mode: head, lora: lora && { ...lora, modules: ['head'] }, backward: before || head !== 'frozen' },
  };
}
