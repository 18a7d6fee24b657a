"""Masks by GrabCut against RECIST diameters and true masks.

    python benchmarks/grabcut/run.py            two minutes of processor time
    python benchmarks/grabcut/run.py --write    page only

Reads `deeplesion_sample` and `deeplesion_liver` of the real data
(MMULDOR_REAL_DATA, by default ../shared/data) and makes a phantom. Writes
`benchmarks/results/grabcut-masks.json` and `benchmarks/grabcut-masks.md`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.grabcut.measure import measure, phantom_samples, real_samples
from benchmarks.grabcut.page import page
from benchmarks.inputs import ROOT, real_folder
from benchmarks.pages import page_parser, write_page
from data_prep import deeplesion_to_coco, make_phantom
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, write_json

RESULT = ROOT / 'benchmarks/results/grabcut-masks.json'
PAGE = ROOT / 'benchmarks/grabcut-masks.md'
PHANTOM = ('--images', '200', '--seed', '18', '--neighbours', '0')


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
    args = page_parser(__doc__).parse_args(argv)
    if not args.write:
        data = real_folder('deeplesion_sample')
        document = {
            'command': ' '.join(('make_phantom.py', *PHANTOM)),
            'real': measure(real_samples(data)),
            'phantom': measure_phantom(),
        }
        write_json(RESULT, document, indent=1)
    write_page(PAGE, page(read_json(RESULT)))


if __name__ == '__main__':
    main(sys.argv[1:])
