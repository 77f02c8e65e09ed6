import { type KeysOf, keySet } from '../reading/known-keys.ts';

/**
 * Keys of nanotron's configuration, which refuses others: dacite with strict=True (src/nanotron/config/config.py@00708b8,
 * parallelism_config.py@19f88fb, models_config.py@025f314; metrics_logging and a stage's sequence_length are of 2025).
 */
export const NANOTRON_KEYS: KeysOf = {
  '': keySet(
    'general checkpoints parallelism model tokenizer optimizer tokens logging data_stages lighteval profiler s3_upload metrics_logging',
  ),
  general: keySet('project run seed step consumed_train_samples benchmark_csv_path ignore_sanity_checks'),
  checkpoints:
    keySet(`checkpoints_path checkpoint_interval save_initial_state save_final_state resume_checkpoint_path
    load_lr_scheduler load_optimizer checkpoints_path_is_shared_file_system`),
  parallelism:
    keySet(`dp pp tp pp_engine tp_mode tp_linear_async_communication recompute_layer moe_layer_recompute
    tp_recompute_allgather expert_parallel_size context_parallel_size`),
  tokens:
    keySet(`sequence_length train_steps micro_batch_size batch_accumulation_per_replica val_check_interval
    limit_val_batches limit_test_batches`),
  tokenizer: keySet('tokenizer_name_or_path tokenizer_revision tokenizer_max_length'),
  optimizer: keySet(
    'optimizer_factory zero_stage weight_decay weight_decay_exclude_named_params clip_grad accumulate_grad_in_fp32 learning_rate_scheduler',
  ),
  'optimizer.optimizer_factory': keySet('name adam_eps adam_beta1 adam_beta2 torch_adam_is_fused'),
  'optimizer.learning_rate_scheduler':
    keySet(`learning_rate lr_warmup_steps lr_warmup_style lr_decay_style lr_decay_steps lr_decay_starting_step
    min_decay_lr`),
  logging: keySet('log_level log_level_replica iteration_step_info_interval'),
  'data_stages[]': keySet('name start_training_step data sequence_length'),
  'data_stages[].data': keySet('dataset seed num_loading_workers'),
  model: keySet('model_config init_method dtype make_vocab_size_divisible_by ddp_bucket_cap_mb'),
  'model.init_method': keySet('std scaling_method use_mup path'),
};

/** Of its Llama and its Qwen2. */
const LLAMA_KEYS =
  keySet(`bos_token_id eos_token_id hidden_act hidden_size initializer_range intermediate_size
    is_llama_config is_qwen2_config max_position_embeddings num_attention_heads num_hidden_layers attention_bias
    num_key_value_heads pad_token_id pretraining_tp rms_norm_eps rope_scaling rope_theta rope_interleaved
    tie_word_embeddings use_cache vocab_size _attn_implementation z_loss_enabled z_loss_coefficient flex_attention_mask
    sliding_window_size no_rope_layer _fused_rotary_emb _fused_rms_norm _use_qkv_packed _use_doc_masking moe_config`);

const STARCODER2_KEYS =
  keySet(`activation_function attention_softmax_in_fp32 attn_pdrop bos_token_id embd_pdrop eos_token_id
    global_attn_layers grouped_query hidden_size initializer_range intermediate_size is_starcoder2_config
    layer_norm_epsilon max_position_embeddings multi_query num_attention_heads num_hidden_layers num_kv_heads resid_pdrop
    rope_theta scale_attention_softmax_in_fp32 scale_attn_weights sliding_window_size use_position_embeddings
    use_rotary_embeddings vocab_size _attn_implementation`);

/** The flag of its own that each architecture's configuration has tells which it is. */
export function modelKeys(starcoder2: boolean): KeysOf {
  return { 'model.model_config': starcoder2 ? STARCODER2_KEYS : LLAMA_KEYS };
}

/** Keys without a default (the same files; lr_warmup_style has one that its own check refuses). */
export const REQUIRED_KEYS: KeysOf = {
  '': keySet('general parallelism model'),
  general: keySet('project'),
  checkpoints: keySet('checkpoints_path checkpoint_interval'),
  parallelism: keySet('dp pp tp'),
  model: keySet('model_config init_method'),
  tokens: keySet('sequence_length train_steps micro_batch_size batch_accumulation_per_replica'),
  optimizer: keySet(
    'optimizer_factory zero_stage weight_decay accumulate_grad_in_fp32 learning_rate_scheduler',
  ),
  'optimizer.learning_rate_scheduler': keySet('learning_rate lr_warmup_style'),
  'data_stages[]': keySet('name start_training_step data'),
};
