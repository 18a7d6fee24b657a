"""Pseudo masks against masks drawn by hand, and the frame of RECIST.

    python benchmarks/human_masks/run.py            95 s of processor time
    python benchmarks/human_masks/run.py --write    page and figure only

Reads `human_masks`, `deeplesion_sample`, `deeplesion_liver` and `froc` of the
real data (MMULDOR_REAL_DATA, by default ../shared/data). Writes
`benchmarks/results/human-masks.json`, `benchmarks/human-masks.md` and
`benchmarks/human-masks.png`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.human_masks.figure import mask_figure
from benchmarks.human_masks.measure import measure
from benchmarks.human_masks.page import FIGURE, page
from benchmarks.inputs import ROOT, real_folder
from benchmarks.pages import page_parser, write_page
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, write_json
from mmuldor.visualization.panels import save_figure

RESULT = ROOT / 'benchmarks/results/human-masks.json'
PAGE = ROOT / 'benchmarks/human-masks.md'


@user_errors()
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and write.

    Raises:
        FileNotFoundError: If there is no real data.
    """
    args = page_parser(__doc__).parse_args(argv)
    if not args.write:
        data = real_folder('human_masks')
        write_json(RESULT, measure(data), indent=1)
    document = read_json(RESULT)
    save_figure(mask_figure(document), PAGE.with_name(FIGURE))
    write_page(PAGE, page(document))


if __name__ == '__main__':
    main(sys.argv[1:])
