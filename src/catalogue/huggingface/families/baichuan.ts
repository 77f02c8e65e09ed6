import { attentionOf, build, type Family, gatedMlp } from '../family.ts';

/** Hidden size of the 13B: no key of the config tells them apart (modeling_baichuan.py of each). */
const THIRTEEN_B = 5120;

/** A Llama; the 13B weighs distances where the 7B rotates. */
export const baichuan: Family = {
  types: ['baichuan'],
  read: (f, name) =>
    build(f, name, 'llama', {
      attention: attentionOf(f, { kvHeads: f.count('num_attention_heads') }),
      mlp: gatedMlp(f),
      alibi: f.count('hidden_size') === THIRTEEN_B,
    }),
};
