# shardwright, qwen3-32b-8x4090-dealt.json#1
# qwen3-32b: MODEL is a folder or a name of the hub, TOKENS a file of token ids,
# torch.save of whole numbers, [sequences, tokens].
import os

import torch
from transformers import AutoConfig, AutoModelForCausalLM
from roundpipe import ModelExecutePlan, RoundPipeRunConfig, wrap_model_to_roundpipe
from roundpipe.optim import Adam

SEQUENCE_LENGTH = 2048
GLOBAL_BATCH = 128
MICRO_BATCH = 1
ROUNDS = 8  # of forward_backward in a step
NUM_MICROBATCH = 16  # in a round
assert GLOBAL_BATCH == MICRO_BATCH * ROUNDS * NUM_MICROBATCH

# Layer 0 is the embedding, 65 the last norm, the head and the loss.
# The first stage of backward has its own forward in it.
plan = ModelExecutePlan()
plan.fwd_plan = [
    range(0, 5),
    range(5, 9),
    range(9, 13),
    range(13, 17),
    range(17, 21),
    range(21, 25),
    range(25, 29),
    range(29, 33),
    range(33, 37),
    range(37, 41),
    range(41, 45),
    range(45, 49),
    range(49, 53),
    range(53, 57),
    range(57, 61),
    range(61, 65),
]
plan.bwd_plan = [
    range(65, 66),
    range(64, 65),
    range(63, 64),
    range(62, 63),
    range(61, 62),
    range(60, 61),
    range(59, 60),
    range(58, 59),
    range(57, 58),
    range(56, 57),
    range(55, 56),
    range(54, 55),
    range(53, 54),
    range(52, 53),
    range(51, 52),
    range(50, 51),
    range(49, 50),
    range(48, 49),
    range(47, 48),
    range(46, 47),
    range(45, 46),
    range(44, 45),
    range(43, 44),
    range(42, 43),
    range(41, 42),
    range(40, 41),
    range(39, 40),
    range(38, 39),
    range(37, 38),
    range(36, 37),
    range(35, 36),
    range(34, 35),
    range(33, 34),
    range(32, 33),
    range(31, 32),
    range(30, 31),
    range(29, 30),
    range(28, 29),
    range(27, 28),
    range(26, 27),
    range(25, 26),
    range(24, 25),
    range(23, 24),
    range(22, 23),
    range(21, 22),
    range(20, 21),
    range(19, 20),
    range(18, 19),
    range(17, 18),
    range(16, 17),
    range(15, 16),
    range(14, 15),
    range(13, 14),
    range(12, 13),
    range(11, 12),
    range(10, 11),
    range(9, 10),
    range(8, 9),
    range(7, 8),
    range(6, 7),
    range(5, 6),
    range(4, 5),
    range(3, 4),
    range(2, 3),
    range(0, 2),
]

torch.backends.cuda.matmul.allow_fp16_accumulation = True
config = AutoConfig.from_pretrained(os.environ["MODEL"])
config._attn_implementation = "flash_attention_2"
config.use_cache = False
loaded = AutoModelForCausalLM.from_pretrained(
    os.environ["MODEL"], config=config, dtype=torch.float16
)
model = wrap_model_to_roundpipe(
    loaded,
    optim_dtype=torch.float32,
    use_sequential_preset=True,
    pin_model="alloc",
    model_run_config=RoundPipeRunConfig(
        num_microbatch=NUM_MICROBATCH,
        recompute_grain="stage",
        execute_plan=plan,
    ),
)
optimizer = Adam(model.optim_parameters(), lr=float(os.environ.get("LR", "1e-5")))
tokens = torch.load(os.environ["TOKENS"])
assert tokens.shape[1] == SEQUENCE_LENGTH


def update():
    optimizer.step()
    optimizer.zero_grad()


for first in range(0, len(tokens) - GLOBAL_BATCH + 1, GLOBAL_BATCH):
    for batch in tokens[first : first + GLOBAL_BATCH].chunk(ROUNDS):
        model.forward_backward(
            input_kwargs={
                "input_ids": batch,
                "attention_mask": torch.ones_like(batch),
                "labels": batch,
                "return_logits": False,
            },
            loss_fn=lambda outputs, _: outputs.loss / NUM_MICROBATCH / ROUNDS,
        )
    # Weights of the next step are one update old.
    model.step(update)
model.synchronize()
