#!/usr/bin/env bash
# shardwright, amoebanet-d-8xp40.json#1
# Start on p40-0, once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export CUDA_VISIBLE_DEVICES=0,1,2,3,4,5,6,7
exec python train.py "$@"
