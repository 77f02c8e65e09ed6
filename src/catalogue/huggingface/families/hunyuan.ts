import { moeMlp } from '../../../layers/ffn/moe.ts';
import { attentionOf, build, type Family, gatedMlp, normsOfHeads } from '../family.ts';
import { Fields } from '../fields.ts';

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

/** A number, or a list that has the same for each layer. */
function oneOf(f: Fields, key: string, usual: number): number {
  const value = f.valueOf(key);
  if (!Array.isArray(value)) return f.count(key, usual);
  const [first] = value;
  if (!value.every((one) => one === first)) throw f.odd(key, value, 'the same number for all layers');
  return new Fields({ [key]: first }, f.file).count(key, usual);
}
