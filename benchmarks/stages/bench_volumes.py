"""Time the detector on volumes with more and less air around the body.

    python benchmarks/stages/bench_volumes.py
    python benchmarks/stages/bench_volumes.py --earlier CHECKOUT

The other kind, "whole", runs the network on whole slices, one batch of four at
a time with all threads, as `LesionDetector` did before it cropped. Both must
find the same lesions: IoU of their boxes at least 0.9 and scores within 0.02.
"earlier" is the detector of another checkout, for example of commit a1225a7,
which knew no body. It must find the same lesions, too.

The last row is the peak memory of `tools/infer.py` in a process of its own, on
600 slices of 512 px.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.models import ULDOR, add_model, chosen
from benchmarks.rows import row, times_faster
from benchmarks.stages.bench_inference import SCORE_THR, make_volume
from benchmarks.stages.earlier import EarlierDetector
from benchmarks.timing import ROOT, alternate, make_parser, save
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.functional.boxes import pairwise_iou
from mmuldor.scans.body_region import body_boxes, joint_box
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume

AIR = -1000
# Air on each side, px; None cuts the slices to the body of all.
PADDINGS = (128, 64, 0, None)
TALL, SIDE = 600, 512
MEMORY_MB = 2000.0


def surrounded(volume: Volume, padding: int | None) -> Volume:
    """A volume with so much air around its slices, and noise in it."""
    if padding is None:
        x1, y1, x2, y2 = joint_box(body_boxes(volume.hu, 1.0)).tolist()
        return replace(volume, hu=volume.hu[:, y1:y2, x1:x2].copy())
    sides = ((0, 0), (padding, padding), (padding, padding))
    hu = np.pad(volume.hu, sides, constant_values=AIR)
    noise = np.random.default_rng(0).normal(0, 15, hu.shape)
    return replace(volume, hu=(hu + noise).astype(np.int16))


def share_of_body(volume: Volume) -> float:
    """The box of the body as a share of the slice, mean of the slices."""
    boxes = body_boxes(volume.hu, 1.0)
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return float(areas.mean() / volume.hu[0].size)


def found(lesions: list[Lesion]) -> list[tuple]:
    """Key slice, score, centre and box of lesions."""
    return [
        (d.key_slice, d.score, d.center_lps_mm, d.detections[0].box_px)
        for d in lesions
    ]


def check(here: list[tuple], there: list[tuple]) -> None:
    """Raise unless both have the same lesions, see :func:`found`."""
    if not here or len(here) != len(there):
        raise AssertionError(f'{len(here)} and {len(there)} lesions')
    for key, score, center, box in here:
        _, other_score, _, other_box = min(
            there,
            key=lambda lesion: (
                lesion[0] != key,
                float(np.linalg.norm(center - lesion[2])),
            ),
        )
        ((iou,),) = pairwise_iou(
            np.array([box]), np.array([other_box]), inclusive=False
        )
        if iou < 0.9 or abs(score - other_score) > 0.02:
            raise AssertionError(
                f'IoU {iou}, scores {score} and {other_score}'
            )


def detectors(args: argparse.Namespace) -> dict[str, LesionDetector]:
    """The detector as it is, and as it was."""
    config, checkpoint = chosen(args)
    now, whole = (
        LesionDetector(
            *(config, checkpoint, args.device, SCORE_THR), crop_to_body=crop
        )
        for crop in (True, False)
    )
    whole.slice_model.division = lambda batch_size, item: (batch_size, 1)
    return {'now': now, 'whole': whole}


def timed(work: Callable[[], object], cpu: list[float]) -> Callable[[], None]:
    """A function that notes what it uses of all cores, s."""

    def run() -> None:
        begin = time.process_time()
        work()
        cpu.append(time.process_time() - begin)

    return run


def main() -> None:
    """Run the benchmark from the command line."""
    parser = make_parser(__doc__, 'volumes', repeats=5)
    add_model(parser, ULDOR, 'uldor/epoch_2.pth')
    parser.add_argument(
        '--slices',
        type=types.whole_number(1, odd=True),
        default=41,
        help='odd',
    )
    parser.add_argument('--earlier', type=Path, help='another checkout')
    args = parser.parse_args()
    kinds, rows = detectors(args), []
    earlier = None
    if args.earlier:
        words = [str(args.config), chosen(args)[1], args.device]
        words = [str(Path(word).absolute()) for word in words[:2]] + words[2:]
        earlier = EarlierDetector(args.earlier, [*words, str(SCORE_THR)])
    with tempfile.TemporaryDirectory() as folder:
        _, volume = make_volume(Path(folder), args.slices // 2)
        for padding in PADDINGS:
            rows += rows_of(surrounded(volume, padding), kinds, args, earlier)
        if earlier:
            earlier.close()
        rows.append(memory(surrounded(volume, 64), Path(folder), args))
    save(args, 'volumes', rows, args.device)


def rows_of(
    volume: Volume,
    kinds: dict[str, LesionDetector],
    args: argparse.Namespace,
    earlier: EarlierDetector | None = None,
) -> list[dict]:
    """Time and processor time of the kinds on a volume."""
    works = {
        kind: lambda detector=detector: detector.detect(volume)
        for kind, detector in kinds.items()
    }
    lesions = [found(work()) for work in works.values()]
    check(*lesions)
    share = share_of_body(volume)
    count, height, width = volume.shape
    name = f'{count} slices of {height} x {width} px, body {share:.0%}'
    wanted = 1.5 if share < 0.6 else 1.0
    cpu: dict[str, list[float]] = {kind: [] for kind in works}
    timed_works = {k: timed(work, cpu[k]) for k, work in works.items()}
    if earlier:
        with tempfile.NamedTemporaryFile() as file:
            check(lesions[0], earlier.load(volume, Path(file.name)))
        timed_works['earlier'] = earlier.detect
    seconds = alternate(timed_works, args.repeats)
    # Without the warm-up round.
    cpu = {kind: values[1:] for kind, values in cpu.items()}
    rows = [
        times_faster(name, seconds, 'now', 'whole', 1.0),
        times_faster(f'{name}, processor time', cpu, 'now', 'whole'),
    ]
    if earlier:
        rows.insert(0, times_faster(name, seconds, 'now', 'earlier', wanted))
    return rows


def memory(volume: Volume, folder: Path, args: argparse.Namespace) -> dict:
    """A row with the peak memory of `tools/infer.py` on a large scan."""
    import nibabel

    times = -(-TALL // len(volume.hu))
    hu = np.concatenate([volume.hu, volume.hu[::-1]] * times)[:TALL]
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) * [*volume.spacing_mm, 1.0]
    path = folder / 'tall.nii.gz'
    nibabel.save(nibabel.Nifti1Image(hu.T, affine), path)
    _, checkpoint = chosen(args)
    words = ['tools/infer.py', str(path), str(args.config), checkpoint]
    words += ['--out', str(folder / 'found'), '--device', args.device]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True)
    peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return row(
        f'tools/infer.py, {TALL} slices of {SIDE} px',
        {},
        'MB at the peak',
        peak_kb * 1024 / 1e6,
        ('<=', MEMORY_MB),
    )


if __name__ == '__main__':
    with user_errors():
        main()
