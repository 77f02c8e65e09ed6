import { denseMlp } from '../../layers/ffn/dense.ts';
import { softmaxAttention } from '../../layers/mixers/softmax.ts';
import { build, type Family } from './family.ts';
import { Fields } from './fields.ts';

const biased = (heads: number, headDim: number, bias: boolean, kvHeads = heads) =>
  softmaxAttention(heads, headDim, { kvHeads, qkvBias: bias, outBias: bias });

/** Biases everywhere, layer norms, learned positions, tied head. */
const gpt2: Family = {
  types: ['gpt2'],
  read(raw, name) {
    const hidden = raw.count('n_embd', 768);
    const heads = raw.count('n_head', 12);
    if (hidden % heads !== 0) throw raw.odd('n_head', heads, `a divisor of n_embd ${hidden}`);
    const positions = raw.count('n_positions', 1024);
    const f = new Fields(
      {
        ...raw.values,
        hidden_size: hidden,
        num_hidden_layers: raw.count('n_layer', 12),
        max_position_embeddings: positions,
      },
      raw.file,
    );
    return build(f, name, 'gpt2', {
      attention: biased(heads, hidden / heads, true),
      mlp: denseMlp(raw.count('n_inner', 4 * hidden), { gated: false, bias: true }),
      norm: { kind: 'layer', perLayer: 2 },
      learnedPositions: positions,
      tied: true,
    });
  },
};

const neox: Family = {
  types: ['gpt_neox'],
  read(f, name) {
    const hidden = f.count('hidden_size');
    const heads = f.count('num_attention_heads');
    if (hidden % heads !== 0) throw f.odd('num_attention_heads', heads, `a divisor of hidden_size ${hidden}`);
    return build(f, name, 'gpt_neox', {
      attention: biased(heads, hidden / heads, f.flag('attention_bias', true)),
      mlp: denseMlp(f.count('intermediate_size', 4 * hidden), { gated: false, bias: true }),
      norm: { kind: 'layer', perLayer: 2 },
    });
  },
};

/** Multi-query in the 7B; grouped with two norms in the new decoder architecture. */
const falcon: Family = {
  types: ['falcon'],
  read(f, name) {
    const hidden = f.count('hidden_size');
    const heads = f.count('num_attention_heads');
    if (hidden % heads !== 0) throw f.odd('num_attention_heads', heads, `a divisor of hidden_size ${hidden}`);
    const modern = f.flag('new_decoder_architecture', false);
    const kvHeads = modern ? f.count('num_kv_heads', heads) : f.flag('multi_query', true) ? 1 : heads;
    const bias = f.flag('bias', false);
    const parallel = f.flag('parallel_attn', true);
    const norms = modern ? f.count('num_ln_in_parallel_attn', 2) : parallel ? 1 : 2;
    return build(f, name, 'falcon', {
      attention: biased(heads, hidden / heads, bias, kvHeads),
      mlp: denseMlp(f.count('ffn_hidden_size', 4 * hidden), { gated: false, bias }),
      norm: { kind: 'layer', perLayer: norms },
      tied: true,
    });
  },
};

export const LEGACY: readonly Family[] = [gpt2, neox, falcon];
