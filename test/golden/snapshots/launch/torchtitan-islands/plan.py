# shardwright, llama-3.1-8b-2x32xh100-islands.json#1
# for torchtitan's main between PR #4121 and PR #4322, such as 13da2d77c of 2026-08-29
# python -m torchtitan.train --module plan --config recipe   (this file must be importable)
from torchtitan.models.llama3.config_registry import llama3_8b


def recipe():
    c = llama3_8b()
    p = c.parallelism
    p.pipeline_parallel_degree = 1
    p.data_parallel_replicate_degree = 1
    p.data_parallel_shard_degree = 32
    p.context_parallel_degree = 1
    p.tensor_parallel_degree = 1
    p.enable_sequence_parallel = False
    p.fsdp_reshard_after_forward = "always"
    c.activation_checkpoint = None
    c.training.num_tokens_per_microbatch_per_dp_rank = 8192
    c.training.max_context_length = 8192
    c.training.num_tokens_per_train_step = 512 * 8192
    return c
