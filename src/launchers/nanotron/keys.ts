/**
 * Keys of nanotron's configuration, which refuses others (src/nanotron/config/config.py, parallelism_config.py at 19f88fb,
 * models_config.py at 025f314).
 */
export const NANOTRON_KEYS: Readonly<Record<string, ReadonlySet<string>>> = {
  '': keys(
    'general checkpoints parallelism model tokenizer optimizer tokens logging data_stages lighteval profiler s3_upload metrics_logging',
  ),
  general: keys('project run seed step consumed_train_samples benchmark_csv_path ignore_sanity_checks'),
  parallelism:
    keys(`dp pp tp pp_engine tp_mode tp_linear_async_communication recompute_layer moe_layer_recompute
    tp_recompute_allgather expert_parallel_size context_parallel_size`),
  tokens: keys(`sequence_length train_steps micro_batch_size batch_accumulation_per_replica val_check_interval
    limit_val_batches limit_test_batches`),
  optimizer: keys(
    'optimizer_factory zero_stage weight_decay weight_decay_exclude_named_params clip_grad accumulate_grad_in_fp32 learning_rate_scheduler',
  ),
  model: keys('model_config init_method dtype make_vocab_size_divisible_by ddp_bucket_cap_mb'),
  'model.model_config':
    keys(`bos_token_id eos_token_id hidden_act hidden_size initializer_range intermediate_size
    is_llama_config is_qwen2_config max_position_embeddings num_attention_heads num_hidden_layers attention_bias
    num_key_value_heads pad_token_id pretraining_tp rms_norm_eps rope_scaling rope_theta rope_interleaved
    tie_word_embeddings use_cache vocab_size _attn_implementation z_loss_enabled z_loss_coefficient flex_attention_mask
    sliding_window_size no_rope_layer _fused_rotary_emb _fused_rms_norm _use_qkv_packed _use_doc_masking moe_config`),
};

function keys(names: string): ReadonlySet<string> {
  return new Set(names.split(/\s+/));
}
