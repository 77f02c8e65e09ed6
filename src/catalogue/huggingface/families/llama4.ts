import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
import { rotatedLayers } from '../rotated-layers.ts';
import { layerTypes } from '../windows.ts';

/** Three of four layers attend within chunks and rotate, the fourth does neither; a shared expert beside the routed. */
export const llama4: Family = {
  types: ['llama4_text'],
  read(raw, name) {
    const f = raw.usual({ num_key_value_heads: 8 });
    const plain = attentionOf(f, { headDim: f.count('head_dim', 128) });
    const chunk = f.count('attention_chunk_size', 8192);
    const rotated = rotatedLayers(f);
    const types = layerTypes(f, ['full_attention', 'chunked_attention']);
    const chunked = (i: number) => (types === null ? rotated(i) : types[i] === 'chunked_attention');
    const variants = [false, true].map((rope) =>
      [false, true].map((cut) => ({ ...plain, ...(rope ? {} : { rope }), ...(cut ? { chunk } : {}) })),
    );
    const width = f.count('intermediate_size');
    const moe = moeMlp(f.count('num_local_experts', 16), f.count('num_experts_per_tok', 1), width, {
      sharedFfnHiddenSize: width,
    });
    const step = f.count('interleave_moe_layer_step', 1);
    const listed = f.list('moe_layers');
    const sparse = (i: number) => (listed === null ? (i + 1) % step === 0 : listed.includes(i));
    const dense = { ...gatedMlp(f), ffnHiddenSize: f.count('intermediate_size_mlp', 16384) };
    return build(f, name, 'llama4', {
      attention: plain,
      mlp: moe,
      layer: (i) => ({
        attention: variants[Number(rotated(i))]![Number(chunked(i))]!,
        mlp: sparse(i) ? moe : dense,
      }),
    });
  },
};
