"""Masks by GrabCut against RECIST diameters and true masks.

    python benchmarks/grabcut/run.py            two minutes of processor time
    python benchmarks/grabcut/run.py --write    page only

Reads `deeplesion_sample` and `deeplesion_liver` of the real data
(MMULDOR_REAL_DATA, by default ../shared/data) and makes a phantom. Writes
`benchmarks/results/grabcut-masks.json` and `benchmarks/grabcut-masks.md`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.grabcut.measure import measure, phantom_samples, real_samples
from benchmarks.grabcut.page import page
from benchmarks.inputs import ROOT, real
from data_prep import deeplesion_to_coco, make_phantom
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, replacing, write_json

RESULT = ROOT / 'benchmarks/results/grabcut-masks.json'
PAGE = ROOT / 'benchmarks/grabcut-masks.md'
PHANTOM = ('--images', '200', '--seed', '18', '--neighbours', '0')


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--write', action='store_true', help='measure nothing, write the page'
    )
    return parser.parse_args(argv)


def measure_phantom() -> dict:
    """The figures of a phantom that is made for them."""
    with tempfile.TemporaryDirectory() as folder:
        make_phantom.main([folder, *PHANTOM, '--workers', '1'])
        deeplesion_to_coco.main(
            [
                *('--csv', f'{folder}/DL_info.csv', '--out', folder),
                *('--images', f'{folder}/Images_png', '--neighbours', '0'),
            ]
        )
        return measure(phantom_samples(Path(folder)))


@user_errors()
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write.

    Raises:
        FileNotFoundError: If there is no real data.
    """
    args = parse_args(argv)
    if not args.write:
        data = real('.')
        if data is None or not (data / 'deeplesion_sample').is_dir():
            raise FileNotFoundError(
                'the real data must have a folder deeplesion_sample. Name the '
                'folder above it in MMULDOR_REAL_DATA.'
            )
        document = {
            'command': ' '.join(('make_phantom.py', *PHANTOM)),
            'real': measure(real_samples(data)),
            'phantom': measure_phantom(),
        }
        write_json(RESULT, document, indent=1)
    with replacing(PAGE) as temporary:
        temporary.write_text(page(read_json(RESULT)), encoding='utf-8')
    print(f'wrote {PAGE.relative_to(ROOT)}')


if __name__ == '__main__':
    main(sys.argv[1:])
