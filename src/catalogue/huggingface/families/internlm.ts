import { attentionOf, build, type Family, gatedMlp } from '../family.ts';

/** `bias` is of attention's projections; internlm3 has it on the output and the MLP, and `qkv_bias` apart. */
export const internlm: Family = {
  types: ['internlm', 'internlm2', 'internlm3'],
  read(f, name) {
    const type = f.valueOf('model_type');
    const bias = f.flag('bias', type !== 'internlm3');
    const third = type === 'internlm3';
    return build(f, name, 'internlm', {
      attention: attentionOf(f, { qkvBias: third ? f.flag('qkv_bias', false) : bias, outBias: bias }),
      mlp: gatedMlp(f, third && bias),
    });
  },
};
