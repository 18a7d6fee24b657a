#!/usr/bin/env bash
# Make a virtual environment with everything mmuldor needs, no compiler used.
#
#   tools/setup_env.sh VENV [REQUIREMENTS...]
#
# PYTHON       interpreter to start from (python3)
# TORCH_INDEX  package index for torch alone, for example the CPU-only one
#              of pytorch.org (default: pip's own, which brings CUDA on Linux)
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

if [ ! -x "$venv/bin/python" ]; then
    echo "Making $venv ..."
    "$python" -m venv "$venv"
fi
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

# A torch that the interpreter brings along and that is in range is kept: its
# folder comes after the environment's own.
torch_home=$("$python" - <<'PY' 2>/dev/null || true
import os
import torch
version = tuple(int(n) for n in torch.__version__.split('+')[0].split('.')[:2])
if (2, 4) <= version < (2, 14):
    print(os.path.dirname(os.path.dirname(torch.__file__)))
PY
)
if [ -n "$torch_home" ] && [ "$torch_home" != "$site" ]; then
    echo "Keeping the torch in $torch_home"
    echo "$torch_home" > "$site/kept_torch.pth"
fi

pip() { "$venv/bin/python" -m pip "$@"; }
if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
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
# Source archives of mmcv compile for 47 CPU-minutes if they see a torch.
MMCV_WITH_OPS=0 pip install -q -r "$wanted"

# Both OpenCV wheels fill the same folder, and one of them wants libGL.
if pip show -q opencv-python 2>/dev/null; then
    pip uninstall -q -y opencv-python
    pip install -q --no-deps --force-reinstall \
        "$(grep '^opencv-python-headless==' "$root/requirements.txt")"
fi
"$venv/bin/python" - <<'PY'
import cv2
import torch
device = torch.cuda.get_device_name() if torch.cuda.is_available() else 'CPU'
print(f'Ready: torch {torch.__version__} on {device}, OpenCV {cv2.__version__}')
PY
