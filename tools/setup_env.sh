#!/usr/bin/env bash
# Make a virtual environment with everything mmuldor needs, no compiler used.
#
#   tools/setup_env.sh VENV [REQUIREMENTS...]
#
# PYTHON       interpreter to start from (python3)
# TORCH_INDEX  package index for torch and torchvision alone, for example the
#              CPU-only one of pytorch.org (default: pip's own, which brings
#              CUDA on Linux)
set -euo pipefail
venv=${1:?the folder of the virtual environment}
shift
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)

"$python" - <<'PY'
import sys
if not (3, 10) <= sys.version_info[:2] <= (3, 12):
    sys.exit(
        'error: mmuldor needs Python 3.10 to 3.12, but got '
        f'{sys.version.split()[0]}. Try: make PYTHON=python3.11 ...'
    )
try:
    import ensurepip
except ImportError:
    sys.exit(
        'error: this Python cannot make virtual environments. '
        'On Debian and Ubuntu: apt-get install python3-venv'
    )
PY

if [ -d "$venv" ] && [ -n "$(ls -A "$venv")" ] && [ ! -e "$venv/pyvenv.cfg" ]; then
    echo "error: $venv is no virtual environment; choose another VENV" >&2
    exit 1
fi
if ! "$venv/bin/python" -m pip --version > /dev/null 2>&1; then
    echo "Making $venv ..."
    "$python" -m venv --clear "$venv"
fi
# Commands below run elsewhere too.
venv=$(cd "$venv" && pwd)
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

# A torch that the interpreter brings along and that is in range is kept: its
# folder comes after the environment's own.
in_range='
import os
import torch
version = tuple(int(n) for n in torch.__version__.split("+")[0].split(".")[:2])
if not (2, 4) <= version < (2, 15):
    raise SystemExit(1)
print(os.path.dirname(os.path.dirname(torch.__file__)))'
rm -f "$site/kept_torch.pth"
torch_home=$("$python" -c "$in_range" 2>/dev/null || true)
if [ -n "$torch_home" ] && [ "$torch_home" != "$site" ]; then
    echo "Keeping the torch in $torch_home"
    echo "$torch_home" > "$site/kept_torch.pth"
fi

pip() { "$venv/bin/python" -m pip "$@"; }
if ! "$venv/bin/python" -c "$in_range" > /dev/null 2>&1; then
    echo 'Installing torch ...'
    pip install -q ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
        "$(grep '^torch==' "$root/requirements.txt")"
fi

echo 'Installing the other packages ...'
wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
for file in "$root/requirements.txt" "$@"; do
    grep -v '^torch==' "$file"
done > "$wanted"
# Built in isolation: a source archive of mmcv that sees a torch compiles for
# 47 CPU-minutes.
pip install -q -r "$wanted"

# Both OpenCV wheels fill the same folder, and one of them wants libGL.
if pip show -q opencv-python 2>/dev/null; then
    pip uninstall -q -y opencv-python
    pip install -q --no-deps --force-reinstall \
        "$(grep '^opencv-python-headless==' "$root/requirements.txt")"
fi

# A GPU has kernels of its own for NMS and RoIAlign in torchvision, none in
# plain PyTorch; a CPU does without. A kept torch's own torchvision comes along.
cd "$root"
vision=$("$venv/bin/python" -W ignore -m mmuldor.ops.torchvision_for)
if [ -n "$vision" ]; then
    echo "Installing $vision ..."
    # Without its dependencies: they would bring another torch.
    pip install -q --no-deps ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
        "$vision" || echo "warning: could not install $vision, whose NMS" \
        "and RoIAlign a GPU needs: pip install --no-deps '$vision'" >&2
fi

"$venv/bin/python" -W ignore - <<'PY'
import cv2
import mmuldor
import mmdet.apis
import torch
device = torch.cuda.get_device_name() if torch.cuda.is_available() else 'CPU'
print(f'Ready: torch {torch.__version__} on {device}, OpenCV {cv2.__version__}')
PY
