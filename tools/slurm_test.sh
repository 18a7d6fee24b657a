#!/usr/bin/env bash
# Test by Slurm, one task a GPU.
#
#   GPUS=8 tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [OPTIONS]
set -euo pipefail
if (($# < 4)); then
    echo "error: PARTITION, JOB_NAME, CONFIG and CHECKPOINT must be given, but" \
        "got '$*'. Type tools/slurm_test.sh PARTITION JOB_NAME CONFIG" \
        "CHECKPOINT [OPTIONS]." >&2
    exit 2
fi
exec "$(dirname "$0")/slurm.sh" test.py "$@"
