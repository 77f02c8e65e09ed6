# shardwright, llama-3.1-8b-2x32xh100-islands.json#1
# One of 2 islands, with torchft: plan.py as a recipe of torchtitan's experiments/torchft, such as 13da2d77c of 2026-08-29
# The outer optimizer is its own: SGD, learning rate 0.7, Nesterov momentum 0.9
import dataclasses
import os

from plan import recipe as plain
from torchtitan.components.loss import CrossEntropyLoss
from torchtitan.experiments.torchft.checkpoint import TorchFTCheckpointManager
from torchtitan.experiments.torchft.config.job_config import FaultTolerance
from torchtitan.experiments.torchft.llama3 import model_registry
from torchtitan.experiments.torchft.optimizer import TorchFTOptimizersContainer
from torchtitan.experiments.torchft.trainer import FaultTolerantTrainer


def fields_of(config):
    return {f.name: getattr(config, f.name) for f in dataclasses.fields(config) if f.init}


def recipe():
    fields = fields_of(plain())
    fields["model_spec"] = model_registry("8B")
    fields["loss"] = CrossEntropyLoss.Config(global_vocab_size=128256)
    fields["optimizer"] = TorchFTOptimizersContainer.Config(**fields_of(fields["optimizer"]))
    fields["checkpoint"] = TorchFTCheckpointManager.Config(**fields_of(fields["checkpoint"]))
    c = FaultTolerantTrainer.Config(**fields, fault_tolerance=FaultTolerance())
    c.training.disable_cuda_graphs = True  # torchft takes none with accumulated gradients
    f = c.fault_tolerance
    f.enable = True
    f.group_size = 2
    f.replica_id = int(os.environ["REPLICA_GROUP_ID"])
    f.min_replica_size = 2
    f.process_group = "nccl"
    f.process_group_timeout_ms = 3600000
    f.semi_sync_method = "diloco"
    f.sync_steps = 100
    f.num_fragments = 1
    f.fragment_sync_delay = 0
    f.fragment_update_alpha = 0.0
    f.should_quantize = True
    return c
