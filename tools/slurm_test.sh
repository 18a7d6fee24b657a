#!/usr/bin/env bash
# Test by Slurm, one task a GPU.
#
#   GPUS=8 tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [OPTIONS]
set -euo pipefail
: "${1:?partition}" "${2:?name of the job}" "${3:?config}" "${4:?checkpoint}"
exec "$(dirname "$0")/slurm.sh" test.py "$@"
