import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, gatedMlp, normsOfHeads } from '../family.ts';
import { Fields } from '../fields.ts';
import { firstDense } from '../sparse-layers.ts';

/** Norms of queries and keys over a head, after rotation. */
export const hunyuan: Family = {
  types: ['hunyuan_v1_dense'],
  read: (f, name) => build(f, name, 'hunyuan', { attention: normsOfHeads(attentionOf(f)), mlp: gatedMlp(f) }),
};

/** Experts in all layers and as many shared ones as its lists say, the same in each. */
export const hunyuanMoe: Family = {
  types: ['hunyuan_v1_moe'],
  read(f, name) {
    const width = oneOf(f, 'moe_intermediate_size', f.count('intermediate_size'));
    const mlp = moeMlp(f.count('num_experts'), oneOf(f, 'moe_topk', 1), width, {
      sharedFfnHiddenSize: f.count('intermediate_size') * oneOf(f, 'num_shared_expert', 1),
    });
    if (width !== f.count('intermediate_size'))
      throw f.odd(
        'moe_intermediate_size',
        width,
        'intermediate_size: transformers builds experts of no other',
      );
    return build(f, name, 'hunyuan', { attention: normsOfHeads(attentionOf(f)), mlp });
  },
};

/** The first layer is dense; a shared expert and a correction of the router's scores. */
export const hunyuan3: Family = {
  types: ['hy_v3'],
  read(f, name) {
    const width = f.count('moe_intermediate_size', 1536);
    const moe = moeMlp(f.count('num_experts', 192), f.count('num_experts_per_tok', 8), width, {
      sharedFfnHiddenSize: width * f.countOrZero('num_shared_experts', 1),
      correctionBias: true,
    });
    if (f.flag('mlp_bias', false))
      throw f.odd('mlp_bias', true, 'false: biases of shared experts are not modelled');
    return build(f, name, 'hunyuan', {
      attention: normsOfHeads(attentionOf(f, { headDim: f.count('head_dim', 128) })),
      mlp: moe,
      layer: firstDense(f, moe, 1),
    });
  },
};

/** A number, or a list that has the same for each layer. */
function oneOf(f: Fields, key: string, usual: number): number {
  const value = f.valueOf(key);
  if (!Array.isArray(value)) return f.count(key, usual);
  const [first] = value;
  if (!value.every((one) => one === first)) throw f.odd(key, value, 'the same number for all layers');
  return new Fields({ [key]: first }, f.file).count(key, usual);
}
