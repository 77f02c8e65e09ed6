import { keySet } from '../reading/known-keys.ts';

/** Fields of its trainers' configurations and of its scripts beside TrainingArguments (TRL 1.13.0), and those of earlier versions. */
export const TRL_KEYS =
  keySet(`activation_offloading assistant_only_loss attn_implementation beta bnb_4bit_quant_storage
    bnb_4bit_quant_type cache_implementation cast_lm_head_to_fp32 center_rewards_coefficient
    chat_template_kwargs chat_template_path columns completion_only_loss data_dir data_files
    dataset_config dataset_kwargs dataset_name dataset_num_proc dataset_streaming dataset_test_split
    dataset_text_field dataset_train_split datasets delta desirable_weight disable_dropout discopop_tau
    ds3_gather_for_generation dtype entropy_coef entropy_coef_delta entropy_coef_max entropy_coef_min
    entropy_target eos_token epsilon epsilon_high eval_packing f_alpha_divergence_coef f_divergence_type
    fraction generation_batch_size generation_kwargs ignore_bias_buffers importance_sampling_level
    label_smoothing ld_alpha load_in_4bit load_in_8bit log_completions log_completions_hub_repo
    log_multimodal log_unique_prompts lora_alpha lora_dropout lora_modules_to_save lora_r
    lora_target_modules lora_target_parameters lora_task_type loss_type loss_weights
    mask_truncated_completions max_completion_length max_length max_seq_length
    max_tool_calling_iterations min_p model_init_kwargs model_name_or_path model_revision
    multi_objective_aggregation name normalize_advantages num_completions_to_print num_generations
    num_generations_eval num_iterations off_policy_mask_threshold packing packing_strategy
    pad_to_multiple_of pad_token padding_free path precompute_ref_batch_size precompute_ref_log_probs
    ref_model_mixup_alpha ref_model_sync_steps repetition_penalty reward_clip_range reward_weights
    router_aux_loss_coef sapo_temperature_neg sapo_temperature_pos scale_rewards shuffle_dataset split
    steps_per_generation streaming sync_ref_model teacher_model_init_kwargs teacher_model_name_or_path
    teacher_model_revision temperature test_split_size top_entropy_quantile top_k top_p torch_dtype
    transformers_continuous_batching_config truncation_mode trust_remote_code undesirable_weight
    use_adaptive_entropy use_bias_correction_kl use_bnb_nested_quant use_dora use_peft use_rslora
    use_transformers_continuous_batching use_transformers_paged use_vllm use_weighting vespo_k_neg
    vespo_k_pos vespo_lambda_neg vespo_lambda_pos vllm_enable_sleep_mode vllm_gpu_memory_utilization
    vllm_group_port vllm_importance_sampling_cap vllm_importance_sampling_clip_max
    vllm_importance_sampling_clip_min vllm_importance_sampling_correction vllm_importance_sampling_mode
    vllm_max_model_length vllm_mode vllm_model_impl vllm_server_base_url vllm_server_host
    vllm_server_port vllm_server_timeout vllm_structured_outputs_regex vllm_tensor_parallel_size`);
