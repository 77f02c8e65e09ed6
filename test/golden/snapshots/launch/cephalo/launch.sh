#!/usr/bin/env bash
# shardwright, llama-2-7b-32xh100-32xa100.json#1
# Start on every host of the table, for example: srun --ntasks-per-node=1 bash launch.sh
# Hosts stand in pipeline order; do not sort them.
# Their names are made up: the cluster file has none. Put yours in their place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
HOSTS=(
  h100-0
  h100-1
  h100-2
  h100-3
  a100-40-0
  a100-40-1
  a100-40-2
  a100-40-3
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
CONFIG=$PWD/cephalo_config.json
cd "${CEPHALO_PATH:?set CEPHALO_PATH to a checkout of Cephalo}"
exec torchrun --nnodes 8 --nproc-per-node 8 --node-rank "$NODE_RANK" \
  --master-addr "${HOSTS[0]}" --master-port "${MASTER_PORT:-29500}" \
  trainfsdp.py --config_file "$CONFIG" "$@"
