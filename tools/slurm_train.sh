#!/usr/bin/env bash
# Train by Slurm, one task a GPU.
#
#   GPUS=16 tools/slurm_train.sh PARTITION JOB_NAME CONFIG [OPTIONS of train.py]
#   SRUN_ARGS='--time 24:00:00' adds options of srun.
set -euo pipefail
partition=${1:?partition} job=${2:?name of the job} config=${3:?config file}
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
per_node=$((gpus < per_node ? gpus : per_node))
# shellcheck disable=SC2086
exec srun --partition "$partition" --job-name "$job" \
    --gres "gpu:$per_node" --ntasks "$gpus" --ntasks-per-node "$per_node" \
    --cpus-per-task "${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} python -u "$(dirname "$0")/train.py" "$config" \
    --launcher slurm "${@:4}"
