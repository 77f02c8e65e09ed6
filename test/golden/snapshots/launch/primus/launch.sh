#!/usr/bin/env bash
# shardwright, llama-3.1-70b-64xmi300x.json#1
# Start on every host of the table, for example: srun --ntasks-per-node=1 bash launch.sh
# Hosts stand in pipeline order; do not sort them.
# Their names are made up: the cluster file has none. Put yours in their place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
HOSTS=(
  mi300x-0
  mi300x-1
  mi300x-2
  mi300x-3
  mi300x-4
  mi300x-5
  mi300x-6
  mi300x-7
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
unset CUDA_DEVICE_MAX_CONNECTIONS
CONFIG=$PWD/primus.yaml
cd "${PRIMUS_PATH:?set PRIMUS_PATH to a checkout of Primus}"
exec torchrun --nnodes 8 --nproc-per-node 8 --node-rank "$NODE_RANK" \
  --master-addr "${HOSTS[0]}" --master-port "${MASTER_PORT:-29500}" \
  primus/cli/main.py train pretrain --config "$CONFIG" "$@"
