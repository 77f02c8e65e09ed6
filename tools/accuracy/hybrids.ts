import { loadModel } from '../../src/catalogue/models.ts';
import type { ModelSpec } from '../../src/domain/model.ts';
import type { Row } from './row.ts';

/** What a row says of a hybrid is its name: its layers are those of the config.json that the hub has, and `predicts` further tokens in training. */
interface Published {
  readonly preset: string;
  /** Modules of multi-token prediction that the recipe runs, with the same weights each (Megatron-Bridge@067f987: mtp_use_repeated_layer). */
  readonly predicts: number;
}

const PUBLISHED: Readonly<Record<string, Published>> = {
  'Nemotron-3-Nano-30B-A3B': { preset: 'nemotron-3-nano-30b-a3b', predicts: 0 },
  // The same layers and, in its recipe, attention and experts that predict two further tokens.
  'Nemotron-3.5-Lightning-30B-A3B': { preset: 'nemotron-3-nano-30b-a3b', predicts: 2 },
  'Nemotron-3-Super-120B-A12B': { preset: 'nemotron-3-super-120b-a12b', predicts: 2 },
  // NeMo AutoModel trains it without.
  'Nemotron-3-Ultra-550B': { preset: 'nemotron-3-ultra-550b-a55b', predicts: 0 },
};

/** The model of a hybrid row; null: it is none. Throws where its layers are not published. */
export function hybridOf({ model: { name = '', hybrid } }: Row, assumptions: string[]): ModelSpec | null {
  if (!hybrid) return null;
  const found = PUBLISHED[name];
  if (found === undefined) throw new Error(`hybrid layers that are not published: ${hybrid}`);
  assumptions.push(`layers of ${found.preset}, ${found.predicts} prediction modules`);
  const { predictionKind, ...model } = loadModel(found.preset).value;
  if (found.predicts === 0) return { ...model, mtpLayers: 0 };
  return { ...model, mtpLayers: found.predicts, ...predictionOf(model, predictionKind) };
}

/** Attention, then experts, as all of them predict. */
function predictionOf(
  { kinds }: ModelSpec,
  kind: number | undefined,
): Pick<ModelSpec, 'predictionKind'> | Pick<ModelSpec, 'predictionKind' | 'kinds'> {
  if (kind !== undefined) return { predictionKind: kind };
  const mixer = kinds.find(({ name }) => name.startsWith('softmax'))?.mixer ?? null;
  const ffn = kinds.find(({ name }) => name === 'moe')?.ffn ?? null;
  return { kinds: [...kinds, { name: 'prediction', mixer, ffn }], predictionKind: kinds.length };
}
