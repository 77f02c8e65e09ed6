import type { LayerKind, LayerPart, ModelSpec } from '../../domain/model.ts';
import { moe } from '../../layers/ffn/moe.ts';
import { gatedDeltaNet } from '../../layers/mixers/gated-delta-net.ts';
import { softmax } from '../../layers/mixers/softmax.ts';
import { sparseLatent } from '../../layers/mixers/sparse-latent.ts';

/** A model as its other flags have it: without what flags of their own say (`variantArguments`), in layers of plain attention. */
export function plainModel(model: ModelSpec): ModelSpec {
  const attention = model.kinds.map(({ mixer }) => mixer).find((mixer) => softmax.is(mixer)) ?? null;
  const kinds = model.kinds.map(
    (kind): LayerKind => ({ ...kind, mixer: plainMixer(kind.mixer, attention), ffn: plainFfn(kind.ffn) }),
  );
  return { ...model, kinds };
}

function plainMixer(mixer: LayerPart | null, attention: LayerPart | null): LayerPart | null {
  if (gatedDeltaNet.is(mixer)) return attention === null ? mixer : plainMixer(attention, null);
  if (softmax.is(mixer)) {
    const { gate: _, ...rest } = mixer;
    return rest;
  }
  if (!sparseLatent.is(mixer)) return mixer;
  const { indexHeads: _, indexHeadDim: __, topK: ___, ...latents } = mixer;
  return { ...latents, kind: 'latent' } as LayerPart;
}

function plainFfn(ffn: LayerPart | null): LayerPart | null {
  if (!moe.is(ffn)) return ffn;
  const { latentSize: _, ...rest } = ffn;
  return rest;
}

/**
 * Flags of what stands in place of plain attention and experts (megatron/core/transformer/transformer_config.py@d98e8a6): gated delta nets
 * and the layers that they are, an indexer, with the fused kernels that are priced and its loss on chosen tokens, gates, latents.
 */
export function variantArguments({ kinds, layers }: ModelSpec): (string | number)[] {
  const mixers = kinds.map(({ mixer }) => mixer);
  const net = mixers.find((one) => gatedDeltaNet.is(one));
  const sparse = mixers.find((one) => sparseLatent.is(one));
  const experts = kinds.map(({ ffn }) => ffn).find((one) => moe.is(one));
  return [
    ...(net === undefined
      ? []
      : [
          ...['--experimental-attention-variant', 'gated_delta_net'],
          ...['--linear-attention-freq', frequency(layers.map((kind) => gatedDeltaNet.is(mixers[kind]!)))],
          ...netArguments(net),
        ]),
    ...(sparse === undefined
      ? []
      : [
          ...['--experimental-attention-variant', 'dsa', '--dsa-indexer-n-heads', sparse.indexHeads],
          ...['--dsa-indexer-head-dim', sparse.indexHeadDim, '--dsa-indexer-topk', sparse.topK],
          ...['--dsa-indexer-use-sparse-loss', '--dsa-kernel-backend', 'tilelang'],
        ]),
    ...(mixers.some((one) => softmax.is(one) && one.gate === true) ? ['--attention-output-gate'] : []),
    ...(experts?.latentSize === undefined ? [] : ['--moe-latent-size', experts.latentSize]),
  ];
}

function netArguments(net: {
  readonly keyHeads: number;
  readonly valueHeads: number;
  readonly keyHeadDim: number;
  readonly valueHeadDim: number;
  readonly convKernel: number;
}): (string | number)[] {
  return [
    ...['--linear-num-key-heads', net.keyHeads, '--linear-num-value-heads', net.valueHeads],
    ...['--linear-key-head-dim', net.keyHeadDim, '--linear-value-head-dim', net.valueHeadDim],
    ...['--linear-conv-kernel-dim', net.convKernel],
  ];
}

/** N where every N-th layer attends and no other; else a 1 for each that does not. */
function frequency(linear: readonly boolean[]): string {
  const every = linear.indexOf(false) + 1;
  if (every > 1 && linear.every((one, i) => one === ((i + 1) % every !== 0))) return String(every);
  return `([${linear.map(Number).join(',')}])`;
}
