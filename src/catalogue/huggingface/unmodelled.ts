/** Families that are known and refused, and what of them is not modelled. */
export const UNMODELLED: Readonly<Record<string, string>> = {
  ...words('Mamba layers that share attention', ['zamba', 'zamba2']),
  ...words('Mamba layers with norms of their own', ['plamo2', 'hymba']),
  ...words('another gated delta net', ['kimi_linear', 'olmo_hybrid']),
  ...words('another indexer', ['deepseek_v4', 'glm_moe_dsa', 'minimax_m3']),
  ...words('linear attention layers', [
    'minimax',
    'minimax_text_01',
    'bailing_moe_linear',
    'rwkv',
    'rwkv7',
    'xlstm',
  ]),
  ...words('recurrent layers', ['recurrent_gemma', 'griffin']),
  ...words('block-sparse attention', ['phi3small']),
  ...words('embeddings in each layer', ['gemma3n_text', 'gemma3n', 'gemma4', 'gemma4_text']),
  ...words('two attentions a layer and experts that do nothing', ['longcat_flash']),
  ...words('blocks of unlike sizes', ['deci', 'nemotron-nas', 'openelm']),
  ...words('an activation with weights of its own', ['apertus']),
  ...words('a gate on the output of attention', ['afmoe', 'laguna', 'step3p5', 'step3p7']),
  ...words('an MLP beside the experts', ['arctic', 'grok-2', 'grok2']),
  ...words('windows with heads and value widths of their own', ['mimo_v2_flash']),
  ...words('experts of attention', ['jetmoe']),
  ...words('differences of attentions', ['diffllama']),
  ...words('keys and values shared by layers', ['hunyuan']),
  ...words('an encoder beside the decoder', [
    't5',
    'mt5',
    'umt5',
    'bart',
    'mbart',
    'marian',
    'whisper',
    't5gemma',
  ]),
  ...words('attention to both sides', [
    'bert',
    'roberta',
    'deberta-v2',
    'xlm-roberta',
    'modernbert',
    'distilbert',
  ]),
  ...words('cross attention to images', ['mllama', 'mllama_text_model']),
  ...words('experts of images', ['ernie4_5_vl_moe', 'ernie4_5_vl_moe_text']),
};

function words(what: string, types: readonly string[]): Record<string, string> {
  return Object.fromEntries(types.map((type) => [type, what]));
}
