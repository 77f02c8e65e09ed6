#!/usr/bin/env bash
# shardwright, llama-3.1-70b-32xh100-32xa100.json#1
# Start on every host of the table; README.md says how.
# Hosts stand in pipeline order; do not sort them.
# Their names are made up: a scheduler chooses the hosts, or put yours in their place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
HOSTS=(
  a100-40-0
  a100-40-1
  a100-40-2
  a100-40-3
  h100-0
  h100-1
  h100-2
  h100-3
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
export CUDA_DEVICE_MAX_CONNECTIONS=1
mapfile -t ARGS < arguments.txt
# Data, tokenizer, learning rate, norm epsilon, rotary base, rotary percent and rope scaling are yours to add; without any, a trial run on mock data.
if [ "$#" -eq 0 ]; then
  set -- --mock-data --tokenizer-type NullTokenizer --vocab-size 128256 --train-iters 10 --lr 1.5e-4
fi
exec torchrun --nnodes 8 --nproc-per-node 8 --node-rank "$NODE_RANK" \
  --master-addr "$MASTER" --master-port "${MASTER_PORT:-29500}" \
  "${MEGATRON_PATH:-.}/pretrain_gpt.py" "${ARGS[@]}" "$@"
