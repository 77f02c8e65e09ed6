import { attentionOf, build, type Family, plainMlp } from '../family.ts';

/** A Llama with two matrices and squared ReLU in its MLP; of jais2 with biases and layer norms. */
export const arcee: Family = {
  types: ['arcee', 'jais2', 'cosmos3_edge_text'],
  read(raw, name) {
    const jais = raw.valueOf('model_type') === 'jais2';
    const f = raw.usual({ attention_bias: jais, mlp_bias: jais });
    return build(f, name, jais ? 'jais2' : 'arcee', {
      attention: attentionOf(f),
      mlp: plainMlp(f, f.flag('mlp_bias', jais), 'squared-relu'),
      norm: { kind: jais ? 'layer' : 'rms', perLayer: 2 },
    });
  },
};
