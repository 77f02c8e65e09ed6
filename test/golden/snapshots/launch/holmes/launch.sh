#!/usr/bin/env bash
# shardwright, llama-3.1-70b-32xh100-ib-32xa100-roce.json#1
# Start on every host of the table; README.md says how.
# Hosts stand in pipeline order; do not sort them.
# Their names are made up: a scheduler chooses the hosts, or put yours in their place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
HOSTS=(
  a100-roce-0
  a100-roce-1
  a100-roce-2
  a100-roce-3
  h100-ib-0
  h100-ib-1
  h100-ib-2
  h100-ib-3
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
NCCL_IB_HCA_OF=('=mlx5_2,mlx5_3,mlx5_4,mlx5_5' '=mlx5_2,mlx5_3,mlx5_4,mlx5_5' '=mlx5_2,mlx5_3,mlx5_4,mlx5_5' '=mlx5_2,mlx5_3,mlx5_4,mlx5_5' '=mlx5_0,mlx5_1,mlx5_2,mlx5_3,mlx5_4,mlx5_5,mlx5_6,mlx5_7' '=mlx5_0,mlx5_1,mlx5_2,mlx5_3,mlx5_4,mlx5_5,mlx5_6,mlx5_7' '=mlx5_0,mlx5_1,mlx5_2,mlx5_3,mlx5_4,mlx5_5,mlx5_6,mlx5_7' '=mlx5_0,mlx5_1,mlx5_2,mlx5_3,mlx5_4,mlx5_5,mlx5_6,mlx5_7')
export NCCL_IB_HCA="${NCCL_IB_HCA:-${NCCL_IB_HCA_OF[NODE_RANK]}}"
NCCL_SOCKET_IFNAME_OF=('=eth0' '=eth0' '=eth0' '=eth0' '=bond0' '=bond0' '=bond0' '=bond0')
export NCCL_SOCKET_IFNAME="${NCCL_SOCKET_IFNAME:-${NCCL_SOCKET_IFNAME_OF[NODE_RANK]}}"
GLOO_SOCKET_IFNAME_OF=('eth0' 'eth0' 'eth0' 'eth0' 'bond0' 'bond0' 'bond0' 'bond0')
export GLOO_SOCKET_IFNAME="${GLOO_SOCKET_IFNAME:-${GLOO_SOCKET_IFNAME_OF[NODE_RANK]}}"
export CUDA_DEVICE_MAX_CONNECTIONS=1
export NCCL_NET=Socket
# It does not start without one; NCCL looks at all but these by itself.
export NCCL_SOCKET_IFNAME="${NCCL_SOCKET_IFNAME:-^docker,lo}"
TYPES=(roce roce roce roce ib ib ib ib)
mapfile -t ARGS < arguments.txt
# Data, tokenizer, learning rate, norm epsilon, rotary base, rotary percent and rope scaling are yours to add; without any, a trial run on mock data.
if [ "$#" -eq 0 ]; then
  set -- --mock-data --tokenizer-type NullTokenizer --vocab-size 128256 --train-iters 10 --lr 1.5e-4
fi
exec torchrun --nnodes 8 --nproc-per-node 8 --node-rank "$NODE_RANK" \
  --master-addr "$MASTER" --master-port "${MASTER_PORT:-29500}" \
  "${HOLMES_PATH:?set HOLMES_PATH to a checkout of Holmes}/pretrain_gpt.py" "${ARGS[@]}" --hetero-current-device-type "${TYPES[NODE_RANK]}" "$@"
