import { attentionOf, build, type Family, gatedMlp } from '../family.ts';
import { windowed, windowOf } from '../windows.ts';

/** A window on all layers; ministral says of each layer whether it has one, ministral3 has none. */
export const mistral: Family = {
  types: ['mistral', 'ministral', 'ministral3'],
  sizes: {
    ...{ vocab_size: 32000, hidden_size: 4096, intermediate_size: 14336 },
    ...{ num_hidden_layers: 32, num_attention_heads: 32 },
  },
  read(raw, name) {
    const f = raw.usual({ num_key_value_heads: 8 });
    const third = f.valueOf('model_type') === 'ministral3';
    const full = attentionOf(f, { qkvBias: false, outBias: false });
    return build(f, name, 'mistral', {
      attention: full,
      mlp: gatedMlp(f),
      layer: windowed(f, full, windowOf(f, third ? null : 4096), () => true),
      beyondSizes: third && f.has('rope_parameters') ? scaledByPosition(f.valueOf('rope_parameters')) : [],
    });
  },
};

/** Queries of later positions are scaled (Llama 4's, configuration_ministral3.py). */
function scaledByPosition(parameters: unknown): string[] {
  const beta = (parameters as { readonly llama_4_scaling_beta?: unknown }).llama_4_scaling_beta;
  return beta === undefined || beta === null ? [] : [`llama_4_scaling_beta ${JSON.stringify(beta)}`];
}
