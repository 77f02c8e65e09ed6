# shardwright, amoebanet-d-8xp40.json#1
# AmoebaNet-D (18, 256): MODULE names a Python module with build(), the torch.nn.Sequential of its 24 layers,
# batches(size), pairs of input and target, and loss(output, target).
import importlib
import os

import torch
from torchgpipe import GPipe

BALANCE = [3, 2, 2, 2, 2, 4, 4, 5]  # layers of each device
GLOBAL_BATCH = 1280
CHUNKS = 128  # micro-batches of 10

own = importlib.import_module(os.environ["MODULE"])
layers = own.build()
assert len(layers) == sum(BALANCE)
model = GPipe(
    layers,
    balance=BALANCE,
    devices=range(len(BALANCE)),
    chunks=CHUNKS,
    checkpoint="always",
)
optimizer = torch.optim.SGD(
    model.parameters(), lr=float(os.environ.get("LR", "0.1")), momentum=0.9
)
model.train()

for batch, target in own.batches(GLOBAL_BATCH):
    assert len(target) == GLOBAL_BATCH
    batch = batch.to(model.devices[0], non_blocking=True)
    target = target.to(model.devices[-1], non_blocking=True)
    own.loss(model(batch), target).backward()
    optimizer.step()
    optimizer.zero_grad()
