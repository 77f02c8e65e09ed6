#!/usr/bin/env bash
# shardwright, llama-3.1-70b-32xh100-32xa100.json#1
# Start on every host of the table, for example: srun --ntasks-per-node=1 bash launch.sh
# Hosts stand in pipeline order; do not sort them.
# Their names are made up: the cluster file has none. Put yours in their place.
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
export CUDA_DEVICE_MAX_CONNECTIONS=1
# It does not start without one; NCCL looks at all but these by itself.
export NCCL_SOCKET_IFNAME="${NCCL_SOCKET_IFNAME:-^docker,lo}"
TYPES=(ib ib ib ib ib ib ib ib)
mapfile -t ARGS < arguments.txt
# Data, tokenizer, learning rate, norm epsilon, rotary base, rotary percent and rope scaling are yours to add; without any, a trial run on mock data.
if [ "$#" -eq 0 ]; then
  set -- --mock-data --tokenizer-type NullTokenizer --vocab-size 128256 --train-iters 10 --lr 1.5e-4
fi
exec torchrun --nnodes 8 --nproc-per-node 8 --node-rank "$NODE_RANK" \
  --master-addr "${HOSTS[0]}" --master-port "${MASTER_PORT:-29500}" \
  "${HOLMES_PATH:?set HOLMES_PATH to a checkout of Holmes}/pretrain_gpt.py" "${ARGS[@]}" --hetero-current-device-type "${TYPES[NODE_RANK]}" "$@"
