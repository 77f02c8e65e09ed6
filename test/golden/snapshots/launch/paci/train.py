# shardwright, gpt2-medium-8x4090-paci.json#1
# gpt2-medium-untied on OpenWebText, with the loop, optimizer and data of PACI (TrainGPT.py@3e45e71).
import functools
import os

import torch
from torch.optim.lr_scheduler import LambdaLR
from transformers import AutoTokenizer

from DataLoaders import OpenWebText
from DataLoaders.OpenWebText import build_openwebtext_splits
from DistPACI import LRstepMode, PACIMode, PACIModel, PipelineMethods, TrainingConfig
from LLModelTraininer import model_trainer
from Models.GPT2 import GPT2SequentialModel, GPTConfig
from TrainGPT import build_adamw, gpt2_like_lr_lambda, set_random
from Utils.ChangeFDlimit import set_ulimit
from Utils.metrics import LanguageModelingLoss

SEQUENCE_LENGTH = 1024
GLOBAL_BATCH = 128
MICRO_BATCHES = 16  # of 8: each stage steps after as many backward passes
# Modules of each stage: 0 is the embedding, then attention and MLP of each layer, the last norm, the head.
STAGES = [
    list(range(0, 3)),
    list(range(3, 9)),
    list(range(9, 17)),
    list(range(17, 25)),
    list(range(25, 33)),
    list(range(33, 41)),
    list(range(41, 47)),
    list(range(47, 51)),
]


def main():
    set_random(123)
    assert torch.cuda.device_count() == len(STAGES)
    config = GPTConfig(
        context_length=1024,
        vocab_size=50257,
        num_layers=24,
        embd_size=1024,
        num_heads=16,
    )
    model = GPT2SequentialModel(config=config)
    tokenizer = AutoTokenizer.from_pretrained("gpt2", use_fast=True)
    cache = os.environ.get("DATA", "cache/openwebtext/")
    named = {"tokenizer_id": "gpt2_tok", "block_size": SEQUENCE_LENGTH, "cache_dir": cache}
    build_openwebtext_splits(tokenizer=tokenizer, **named)
    dataset = OpenWebText(GLOBAL_BATCH, 4, tokenizer, **named)
    steps = int(os.environ.get("STEPS", "190000"))
    schedule = gpt2_like_lr_lambda(warmup_steps=steps // 100, total_steps=steps)
    set_ulimit(len(dataset.train_loader) * 5)
    training = TrainingConfig(
        model,
        build_optimizer_func=build_adamw,
        optimizer_params={
            "lr": float(os.environ.get("LR", "3e-4")),
            "betas": (0.9, 0.95),
            "eps": 1e-8,
            "weight_decay": 0.1,
        },
        total_steps=steps,
        loss_function=LanguageModelingLoss(tokenizer.vocab_size, -100),
        log_training_metrics_every=int(os.environ.get("LOG_EVERY", "100")),
        checkpoint_every=int(os.environ.get("SAVE_EVERY", "1000")),
        evaluate_every=int(os.environ.get("EVALUATE_EVERY", "5000")),
        device="cuda",
        grad_accumulation=MICRO_BATCHES,
        pipeline_mode=PipelineMethods.paci,
        paci_mode=PACIMode.perf,
        split_to=len(STAGES),
        lr_scheduler_class=LambdaLR,
        lr_scheduler_params={"lr_lambda": schedule.lr_lambda},
        lr_step_on=LRstepMode.step,
        output_verbose=False,
        ignore_token=-100,
    )
    pipeline = PACIModel(model, training, measure_iterations=10)
    # Stages as they are priced: without split_indices it cuts them anew by times that it measures.
    pipeline.init = functools.partial(pipeline.init, split_indices=STAGES)
    model_trainer(pipeline, training, dataset, os.environ.get("OUTPUT", "outputs"))


if __name__ == "__main__":
    main()
