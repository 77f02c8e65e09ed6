import { attentionOf, build, type Family, gatedMlp } from '../family.ts';

/** RMS norms, rotary positions, gated MLP, no biases unless it says so; what many families are under names of their own. */
export const llama: Family = {
  types: ['llama', 'xverse', 'aquila', 'helium', 'emu3_text_model'],
  sizes: {
    ...{ vocab_size: 32000, hidden_size: 4096, intermediate_size: 11008 },
    ...{ num_hidden_layers: 32, num_attention_heads: 32 },
  },
  read(f, name) {
    const helium = f.valueOf('model_type') === 'helium';
    return build(f, name, 'llama', {
      attention: attentionOf(f, helium ? { outBias: false } : {}),
      mlp: gatedMlp(f, f.flag('mlp_bias', false)),
    });
  },
};
