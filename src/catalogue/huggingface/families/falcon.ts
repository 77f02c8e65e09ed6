import { attentionOf, build, type Family, plainMlp } from '../family.ts';

/** Multi-query in the 7B; grouped with two norms in the new decoder architecture. */
export const falcon: Family = {
  types: ['falcon'],
  read(raw, name) {
    const f = raw.called({ intermediate_size: 'ffn_hidden_size' });
    const heads = f.count('num_attention_heads');
    const modern = f.flag('new_decoder_architecture', false);
    const kvHeads = modern ? f.count('num_kv_heads', heads) : f.flag('multi_query', true) ? 1 : heads;
    const bias = f.flag('bias', false);
    const parallel = modern || f.flag('parallel_attn', true);
    const norms = modern ? f.count('num_ln_in_parallel_attn', 2) : parallel ? 1 : 2;
    return build(f, name, 'falcon', {
      attention: attentionOf(f, { kvHeads, qkvBias: bias, outBias: bias }),
      mlp: plainMlp(f, bias, 'gelu', 4),
      norm: { kind: 'layer', perLayer: norms },
      tied: true,
      parallelResidual: parallel,
      alibi: f.flag('alibi', false),
    });
  },
};
