import { loadModel } from '../catalogue/models.ts';
import type { LayerKind, ModelSpec } from '../domain/model.ts';
import type { Stack } from '../domain/stack.ts';
import type { Row } from './row.ts';

/** What a row says of a hybrid is its name: its layers are those of the config.json that the hub has, and `predicts` further tokens in training. */
interface Published {
  readonly preset: string;
  /** Modules of multi-token prediction that the recipe runs, with the same weights each (Megatron-Bridge@067f987: mtp_use_repeated_layer). */
  readonly predicts: number;
  /** What its NVFP4 recipe keeps in 16 bits beside the first layer. */
  readonly wide?: { readonly lastLayers: number; readonly operators: readonly string[] };
}

const PUBLISHED: Readonly<Record<string, Published>> = {
  'Nemotron-3-Nano-30B-A3B': { preset: 'nemotron-3-nano-30b-a3b', predicts: 0 },
  // The same layers and, in its recipe, attention and experts that predict two further tokens.
  'Nemotron-3.5-Lightning-30B-A3B': { preset: 'nemotron-3-nano-30b-a3b', predicts: 2 },
  'Nemotron-3-Super-120B-A12B': {
    preset: 'nemotron-3-super-120b-a12b',
    predicts: 2,
    wide: { lastLayers: 14, operators: ['latent-down', 'latent-up'] },
  },
  // NeMo AutoModel trains it without.
  'Nemotron-3-Ultra-550B': { preset: 'nemotron-3-ultra-550b-a55b', predicts: 0 },
};

/** The model of a hybrid row; null: it is none. Throws where its layers are not published. */
export function hybridOf(row: Row, assumptions: string[]): ModelSpec | null {
  const { name = '', hybrid } = row.model;
  if (!hybrid) return null;
  const found = PUBLISHED[name];
  if (found === undefined) throw new Error(`hybrid layers that are not published: ${hybrid}`);
  assumptions.push(`layers of ${found.preset}, ${found.predicts} prediction modules`);
  const { predictionKind, ...model } = loadModel(found.preset).value;
  const whole =
    found.predicts === 0
      ? { ...model, mtpLayers: 0 }
      : { ...model, mtpLayers: found.predicts, ...predictionOf(model, predictionKind) };
  return row.config.precision === 'nvfp4' ? inNvfp4(whole, found, assumptions) : whole;
}

/**
 * What computes in 16 bits in NVFP4: prediction modules (megatron/core/transformer/multi_token_prediction.py@d98e8a6), and what the recipe keeps of
 * Nemotron 3 Super: the first layer and the last 14 (nemotron_3_super_bf16_with_nvfp4_mixed), projections of attention and to latents
 * (perf_recipes/nemotronh/te_quant.cfg, NVIDIA-NeMo/Megatron-Bridge@067f987).
 */
function inNvfp4(model: ModelSpec, { preset, wide }: Published, assumptions: string[]): ModelSpec {
  const kinds: LayerKind[] = model.kinds.map((kind) => ({
    ...kind,
    ...(wide === undefined ? {} : { wide: kind.mixer?.kind === 'softmax' ? 'all' : wide.operators }),
  }));
  const whole = (index: number) => kinds.push({ ...model.kinds[index]!, wide: 'all' }) - 1;
  const asWhole = new Map<number, number>();
  const last = model.layers.length - (wide?.lastLayers ?? 0);
  const layers = model.layers.map((index, at) => {
    if (wide === undefined || (at > 0 && at < last)) return index;
    if (!asWhole.has(index)) asWhole.set(index, whole(index));
    return asWhole.get(index)!;
  });
  if (wide !== undefined)
    assumptions.push(
      `layers 1 and ${last + 1} to ${layers.length} of ${preset}, attention and latents in bf16`,
    );
  return model.predictionKind === undefined
    ? { ...model, kinds, layers }
    : { ...model, layers, predictionKind: whole(model.predictionKind), kinds };
}

/** Recipes of hybrids capture parts of layers in graphs, dispatch by HybridEP and overlap no exchange (perf_recipes/nemotronh@067f987; 2026). */
export function hybridStack(stack: Stack, { model, config, year }: Row): Stack {
  if (!model.hybrid || stack.id !== 'megatron-core' || (year ?? 2024) < 2026) return stack;
  const told = Object.keys(config.recipe ?? {}).length > 0;
  return told ? stack : { ...stack, cudaGraphs: 'partial', moeDispatcher: 'hybridep' };
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
