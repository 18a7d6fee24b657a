#!/usr/bin/env bash
# Run a tool by Slurm, one task a GPU: what slurm_train.sh and slurm_test.sh
# share.
#
#   tools/slurm.sh TOOL PARTITION JOB_NAME [ARGUMENTS of the tool]
set -euo pipefail
tool=$1 partition=$2 job=$3
if ! command -v srun > /dev/null; then
    echo "error: srun, a command of Slurm, must be on the PATH, but is not." \
        "Run this on a machine of the cluster; tools/dist_train.sh and" \
        "dist_test.sh do without Slurm." >&2
    exit 1
fi
gpus=${GPUS:-8} per_node=${GPUS_PER_NODE:-8}
per_node=$((gpus < per_node ? gpus : per_node))
# shellcheck disable=SC2086
exec srun --partition "$partition" --job-name "$job" \
    --gres "gpu:$per_node" --ntasks "$gpus" --ntasks-per-node "$per_node" \
    --cpus-per-task "${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} python -u "$(dirname "$0")/$tool" --launcher slurm "${@:4}"
