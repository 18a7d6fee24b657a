#!/usr/bin/env bash
# Test on several GPUs of this machine; without a GPU, in several processes.
#
#   tools/dist_test.sh CONFIG CHECKPOINT NUMBER [OPTIONS of tools/test.py]
set -euo pipefail
config=${1:?config file} checkpoint=${2:?checkpoint}
number=${3:?number of processes}
exec torchrun --nnodes "${NNODES:-1}" --node-rank "${NODE_RANK:-0}" \
    --master-addr "${MASTER_ADDR:-127.0.0.1}" \
    --master-port "${MASTER_PORT:-${PORT:-29500}}" --nproc-per-node "$number" \
    "$(dirname "$0")/test.py" "$config" "$checkpoint" --launcher pytorch \
    "${@:4}"
