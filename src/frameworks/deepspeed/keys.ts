import { type KeysOf, keySet } from '../reading/known-keys.ts';

/**
 * Keys of DeepSpeed's JSON, by section (deepspeed/runtime/constants.py@088be89, runtime/config.py@029f12b,
 * runtime/zero/config.py@1b88ac3; docs/_pages/config-json.md). Of zero_optimization both the names of the file and those of
 * its fields count: DeepSpeedConfigModel allows population by field name.
 */
export const DEEPSPEED_KEYS: KeysOf = {
  '': keySet(`train_batch_size train_micro_batch_size_per_gpu gradient_accumulation_steps optimizer scheduler fp16 bf16 amp
    bfloat16 torch_autocast gradient_clipping gradient_predivide_factor gradient_allreduce_op prescale_gradients
    sparse_gradients communication_data_type seq_parallel_comm_data_type data_types zero_optimization
    zero_allow_untested_optimizer zero_force_ds_cpu_optimizer sequence_parallel_size data_parallel_size tensor_parallel
    expert_parallel pipeline activation_checkpointing sparse_attention steps_per_print wall_clock_breakdown dump_state
    memory_breakdown flops_profiler monitor_config tensorboard wandb comet csv_monitor comms_logger checkpoint
    data_efficiency curriculum_learning data_sampling progressive_layer_drop eigenvalue autotuning elasticity
    compression_training quantize_training aio nebula load_universal_checkpoint use_data_before_expert_parallelism
    graph_harvesting compile timers hybrid_engine dataloader_drop_last gradient_accumulation_dtype disable_allgather
    managed_gradient_accumulation vocabulary_size log_level zenflow use_node_local_storage float8 weight_quantization`),
  zero_optimization:
    keySet(`stage contiguous_gradients reduce_scatter reduce_bucket_size use_multi_rank_bucket_allreduce
    allgather_partitions allgather_bucket_size overlap_comm load_from_fp32_weights elastic_checkpoint offload_param
    offload_optimizer zenflow sub_group_size cpu_offload_param cpu_offload_use_pin_memory cpu_offload
    stage3_prefetch_bucket_size prefetch_bucket_size stage3_param_persistence_threshold param_persistence_threshold
    stage3_model_persistence_threshold model_persistence_threshold stage3_max_live_parameters max_live_parameters
    stage3_max_reuse_distance max_reuse_distance stage3_gather_16bit_weights_on_model_save
    gather_16bit_weights_on_model_save stage3_module_granularity_threshold module_granularity_threshold
    stage3_use_all_reduce_for_fetch_params use_all_reduce_for_fetch_params stage3_allgather_sequential
    allgather_sequential stage3_partition_stream_chunk_size partition_stream_chunk_size
    stage3_gather_fp16_weights_on_model_save ignore_unused_parameters legacy_stage1 round_robin_gradients
    zero_hpz_partition_size zero_quantized_weights zero_quantized_nontrainable_weights zero_quantized_gradients
    zeropp_loco_param mics_shard_size mics_hierarchical_params_gather memory_efficient_linear
    pipeline_loading_checkpoint override_module_apply log_trace_cache_warnings enable_sanity_checks
    save_muon_momentum_buffer_in_memory leaf_module`),
  activation_checkpointing:
    keySet(`partition_activations cpu_checkpointing contiguous_memory_optimization number_checkpoints
    synchronize_checkpoint_boundary profile`),
};

/** Sections that DeepSpeed only asks for the keys it wants (runtime/config_utils.py, get_scalar_param). */
export const LENIENT: ReadonlySet<string> = new Set(['', 'activation_checkpointing']);
