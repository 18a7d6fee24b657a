#!/usr/bin/env bash
# Train on several GPUs of this machine; without a GPU, in several processes.
#
#   tools/dist_train.sh CONFIG NUMBER [OPTIONS of tools/train.py]
#   NNODES=2 NODE_RANK=0 MASTER_ADDR=10.0.0.1 tools/dist_train.sh CONFIG 8
set -euo pipefail
config=${1:?config file} number=${2:?number of processes}
exec torchrun --nnodes "${NNODES:-1}" --node-rank "${NODE_RANK:-0}" \
    --master-addr "${MASTER_ADDR:-127.0.0.1}" \
    --master-port "${MASTER_PORT:-${PORT:-29500}}" --nproc-per-node "$number" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "${@:3}"
