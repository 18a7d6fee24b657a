#!/usr/bin/env bash
# Train on several GPUs of this machine; without a GPU, in several processes.
#
#   tools/dist_train.sh CONFIG NUMBER [OPTIONS of tools/train.py]
#   NNODES=2 NODE_RANK=0 MASTER_ADDR=10.0.0.1 tools/dist_train.sh CONFIG 8
set -euo pipefail
if [[ ! ${2-} =~ ^[1-9][0-9]*$ ]]; then
    echo "error: CONFIG and the NUMBER of processes must come first, but got" \
        "'$*'. Type tools/dist_train.sh CONFIG NUMBER [OPTIONS]." >&2
    exit 2
fi
exec "$(dirname "$0")/dist.sh" train.py "$2" "$1" "${@:3}"
