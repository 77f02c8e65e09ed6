#!/usr/bin/env bash
# shardwright, llama-2-7b-32xh100-32xa100.json#1
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
  a100-40-0
  a100-40-1
  a100-40-2
  a100-40-3
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
CONFIG=$PWD/cephalo_config.json
cd "${CEPHALO_PATH:?set CEPHALO_PATH to a checkout of Cephalo}"
exec torchrun --nnodes 8 --nproc-per-node 8 --node-rank "$NODE_RANK" \
  --master-addr "$MASTER" --master-port "${MASTER_PORT:-29500}" \
  trainfsdp.py --config_file "$CONFIG" "$@"
