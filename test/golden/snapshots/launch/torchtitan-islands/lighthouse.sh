#!/usr/bin/env bash
# shardwright, llama-3.1-8b-2x32xh100-islands.json#1
# Start once, where all islands reach it.
set -euo pipefail
exec torchft_lighthouse --min_replicas 2 --quorum_tick_ms 100 --join_timeout_ms 10000
