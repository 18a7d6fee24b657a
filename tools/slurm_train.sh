#!/usr/bin/env bash
# Train by Slurm, one task a GPU.
#
#   GPUS=16 tools/slurm_train.sh PARTITION JOB_NAME CONFIG [OPTIONS of train.py]
#   SRUN_ARGS='--time 24:00:00' adds options of srun.
set -euo pipefail
: "${1:?partition}" "${2:?name of the job}" "${3:?config file}"
exec "$(dirname "$0")/slurm.sh" train.py "$@"
