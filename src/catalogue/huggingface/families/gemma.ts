import { attentionOf, build, type Family, gatedMlp, normsOfHeads, scalings } from '../family.ts';
import { allButEvery, windowed, windowOf } from '../windows.ts';

/** Embeddings times √hidden, GELU gates, norms whose weight is added to one. */
export const SCALED = 'embeddings scaled by the root of the hidden size';

/** Two norms a layer. */
export const gemma: Family = {
  types: ['gemma'],
  sizes: {
    ...{ vocab_size: 256000, hidden_size: 3072, intermediate_size: 24576, num_hidden_layers: 28 },
    ...{ num_attention_heads: 16, num_key_value_heads: 16, head_dim: 256 },
  },
  read: (f, name) =>
    build(f, name, 'gemma', {
      attention: attentionOf(f, { headDim: f.count('head_dim', 256) }),
      mlp: gatedMlp(f, false, 'gelu'),
      tied: true,
      beyondSizes: [SCALED],
    }),
};

/** Four norms a layer; every second layer slides (gemma2), or five of six (gemma3). Vaultgemma has two norms again. */
export const gemma2: Family = {
  types: ['gemma2', 'gemma3_text', 'vaultgemma'],
  read(raw, name) {
    const type = raw.valueOf('model_type');
    const third = type === 'gemma3_text';
    const f = raw.usual({
      ...{ vocab_size: third ? 262208 : 256000, hidden_size: 2304, intermediate_size: 9216 },
      ...{ num_hidden_layers: 26, num_attention_heads: 8, num_key_value_heads: 4, head_dim: 256 },
    });
    const plain = attentionOf(f);
    const full = third ? normsOfHeads(plain) : plain;
    return build(f, name, 'gemma', {
      attention: full,
      mlp: gatedMlp(f, false, 'gelu'),
      layer: windowed(f, full, windowOf(f, 4096), allButEvery(f, third ? 6 : 2)),
      tied: true,
      norm: { kind: 'rms', perLayer: type === 'vaultgemma' ? 2 : 4 },
      logitSoftCap: f.has('final_logit_softcapping'),
      beyondSizes: [SCALED, ...scalings(f, ['attn_logit_softcapping', 'final_logit_softcapping'])],
    });
  },
};
