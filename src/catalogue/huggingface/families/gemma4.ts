import { moeMlp } from '../../../layers/ffn/moe.ts';
import type { SoftmaxAttention } from '../../../layers/mixers/softmax.ts';
import { attentionOf, build, type Family, gatedMlp, normsOfHeads, scalings } from '../family.ts';
import type { Fields } from '../fields.ts';
import { allButEvery, layerTypes, windowOf } from '../windows.ts';
import { SCALED } from './gemma.ts';

/** Five of six layers slide; those that attend to all have heads of their own, and keys for values where it says so. Experts beside the MLP, normed apart. */
export const gemma4: Family = {
  types: ['gemma4_text', 'gemma4_unified_text'],
  read(raw, name) {
    const unified = raw.valueOf('model_type') === 'gemma4_unified_text';
    const f = raw.usual({
      ...{ hidden_size: 2304, intermediate_size: 9216, num_hidden_layers: 30, vocab_size: 262144 },
      ...{ num_attention_heads: 8, num_key_value_heads: 4, head_dim: 256 },
      ...{ hidden_activation: 'gelu_pytorch_tanh', hidden_size_per_layer_input: unified ? 0 : 256 },
    });
    if (f.countOrZero('hidden_size_per_layer_input') > 0)
      throw f.odd(
        'hidden_size_per_layer_input',
        f.valueOf('hidden_size_per_layer_input'),
        '0: embeddings in each layer are not modelled',
      );
    if (f.countOrZero('num_kv_shared_layers') > 0)
      throw f.odd(
        'num_kv_shared_layers',
        f.valueOf('num_kv_shared_layers'),
        '0: keys and values shared by layers are not modelled',
      );
    const dense = gatedMlp(f);
    const mlp = f.flag('enable_moe_block', false)
      ? moeMlp(f.count('num_experts'), f.count('top_k_experts'), f.count('moe_intermediate_size'), {
          sharedFfnHiddenSize: dense.ffnHiddenSize,
          branchNorms: true,
          activation: 'gelu',
        })
      : dense;
    const attends = attentions(f);
    return build(f, name, 'gemma4', {
      attention: attends(0),
      mlp,
      layer: (i) => ({ attention: attends(i) }),
      tied: true,
      norm: { kind: 'rms', perLayer: 4 },
      logitSoftCap: f.has('final_logit_softcapping'),
      beyondSizes: [SCALED, 'norms of values', ...scalings(f, ['final_logit_softcapping'])],
    });
  },
};

/** Of each layer: the last attends to all whatever is said (Gemma4TextConfig). */
function attentions(f: Fields): (index: number) => SoftmaxAttention {
  const layers = f.count('num_hidden_layers');
  const sliding = { ...normsOfHeads(attentionOf(f)), slidingWindow: windowOf(f, 512) };
  const own = globalSizes(f);
  const shared = f.flag('attention_k_eq_v', false);
  const full = normsOfHeads(attentionOf(f.with({ head_dim: own.headDim, num_key_value_heads: own.kvHeads })));
  const whole = shared ? { ...full, valuesOfKeys: true } : full;
  const types = layerTypes(f, ['full_attention', 'sliding_attention']);
  const slides = allButEvery(f, 6);
  return (i) =>
    i < layers - 1 && (types === null ? slides(i) : types[i] === 'sliding_attention') ? sliding : whole;
}

/** `global_head_dim` and its neighbour, or those of the first layer that `per_layer_config` changes. */
function globalSizes(f: Fields): { readonly headDim: number; readonly kvHeads: number } {
  const kvHeads = f.count('num_key_value_heads');
  const changed = f.inside('per_layer_config');
  const [first] = Object.keys(changed.values);
  if (first !== undefined) {
    const layer = changed.inside(first);
    return {
      headDim: layer.count('head_dim', f.count('head_dim')),
      kvHeads: layer.count('num_key_value_heads', kvHeads),
    };
  }
  const gated = f.flag('attention_k_eq_v', false);
  return {
    headDim: f.count('global_head_dim', 512),
    kvHeads: gated ? f.count('num_global_key_value_heads', kvHeads) : kvHeads,
  };
}
