"""Build only NMS and RoIAlign of mmcv, for the CPU.

    python benchmarks/build_ops.py

Takes a minute instead of 47 for all of mmcv. Downloads the sources of the
installed version with pip; needs a C++ compiler and ninja. Prints the file for
``--extension`` of `stages/bench_ops.py` and `tests/ops/make_reference.py`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.timing import ROOT
from mmuldor.cli.errors import user_errors

PACKAGE = 'onedl-mmcv'
# An extension works only with the versions that it was built for.
BUILT = ROOT.joinpath(
    'work_dirs/ops',
    f'mmcv-{version(PACKAGE)}_torch-{version("torch")}_'
    f'{sys.implementation.cache_tag}',
    'mmcv_ops.so',
)
# mmcv's source files as one unit, with Python names for three functions.
UNIT = """
#include <torch/extension.h>
#include "cpu/nms.cpp"
#include "cpu/roi_align.cpp"
#include "nms.cpp"
#include "roi_align.cpp"

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  using py::arg;
  m.def("nms", &nms, arg("boxes"), arg("scores"), arg("iou_threshold"),
        arg("offset"));
  m.def("roi_align_forward", &roi_align_forward, arg("input"), arg("rois"),
        arg("output"), arg("argmax_y"), arg("argmax_x"),
        arg("aligned_height"), arg("aligned_width"), arg("spatial_scale"),
        arg("sampling_ratio"), arg("pool_mode"), arg("aligned"));
  m.def("roi_align_backward", &roi_align_backward, arg("grad_output"),
        arg("rois"), arg("argmax_y"), arg("argmax_x"), arg("grad_input"),
        arg("aligned_height"), arg("aligned_width"), arg("spatial_scale"),
        arg("sampling_ratio"), arg("pool_mode"), arg("aligned"));
}
"""


def build(target: Path = BUILT) -> Path:
    """The extension module's file, built if it does not exist.

    Raises:
        RuntimeError: If pip finds no sources, or they do not compile; pip and
            the compiler print the reason.
    """
    if target.is_file():
        return target
    from torch.utils.cpp_extension import load

    with tempfile.TemporaryDirectory() as folder:
        csrc = fetch_sources(Path(folder))
        unit = Path(folder) / 'unit.cpp'
        unit.write_text(UNIT)
        module = load(
            target.stem,
            [str(unit)],
            extra_include_paths=[str(csrc / s) for s in ('common', 'pytorch')],
            extra_cflags=['-O3', '-DNDEBUG'],
            build_directory=folder,
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module.__file__, target)
    return target


def fetch_sources(folder: Path) -> Path:
    """Download mmcv's sources of the installed version; returns the folder."""
    requirement = f'{PACKAGE}=={version(PACKAGE)}'
    words = ['download', '-q', '--no-deps', '--no-binary=:all:']
    words += ['--dest', str(folder), requirement]
    if subprocess.run([sys.executable, '-m', 'pip', *words]).returncode:
        raise RuntimeError(
            f'pip must find the sources of {requirement}; see above'
        )
    (archive,) = folder.glob('*.tar.gz')
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter='data')
    return next(folder.glob('*/mmcv/ops/csrc'))


if __name__ == '__main__':
    with user_errors():
        print(build())
