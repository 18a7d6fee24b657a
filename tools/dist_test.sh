#!/usr/bin/env bash
# Test on several GPUs of this machine; without a GPU, in several processes.
#
#   tools/dist_test.sh CONFIG CHECKPOINT NUMBER [OPTIONS of tools/test.py]
set -euo pipefail
if [[ ! ${3-} =~ ^[1-9][0-9]*$ ]]; then
    echo "error: CONFIG, CHECKPOINT and the NUMBER of processes must come" \
        "first, but got '$*'. Type tools/dist_test.sh CONFIG CHECKPOINT" \
        "NUMBER [OPTIONS]." >&2
    exit 2
fi
exec "$(dirname "$0")/dist.sh" test.py "$3" "$1" "$2" "${@:4}"
