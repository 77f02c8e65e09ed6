import { denseMlp } from '../../../layers/ffn/dense.ts';
import { rgLruMixer } from '../../../layers/mixers/rg-lru.ts';
import { attentionOf, build, type Family, plainMlp } from '../family.ts';
import { SCALED } from './gemma.ts';

/** Two of three layers are RG-LRU, the third attends over a window; `intermediate_size` counts gate and up together. */
export const recurrentGemma: Family = {
  types: ['recurrent_gemma'],
  read(raw, name) {
    const f = raw.usual({
      ...{ vocab_size: 256000, hidden_size: 2560, intermediate_size: 7680, num_hidden_layers: 26 },
      ...{ num_attention_heads: 10, attention_window_size: 2048 },
    });
    const attention = attentionOf(f, {
      qkvBias: f.flag('attention_bias', false),
      outBias: true,
      slidingWindow: f.count('attention_window_size'),
    });
    const recurrent = rgLruMixer(
      f.count('lru_width', f.count('hidden_size')),
      attention.heads,
      f.count('conv1d_width', 4),
    );
    const plain = plainMlp(f, true);
    if (plain.ffnHiddenSize % 2 !== 0)
      throw f.odd('intermediate_size', plain.ffnHiddenSize, 'an even number');
    const types = f.list('block_types') ?? ['recurrent', 'recurrent', 'attention'];
    const odd = types.find((type) => type !== 'recurrent' && type !== 'attention');
    if (odd !== undefined || types.length === 0)
      throw f.odd('block_types', odd ?? types, 'recurrent, attention');
    return build(f, name, 'recurrent_gemma', {
      attention,
      mlp: denseMlp(plain.ffnHiddenSize / 2, { gated: true, bias: true, activation: 'gelu' }),
      layer: (i) => ({ attention: types[i % types.length] === 'attention' ? attention : recurrent }),
      tied: true,
      logitSoftCap: f.has('logits_soft_cap') || !f.says('logits_soft_cap'),
      beyondSizes: [SCALED, 'logits_soft_cap'],
    });
  },
};
