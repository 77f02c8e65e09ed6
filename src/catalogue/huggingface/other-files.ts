type Config = Readonly<Record<string, unknown>>;

/** Files that lie beside a config.json, by a key that they have and it has not, and what to bring instead. */
const OTHERS: readonly (readonly [key: string, instead: (config: Config) => string])[] = [
  [
    'peft_type',
    ({ base_model_name_or_path: base }) =>
      `the config.json of ${typeof base === 'string' ? base : 'its base model'}, with --train lora: this describes adapters of it`,
  ],
  ['weight_map', () => 'the config.json beside it: this lists the tensors of its files'],
  ['tokenizer_class', () => 'the config.json beside it: this describes the tokenizer'],
  ['image_processor_type', () => 'the config.json beside it: this describes how images are cut'],
  ['n_kv_heads', () => "the config.json of the same model on Hugging Face's hub: this is Meta's params.json"],
  [
    'multiple_of',
    () => "the config.json of the same model on Hugging Face's hub: this is Meta's params.json",
  ],
  [
    'zero_optimization',
    () => 'the config.json of the model: this is a DeepSpeed configuration, which --from reads',
  ],
  ['eos_token_id', () => 'the config.json beside it: this says how text is generated'],
];

/** What a file without `model_type` is, as far as it can be told. */
export function otherFile(config: Config): string | undefined {
  if (['hidden_size', 'n_embd', 'd_model'].some((key) => key in config)) return undefined;
  const found = OTHERS.find(([key]) => key in config);
  return found === undefined ? undefined : `Maybe ${found[1](config)}.`;
}
