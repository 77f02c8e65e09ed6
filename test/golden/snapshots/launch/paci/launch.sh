#!/usr/bin/env bash
# shardwright, gpt2-medium-8x4090-paci.json#1
# Start on rtx4090-0, once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTHONPATH="${PACI_PATH:?set PACI_PATH to a checkout of PACI}"
export TOKENIZERS_PARALLELISM=true
export CUDA_VISIBLE_DEVICES=0,1,2,3,4,5,6,7
exec python train.py "$@"
