"""Time the detector on a volume against a loop of single-slice calls.

    python benchmarks/stages/bench_inference.py

The loop is what a user of mmdet writes: the slices as files, and for each
`inference_detector(model, path)` with the project's config and pipeline as
they are for tests. It keeps the detections above the same score; "tuned" is
the same loop where the user has set that score in the config, so that no masks
are computed in vain, and has turned the model to channels-last layout. All
must find the same before they are timed.
"""

from __future__ import annotations

import copy
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.models import ULDOR, add_model, build, chosen, synchronise
from benchmarks.rows import row, times_faster
from benchmarks.timing import alternate, make_parser, save
from data_prep.make_phantom import main as make_phantom
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.classes import LESION
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.scans.png_series import read_png_series
from mmuldor.scans.volume import Volume
from mmuldor.upstream.instances import as_arrays

SPACING_MM = (0.8, 0.8, 1.0)
SCORE_THR = 0.3
SIDE_PX = 384
WHY = (
    'convolutions take as long a slice for four slices as for one; saved are '
    'PNG files and masks below the threshold'
)


def one_by_one(model, pipeline: Compose, files: list[Path]) -> np.ndarray:
    """Slice, box in source px and score of all lesions, (n, 6)."""
    found = []
    for number, path in enumerate(files, start=1):
        item = {
            'img_id': number,
            'img_path': str(path),
            'file_name': f'{path.parent.name}/{path.name}',
            'height': SIDE_PX,
            'width': SIDE_PX,
            'spacing_mm': list(SPACING_MM[:2]),
            'slice_interval_mm': SPACING_MM[2],
            'key_slice': int(path.stem),
            'slice_range': [int(files[0].stem), int(files[-1].stem)],
            'window_hu': None,
            'instances': [],
        }
        with torch.no_grad():
            (sample,) = model.test_step(pseudo_collate([pipeline(item)]))
        kept = sample.pred_instances
        kept = kept[(kept.scores >= SCORE_THR) & (kept.labels == LESION)]
        boxes, _, scores, _ = as_arrays(kept, with_masks=False)
        # Files count from the head, a volume's slices from the feet.
        index = np.full((len(boxes), 1), len(files) - number)
        found.append(np.hstack([index, boxes, scores[:, None]]))
    return np.concatenate(found)


def whole(detector: LesionDetector, volume: Volume, batch: int) -> np.ndarray:
    """The same, by the detector."""
    found = detector.detect_slices(volume, batch_size=batch)
    rows = [(d.slice_index, *d.box_px, d.score) for d in found]
    return np.array(rows).reshape(-1, 6)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'inference', repeats=3)
    add_model(parser, ULDOR, 'uldor/epoch_2.pth')
    parser.add_argument(
        '--slices',
        type=types.whole_number(1, odd=True),
        default=41,
        help='odd',
    )
    parser.add_argument('--batch-size', type=types.count, default=4)
    args = parser.parse_args()
    config, checkpoint = chosen(args)
    detector = LesionDetector(
        config, checkpoint, args.device, score_thr=SCORE_THR
    )
    # As mmdet builds it: masks of all that a test would keep.
    stock, tuned = copy.deepcopy(config), copy.deepcopy(config)
    stock.default_hooks.channels_last = None
    tuned.model.test_cfg.rcnn.score_thr = SCORE_THR
    plain, sparing = (
        build(kind, checkpoint, args.device)[0].eval()
        for kind in (stock, tuned)
    )
    pipeline = Compose(config.test_dataloader.dataset.pipeline)
    with tempfile.TemporaryDirectory() as folder:
        files, volume = make_volume(Path(folder), args.slices // 2)
        works = {
            'slice by slice': lambda: one_by_one(plain, pipeline, files),
            'slice by slice, tuned': lambda: one_by_one(
                sparing, pipeline, files
            ),
            'volume': lambda: whole(detector, volume, args.batch_size),
            'volume, batch 1': lambda: whole(detector, volume, 1),
        }
        check(works)
        seconds = alternate(works, args.repeats, synchronise(args.device))
    name = f'{args.config.stem}, {len(files)} slices of {SIDE_PX} px'
    limit = 1.3 if args.device == 'cpu' else 3.0
    rows = [
        times_faster(
            *(name, seconds, 'volume', 'slice by slice', limit),
            WHY if args.device == 'cpu' else '',
        ),
        times_faster(name, seconds, 'volume', 'slice by slice, tuned'),
    ]
    speed = len(files) / np.median(seconds['volume'])
    rows.append(row(f'{name}, volume', {}, 'slices/s', speed))
    save(args, 'inference', rows, args.device)


def make_volume(folder: Path, neighbours: int) -> tuple[list[Path], Volume]:
    """A synthetic scan as PNG slices, from the head, and as a volume."""
    words = ['--images', '3', '--neighbours', str(neighbours)]
    words += ['--size', str(SIDE_PX), '--seed', '11']
    make_phantom([str(folder), *words])
    # The one that the demo shows.
    series = sorted((folder / 'Images_png').iterdir())[1]
    volume, _ = read_png_series(series, SPACING_MM)
    return sorted(series.glob('*.png')), volume


def check(works: dict) -> None:
    """Raise unless all kinds give the same boxes and scores."""
    first, *others = (work() for work in works.values())
    if not len(first):
        raise AssertionError('the model finds nothing to compare')
    for found in others:
        for here, there in ((first, found), (found, first)):
            lost = missing(here, there)
            if len(lost):
                raise AssertionError(f'not found by both kinds: {lost}')


def missing(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Rows that equal none of the others within rounding.

    Clear ones alone: beside the threshold rounding decides.
    """
    clear = rows[rows[:, -1] > SCORE_THR + 0.01]
    near = np.array([0.5, *(4 * [0.1]), 0.01])
    apart = np.abs(clear[:, None] - others) > near
    return clear[apart.any(axis=2).all(axis=1)]


if __name__ == '__main__':
    with user_errors():
        main()
