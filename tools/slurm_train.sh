#!/usr/bin/env bash
# Train by Slurm, one task a GPU.
#
#   GPUS=16 tools/slurm_train.sh PARTITION JOB_NAME CONFIG [OPTIONS of train.py]
#   SRUN_ARGS='--time 24:00:00' adds options of srun.
set -euo pipefail
if (($# < 3)); then
    echo "error: PARTITION, JOB_NAME and CONFIG must be given, but got '$*'." \
        "Type tools/slurm_train.sh PARTITION JOB_NAME CONFIG [OPTIONS]." >&2
    exit 2
fi
exec "$(dirname "$0")/slurm.sh" train.py "$@"
