#!/usr/bin/env bash
# Run a tool by Slurm, one task a GPU: what slurm_train.sh and slurm_test.sh
# share.
#
#   tools/slurm.sh TOOL PARTITION JOB_NAME [ARGUMENTS of the tool]
set -euo pipefail
tool=${1:?name of the tool} partition=${2:?partition}
job=${3:?name of the job}
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
per_node=$((gpus < per_node ? gpus : per_node))
# shellcheck disable=SC2086
exec srun --partition "$partition" --job-name "$job" \
    --gres "gpu:$per_node" --ntasks "$gpus" --ntasks-per-node "$per_node" \
    --cpus-per-task "${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} python -u "$(dirname "$0")/$tool" --launcher slurm "${@:4}"
