#!/usr/bin/env bash
# shardwright, llama-3.1-405b-512xh100.json#1
# Start on every host of the table; README.md says how.
# Hosts stand in pipeline order; do not sort them.
# Their names are made up: a scheduler chooses the hosts, or put yours in their place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
HOSTS=(
  h100-00
  h100-01
  h100-02
  h100-03
  h100-04
  h100-05
  h100-06
  h100-07
  h100-08
  h100-09
  h100-10
  h100-11
  h100-12
  h100-13
  h100-14
  h100-15
  h100-16
  h100-17
  h100-18
  h100-19
  h100-20
  h100-21
  h100-22
  h100-23
  h100-24
  h100-25
  h100-26
  h100-27
  h100-28
  h100-29
  h100-30
  h100-31
  h100-32
  h100-33
  h100-34
  h100-35
  h100-36
  h100-37
  h100-38
  h100-39
  h100-40
  h100-41
  h100-42
  h100-43
  h100-44
  h100-45
  h100-46
  h100-47
  h100-48
  h100-49
  h100-50
  h100-51
  h100-52
  h100-53
  h100-54
  h100-55
  h100-56
  h100-57
  h100-58
  h100-59
  h100-60
  h100-61
  h100-62
  h100-63
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
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
exec torchrun --nnodes 64 --nproc-per-node 8 --node-rank "$NODE_RANK" \
  --master-addr "$MASTER" --master-port "${MASTER_PORT:-29500}" \
  -m torchtitan.train --module plan --config recipe "$@"
