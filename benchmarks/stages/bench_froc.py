"""Time FROC: from arrays, from files, and how its cost grows.

    python benchmarks/stages/bench_froc.py

The comparator is the evaluation written as it is defined, in loops: detection
by detection down the ranks, NumPy for its overlaps with the lesions of its
image; "lean" is the same in plain numbers, which is faster for the one or two
lesions of an image. Lesions are DeepLesion's test split and detections those
of a published detector, where they are there.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.inputs import (
    lesions_and_detections,
    synthetic_detections,
    synthetic_truth,
)
from benchmarks.rows import row, times_faster
from benchmarks.timing import ROOT, alternate, make_parser, save
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation.froc_table import format_table
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections, to_results, write_results
from mmuldor.evaluation.slice_froc import (
    evaluate_slice_files,
    evaluate_slices,
)
from mmuldor.functional.boxes import xyxy_to_xywh
from mmuldor.functional.froc import FP_RATES
from mmuldor.io.json_files import write_json

# Of the published detections, as their authors' evaluation logged them.
PUBLISHED = (
    *('0.61135993', '0.71192997', '0.79458469', '0.84425896'),
    *('0.85627036', '0.87601792', '0.89617264'),
)
EMPTY = np.zeros((0, 4))
LARGE = (1_000_000, 10_000_000)


Overlap = Callable[[np.ndarray, np.ndarray], np.ndarray]


def overlap_arrays(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """IoU of a box with others, inclusive widths, as in papers' code."""
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(
        box[1], others[:, 1]
    )
    common = np.maximum(width + 1, 0) * np.maximum(height + 1, 0)
    own = (box[2] - box[0] + 1) * (box[3] - box[1] + 1)
    sides = others[:, 2:] - others[:, :2] + 1
    return common / (own + sides[:, 0] * sides[:, 1] - common)


def overlap_numbers(box: np.ndarray, others: np.ndarray) -> list[float]:
    """The same, box by box in plain Python."""
    found = []
    for other in others:
        width = min(box[2], other[2]) - max(box[0], other[0]) + 1
        height = min(box[3], other[3]) - max(box[1], other[1]) + 1
        common = max(width, 0) * max(height, 0)
        own, others_own = (
            (b[2] - b[0] + 1) * (b[3] - b[1] + 1) for b in (box, other)
        )
        found.append(common / (own + others_own - common))
    return found


def in_loops(
    truth: GroundTruth,
    found: Detections,
    overlap: Overlap = overlap_arrays,
) -> list[float]:
    """Sensitivity at `FP_RATES`, detection by detection down the ranks."""
    rows = defaultdict(list)
    for index, image in enumerate(truth.lesion_images.tolist()):
        rows[image].append(index)
    boxes = {image: truth.lesion_boxes[own] for image, own in rows.items()}
    if overlap is overlap_numbers:
        boxes = {image: own.tolist() for image, own in boxes.items()}
    hit = {image: [False] * len(own) for image, own in rows.items()}
    hits, fps, curve = 0, 0, [(0.0, 0.0)]
    for index in np.argsort(-found.scores, kind='stable'):
        image = int(found.image_ids[index])
        over = [
            k
            for k, value in enumerate(
                overlap(found.boxes[index], boxes.get(image, EMPTY))
            )
            if value >= 0.5
        ]
        fps += not over
        for k in over:
            hits += not hit[image][k]
            hit[image][k] = True
        curve.append((fps, hits))
    x, y = np.array(curve, dtype=float).T
    share = y / len(truth.lesion_boxes)
    return np.interp(FP_RATES, x / len(truth.images), share).tolist()


def in_lean_loops(truth: GroundTruth, found: Detections) -> list[float]:
    """The same without NumPy in the loop: as fast as plain loops become."""
    numbers = replace(found, boxes=found.boxes.tolist())
    return in_loops(truth, numbers, overlap_numbers)


def check(truth: GroundTruth, found: Detections, whose: str) -> None:
    """Raise unless both give the same values, and the published ones."""
    ours = evaluate_slices(truth, found).summary.sensitivity
    for loops in (in_loops, in_lean_loops):
        np.testing.assert_allclose(ours, loops(truth, found), atol=1e-12)
    if whose == 'real':
        assert tuple(f'{share:.8f}' for share in ours) == PUBLISHED, ours


def from_arrays(
    truth: GroundTruth, found: Detections, repeats: int
) -> list[dict]:
    """Rows of the same arrays, by our code and by loops."""
    seconds = alternate(
        {
            'arrays': lambda: evaluate_slices(truth, found),
            'loops': lambda: in_loops(truth, found),
            'lean loops': lambda: in_lean_loops(truth, found),
        },
        repeats,
    )
    name = f'{len(found):,} detections on {len(truth.images):,} images'
    limit = ('<=', 0.15)
    time = float(np.median(seconds['arrays']))
    return [
        times_faster(name, seconds, 'arrays', 'loops', 15),
        times_faster(name, seconds, 'arrays', 'lean loops'),
        row(f'{name}, arrays', {}, 'seconds', time, limit),
    ]


def from_files(
    truth: GroundTruth, found: Detections, repeats: int
) -> list[dict]:
    """Rows from JSON files to the table, in a process and as a process."""
    with tempfile.TemporaryDirectory() as folder:
        ann, dets = Path(folder) / 'test.json', Path(folder) / 'found.json'
        write_files(truth, found, ann, dets)
        np.testing.assert_allclose(
            evaluate_slice_files(ann, dets).summary.sensitivity,
            evaluate_slices(truth, found).summary.sensitivity,
            atol=1e-12,
        )
        words = [sys.executable, str(ROOT / 'tools/froc.py')]
        words += ['--ann', str(ann), '--dets', str(dets)]
        seconds = alternate(
            {
                'in a process': lambda: format_table(
                    evaluate_slice_files(ann, dets)
                ),
                'tools/froc.py': lambda: subprocess.run(
                    words, check=True, stdout=subprocess.DEVNULL
                ),
            },
            repeats,
        )
    times = {kind: float(np.median(v)) for kind, v in seconds.items()}
    inside, whole = times.values()
    why = f'{whole - inside:.2f} s of it start Python and import'
    return [
        row(
            f'JSON files to table, {kind}',
            {kind: seconds[kind]},
            'seconds',
            time,
            ('<=', 0.5),
            why if time == whole else '',
        )
        for kind, time in times.items()
    ]


def write_files(
    truth: GroundTruth, found: Detections, ann: Path, dets: Path
) -> None:
    """The arrays as an annotation file and a results file."""
    boxes = xyxy_to_xywh(truth.lesion_boxes).tolist()
    owners = truth.lesion_images.tolist()
    lesions = [
        {'id': i, 'image_id': image, 'category_id': 1, 'bbox': box}
        for i, (image, box) in enumerate(
            zip(owners, boxes, strict=True), start=1
        )
    ]
    images = [{'id': number} for number in truth.images.tolist()]
    write_json(ann, {'images': images, 'annotations': lesions})
    results = []
    for image in truth.images:
        part = found.select(found.image_ids == image)
        results += to_results(
            int(image), part.boxes, part.scores, part.categories
        )
    write_results(dets, results)


def growth(repeats: int) -> list[dict]:
    """Rows of millions of detections from binary files."""
    truth = synthetic_truth(50_000)
    works, user = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for count in LARGE:
            name = f'{count // 10**6} million'
            file = Path(folder) / f'{count}.npz'
            np.savez(file, **vars(synthetic_detections(truth, count)))
            user[name] = []
            works[name] = lambda f=file, seconds=user[name]: seconds.append(
                user_seconds(lambda: evaluate_slices(truth, load(f)))
            )
        wall = alternate(works, repeats)
    # The first of each warmed up.
    user = {name: seconds[1:] for name, seconds in user.items()}
    low, middle, high = beyond_n_log_n(wall)
    _, in_code, _ = beyond_n_log_n(user)
    figure = 'times the cost, over that of n log n'
    why = (
        f'the repeats give {low:.2f} to {high:.2f}; in code it is '
        f'{in_code:.2f}, the rest is the kernel, clearing pages of memory '
        'that is new'
    )
    name = 'ten times as many detections, npz file to figures'
    return [
        row(name, wall, figure, middle, ('<=', 1.0), why),
        row(f'{name}, user time', user, figure, in_code),
    ]


def user_seconds(work: Callable[[], object]) -> float:
    """User CPU time of a function, without that of the kernel."""
    begin = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - begin


def beyond_n_log_n(
    seconds: dict[str, list[float]],
) -> tuple[float, float, float]:
    """Cost relative to n log n growth: minimum, median, maximum."""
    few, many = seconds.values()
    steps = (n * np.log(n) for n in LARGE)
    allowed = 1 / np.divide(*steps)
    ratios = (
        min(many) / max(few),
        np.median(many) / np.median(few),
        max(many) / min(few),
    )
    return tuple(float(ratio / allowed) for ratio in ratios)


def load(file: Path) -> Detections:
    """Detections of a binary file."""
    with np.load(file, allow_pickle=False) as stored:
        return Detections(**stored)


def main() -> None:
    """Run the benchmark from the command line."""
    args = make_parser(__doc__, 'froc', repeats=5).parse_args()
    truth, found, whose = lesions_and_detections()
    check(truth, found, whose)
    rows = from_arrays(truth, found, args.repeats)
    rows += from_files(truth, found, args.repeats)
    rows += growth(min(args.repeats, 3))
    save(args, 'froc', rows, data=whose)


if __name__ == '__main__':
    with user_errors():
        main()
