"""Pseudo masks against masks drawn by hand, and the frame of RECIST.

    python benchmarks/human_masks/run.py            95 s of processor time
    python benchmarks/human_masks/run.py --write    page and figure only

Reads `human_masks`, `deeplesion_sample`, `deeplesion_liver` and `froc` of the
real data (MMULDOR_REAL_DATA, by default ../shared/data). Writes
`benchmarks/results/human-masks.json`, `benchmarks/human-masks.md` and
`benchmarks/human-masks.png`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.human_masks.figure import mask_figure
from benchmarks.human_masks.measure import measure
from benchmarks.human_masks.page import FIGURE, page
from benchmarks.inputs import ROOT, real
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, replacing, write_json
from mmuldor.visualization.panels import save_figure

RESULT = ROOT / 'benchmarks/results/human-masks.json'
PAGE = ROOT / 'benchmarks/human-masks.md'


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


@user_errors()
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write.

    Raises:
        FileNotFoundError: If there is no real data.
    """
    args = parse_args(argv)
    if not args.write:
        data = real('.')
        if data is None or not (data / 'human_masks').is_dir():
            raise FileNotFoundError(
                'the real data must have a folder human_masks. Name the '
                'folder above it in MMULDOR_REAL_DATA.'
            )
        write_json(RESULT, measure(data), indent=1)
    document = read_json(RESULT)
    save_figure(mask_figure(document), PAGE.with_name(FIGURE))
    with replacing(PAGE) as temporary:
        temporary.write_text(page(document), encoding='utf-8')
    print(f'wrote {PAGE.relative_to(ROOT)}')


if __name__ == '__main__':
    main(sys.argv[1:])
