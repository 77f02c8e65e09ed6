#!/usr/bin/env bash
# shardwright, qwen3-32b-8x4090-dealt.json#1
# Start on rtx4090-0, once.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
export CUDA_VISIBLE_DEVICES=0,1,2,3,4,5,6,7
exec python train.py "$@"
