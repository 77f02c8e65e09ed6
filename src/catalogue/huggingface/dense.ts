import { denseMlp } from '../../layers/ffn/dense.ts';
import { softmaxAttention } from '../../layers/mixers/softmax.ts';
import { attentionOf, build, type Family, gatedMlp } from './family.ts';
import { Fields } from './fields.ts';

const llama: Family = {
  types: ['llama', 'phi3'],
  read: (f, name) =>
    build(f, name, 'llama', { attention: attentionOf(f), mlp: gatedMlp(f, f.flag('mlp_bias', false)) }),
};

const mistral: Family = {
  types: ['mistral', 'ministral'],
  read(f, name) {
    const window = f.has('sliding_window') ? f.count('sliding_window') : null;
    return build(f, name, 'mistral', {
      attention: attentionOf(f, { slidingWindow: window }),
      mlp: gatedMlp(f),
    });
  },
};

const qwen2: Family = {
  types: ['qwen2'],
  read: (f, name) =>
    build(f, name, 'qwen2', {
      attention: attentionOf(f, { qkvBias: true, outBias: false }),
      mlp: gatedMlp(f),
    }),
};

/** Norms over the head dimension of q and k. */
const qwen3: Family = {
  types: ['qwen3'],
  read(f, name) {
    const headDim = f.count('head_dim', 128);
    return build(f, name, 'qwen3', {
      attention: attentionOf(f, { headDim, qkNormParameters: 2 * headDim }),
      mlp: gatedMlp(f),
    });
  },
};

/** Norms over the whole of q and k, and after each block instead of before. */
const olmo2: Family = {
  types: ['olmo2', 'olmo3'],
  read(f, name) {
    const plain = attentionOf(f);
    const qkNormParameters = (plain.heads + plain.kvHeads) * plain.headDim;
    return build(f, name, 'olmo2', {
      attention: softmaxAttention(plain.heads, plain.headDim, { ...plain, qkNormParameters }),
      mlp: gatedMlp(f),
    });
  },
};

/** Four norms a layer; every second layer slides (gemma2), or five of six (gemma3). */
const gemma: Family = {
  types: ['gemma2', 'gemma3_text'],
  read(raw, name) {
    const third = raw.values.model_type === 'gemma3_text';
    const defaults = third
      ? {
          vocab_size: 262208,
          hidden_size: 2304,
          intermediate_size: 9216,
          num_hidden_layers: 26,
          num_attention_heads: 8,
          num_key_value_heads: 4,
          head_dim: 256,
        }
      : {
          vocab_size: 256000,
          hidden_size: 2304,
          intermediate_size: 9216,
          num_hidden_layers: 26,
          num_attention_heads: 8,
          num_key_value_heads: 4,
          head_dim: 256,
        };
    const f = new Fields({ ...defaults, ...raw.values }, raw.file);
    const full = attentionOf(f, { qkNormParameters: third ? 2 * f.count('head_dim') : 0 });
    const sliding = { ...full, slidingWindow: f.count('sliding_window', 4096) };
    const pattern = f.count('sliding_window_pattern', third ? 6 : 2);
    const types = f.list('layer_types');
    const slides = (i: number) =>
      types === null ? (i + 1) % pattern !== 0 : types[i] === 'sliding_attention';
    return build(f, name, 'gemma', {
      attention: full,
      mlp: gatedMlp(f),
      layer: (i) => ({ attention: slides(i) ? sliding : full }),
      tied: true,
      norm: { kind: 'rms', perLayer: 4 },
    });
  },
};

/** Squared ReLU, two matrices, layer norms with bias. */
const nemotron: Family = {
  types: ['nemotron'],
  read: (f, name) =>
    build(f, name, 'nemotron', {
      attention: attentionOf(f),
      mlp: denseMlp(f.count('intermediate_size'), { gated: false, bias: f.flag('mlp_bias', false) }),
      norm: { kind: 'layer', perLayer: 2 },
    }),
};

export const DENSE: readonly Family[] = [llama, mistral, qwen2, qwen3, olmo2, gemma, nemotron];
