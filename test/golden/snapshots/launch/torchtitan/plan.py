# shardwright, llama-3.1-405b-512xh100.json#1
# for torchtitan's main between PR #4121 and PR #4322, such as 13da2d77c of 2026-08-29
# python -m torchtitan.train --module plan --config recipe   (this file must be importable)
from torchtitan.distributed.activation_checkpoint import SelectiveAC
from torchtitan.models.llama3 import model_registry
from torchtitan.models.llama3.config_registry import llama3_405b


def recipe():
    c = llama3_405b()
    c.model_spec = model_registry("405B")
    c.compile.enable = False
    c.compile.enable_async_tensor_parallel = False
    p = c.parallelism
    p.pipeline_parallel_degree = 32
    p.data_parallel_replicate_degree = 1
    p.data_parallel_shard_degree = 1
    p.context_parallel_degree = 4
    p.tensor_parallel_degree = 4
    p.enable_sequence_parallel = True
    p.fsdp_reshard_after_forward = "never"
    p.pipeline_parallel_schedule = "Interleaved1F1B"
    p.num_pp_microbatches = 512
    split = [1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1]  # layers of each stage, in layer order
    parts, n = [], 0
    for k in split:
        parts.append([f"layers.{i}" for i in range(n, n + k)])
        n += k
    parts[0].insert(0, "tok_embeddings")
    parts[-1] += ["norm", "lm_head"]
    p.module_fqns_per_model_part = parts
    c.training.disable_cuda_graphs = True  # required with pipeline parallelism
    c.activation_checkpoint = SelectiveAC.Config()
    c.training.num_tokens_per_microbatch_per_dp_rank = 8192
    c.training.max_context_length = 8192
    c.training.num_tokens_per_train_step = 512 * 8192
    return c
