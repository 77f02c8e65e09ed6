#!/usr/bin/env bash
# shardwright, llama-2-13b-8xa100-16xrtx4090.json#1
# Start on every host of the table; README.md says how.
# Hosts stand in pipeline order; do not sort them.
# Their names are made up: a scheduler chooses the hosts, or put yours in their place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
HOSTS=(
  rtx4090-0
  rtx4090-1
  a100-0
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
# Global ranks of each host, and the GPUs they take.
RANKS=(
  '0 1 2 3 12 13 14 15'
  '4 5 6 7 16 17 18 19'
  '8 9 10 11 20 21 22 23'
)
GPUS=(
  '0 2 4 6 1 3 5 7'
  '0 2 4 6 1 3 5 7'
  '0 2 4 6 1 3 5 7'
)
read -r -a MY_RANKS <<< "${RANKS[NODE_RANK]}"
read -r -a MY_GPUS <<< "${GPUS[NODE_RANK]}"
mapfile -t ARGS < arguments.txt
export MASTER_ADDR="$MASTER" MASTER_PORT="${MASTER_PORT:-29500}" WORLD_SIZE=24 LOCAL_RANK=0
cd "${HEXISCALE_PATH:?set HEXISCALE_PATH to a checkout of HexiScale (FlashFlex)}"
for i in "${!MY_RANKS[@]}"; do
  RANK="${MY_RANKS[i]}" CUDA_VISIBLE_DEVICES="${MY_GPUS[i]}" python3 llama_train.py "${ARGS[@]}" "$@" &
done
# One process that fails ends them all.
for _ in "${MY_RANKS[@]}"; do
  wait -n || { jobs -p | xargs -r kill 2> /dev/null || true; exit 1; }
done
