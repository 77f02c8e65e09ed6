#!/usr/bin/env bash
# shardwright, llama-3.1-70b-unlike-32xh100-32xa100.json#1
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
TYPES=('a100-40' 'a100-40' 'a100-40' 'a100-40' 'h100' 'h100' 'h100' 'h100')
GPUS=('8' '8' '8' '8' '8' '8' '8' '8')
VISIBLE=('0,1,2,3,4,5,6,7' '0,1,2,3,4,5,6,7' '0,1,2,3,4,5,6,7' '0,1,2,3,4,5,6,7' '0,1,2,3,4,5,6,7' '0,1,2,3,4,5,6,7' '0,1,2,3,4,5,6,7' '0,1,2,3,4,5,6,7')
export SHARDWRIGHT_FOLDER=$PWD
cd "${FLAGSCALE_PATH:?set FLAGSCALE_PATH to a checkout of FlagScale v0.9.0}"
exec python3 run.py --config-path "$SHARDWRIGHT_FOLDER" --config-name experiment action=run \
  experiment.runner.type=cloud "++experiment.runner.node_rank=$NODE_RANK" \
  "++experiment.runner.master_addr='$MASTER'" "++experiment.runner.master_port=${MASTER_PORT:-29500}" \
  "++experiment.runner.nproc_per_node=${GPUS[NODE_RANK]}" \
  "experiment.envs.CUDA_VISIBLE_DEVICES='${VISIBLE[NODE_RANK]}'" \
  "train.system.hetero.hetero_current_device_type='${TYPES[NODE_RANK]}'" "$@"
