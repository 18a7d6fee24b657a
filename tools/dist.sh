#!/usr/bin/env bash
# Run a tool in several processes of this machine: what dist_train.sh and
# dist_test.sh share.
#
#   tools/dist.sh TOOL NUMBER [ARGUMENTS of the tool]
set -euo pipefail
tool=$1 number=$2
if ! command -v torchrun > /dev/null; then
    echo "error: torchrun, a command of PyTorch, must be on the PATH, but is" \
        "not. Activate the environment that has torch, as by" \
        "'source .venv/bin/activate'." >&2
    exit 1
fi
exec torchrun --nnodes "${NNODES:-1}" --node-rank "${NODE_RANK:-0}" \
    --master-addr "${MASTER_ADDR:-127.0.0.1}" \
    --master-port "${MASTER_PORT:-${PORT:-29500}}" --nproc-per-node "$number" \
    "$(dirname "$0")/$tool" --launcher pytorch "${@:3}"
