#!/usr/bin/env bash
# shardwright, mixtral-8x7b-64xh100.json#1
# Start on every host of the table; README.md says how.
# Hosts stand in pipeline order; do not sort them.
# Their names are made up: a scheduler chooses the hosts, or put yours in their place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
HOSTS=(
  h100-0
  h100-1
  h100-2
  h100-3
  h100-4
  h100-5
  h100-6
  h100-7
)
MASTER=${SHARDWRIGHT_MASTER:-${HOSTS[0]}}
if [ -n "${SHARDWRIGHT_MASTER:-}" ]; then
  # Whoever chose the master chose the hosts too. Slurm numbers nodes over all components of a job.
  NODE_RANK=${SHARDWRIGHT_NODE_RANK:-${SLURM_NODEID:?SHARDWRIGHT_MASTER wants SHARDWRIGHT_NODE_RANK}}
else
  # A host may stand in the table by any of its names or addresses.
  ME=${SHARDWRIGHT_HOST:-$(hostname)}
  NAMES="$ME ${SHARDWRIGHT_HOST:-$({ hostname -s; hostname -f; hostname -I; } 2> /dev/null || true)}"
  NODE_RANK=
  for i in "${!HOSTS[@]}"; do
    for name in $NAMES; do
      if [ "${HOSTS[i]}" = "$name" ]; then NODE_RANK=$i; fi
    done
  done
  : "${NODE_RANK:?$ME is not in the plan}"
fi
mapfile -t ARGS < overrides.txt
# Data, tokenizer, learning rate, norm epsilon, rotary base, rotary percent, rope scaling, router groups, router scaling and router losses are yours to add; without any, a trial run on mock data.
if [ "$#" -eq 0 ]; then
  set -- tokenizer.tokenizer_type=NullTokenizer tokenizer.vocab_size=32000 train.train_iters=10
fi
exec torchrun --nnodes 8 --nproc-per-node 8 --node-rank "$NODE_RANK" \
  --master-addr "$MASTER" --master-port "${MASTER_PORT:-29500}" \
  "${BRIDGE_PATH:-.}/scripts/training/run_recipe.py" --recipe vanilla_gpt_pretrain_config --mode pretrain --dataset mock "${ARGS[@]}" "$@"
