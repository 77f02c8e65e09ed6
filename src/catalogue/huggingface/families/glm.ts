import { attentionOf, build, type Family, gatedMlp } from '../family.ts';

/** Keys of the first configs (`chatglm`). */
const CHATGLM = {
  num_hidden_layers: 'num_layers',
  intermediate_size: 'ffn_hidden_size',
  vocab_size: 'padded_vocab_size',
  head_dim: 'kv_channels',
  attention_bias: 'add_qkv_bias',
  max_position_embeddings: 'seq_length',
};

/** Biases on queries, keys and values, none on the output. */
export const glm: Family = {
  types: ['glm', 'chatglm'],
  read(raw, name) {
    const chat = raw.valueOf('model_type') === 'chatglm';
    const f = chat
      ? raw.called(CHATGLM)
      : raw.usual({ attention_bias: true, head_dim: 128, num_key_value_heads: 2 });
    if (chat && !f.flag('rmsnorm', true)) throw f.odd('rmsnorm', false, 'true');
    if (chat && !f.flag('post_layer_norm', true))
      throw f.odd('post_layer_norm', false, 'true: a norm after the last layer');
    if (chat && f.flag('apply_residual_connection_post_layernorm', false))
      throw f.odd('apply_residual_connection_post_layernorm', true, 'false');
    const heads = f.count('num_attention_heads');
    const groups = f.flag('multi_query_attention', true) ? f.count('multi_query_group_num', 1) : heads;
    const bias = chat && f.flag('add_bias_linear', false);
    const kv = chat ? { kvHeads: groups } : {};
    const qkvBias = bias || f.flag('attention_bias', !chat);
    return build(f, name, 'glm', {
      attention: attentionOf(f, { ...kv, qkvBias, outBias: bias }),
      mlp: gatedMlp(f, bias),
    });
  },
};

/** Four norms a layer. */
export const glm4: Family = {
  types: ['glm4', 'glm4v_text', 'glm_ocr_text', 'glm_image_text'],
  read(raw, name) {
    const type = raw.valueOf('model_type');
    const vision = type === 'glm4v_text';
    const f = raw.usual({ num_key_value_heads: 2, attention_bias: type !== 'glm_ocr_text' });
    return build(f, name, 'glm4', {
      attention: attentionOf(f, { qkvBias: vision || f.flag('attention_bias', false), outBias: false }),
      mlp: gatedMlp(f),
      norm: { kind: 'rms', perLayer: 4 },
    });
  },
};
