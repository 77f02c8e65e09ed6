#!/usr/bin/env bash
# shardwright, llama-3.1-8b-2x32xh100-islands.json#1
# Start on every host of the table; README.md says how.
# Hosts stand in pipeline order; do not sort them.
# Their names are made up: a scheduler chooses the hosts, or put yours in their place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
HOSTS=(
  east-0
  east-1
  east-2
  east-3
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
export REPLICA_GROUP_ID=1
export TORCHFT_TIMEOUT_SEC=3600
export TORCHFT_QUORUM_TIMEOUT_SEC=3600
: "${TORCHFT_LIGHTHOUSE:?http://HOST:29510 of lighthouse.sh}"
export TORCHFT_LIGHTHOUSE
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
exec torchrun --nnodes 4 --nproc-per-node 8 --node-rank "$NODE_RANK" \
  --master-addr "$MASTER" --master-port "${MASTER_PORT:-29500}" \
  -m torchtitan.train --module island --config recipe "$@"
