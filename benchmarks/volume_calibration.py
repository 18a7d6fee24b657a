"""Calibrate on phantom volumes, and check on others that no fit saw.

    python benchmarks/volume_calibration.py

Makes a phantom (data_prep/make_phantom.py), runs the detector of `make demo`
on each of its volumes with a low score threshold, calibrates it on those of
the validation split (tools/calibrate.py --volumes) and compares rates and
probabilities with the volumes of the test split. Volumes that have their
lesions.json are not run again, so that it can be stopped.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_prep.phantom.dataset import make_dataset
from data_prep.phantom.settings import Settings
from mmuldor.apis import LesionDetector, load_config
from mmuldor.apis.provenance import model_provenance
from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation.calibration.calibration_file import (
    CalibrationFile,
    write_calibration,
)
from mmuldor.evaluation.calibration.from_files import calibrate_volumes
from mmuldor.evaluation.calibration.reliability_plot import plot_calibration
from mmuldor.evaluation.calibration.summary import summary
from mmuldor.evaluation.volume_detections import (
    load_volume_detections,
    without_overlaps,
)
from mmuldor.evaluation.volume_froc import evaluate_volumes
from mmuldor.io.json_files import write_json
from mmuldor.io.volume_annotations import TrueVolume, load_volumes
from mmuldor.scans.lesion_files import write_lesions_json
from mmuldor.scans.png_series import read_png_series

CONFIG = 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py'
CHECKPOINT = 'work_dirs/demo/uldor/epoch_2.pth'
RESULT = Path(__file__).parent / 'results' / 'volume-calibration.json'
SCORE_THR = 0.05
# 31 slices of 1 to 5 mm.
SETTINGS = Settings(size=384, neighbours=15)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    add = parser.add_argument
    add('--config', default=CONFIG)
    add('--checkpoint', default=CHECKPOINT)
    add('--work', type=Path, default=Path('work_dirs/volume_calibration'))
    add('--volumes', type=types.count, nargs=2, default=(72, 64),
        metavar=('FITTED', 'UNSEEN'))  # fmt: skip
    add('--seed', type=types.seed, default=91)
    add('--fps', type=types.not_negative, nargs='+', default=(2.0, 4.0, 8.0))
    add('--out', type=Path, default=RESULT)
    return parser.parse_args(argv)


def detect_all(args: argparse.Namespace) -> None:
    """Run the detector on the volumes that have no lesions.json yet."""
    volumes = load_volumes(args.work / 'phantom' / 'volumes.json')
    found = args.work / 'found'
    lacking = [v for v in volumes if not (found / v.name).exists()]
    if not lacking:
        return
    config = load_config(args.config)
    detector = LesionDetector(config, args.checkpoint, 'cpu', SCORE_THR)
    device = next(detector.model.parameters()).device
    settings = {'score_thr': SCORE_THR, 'step_mm': None}
    provenance = model_provenance(
        load_config(args.config), args.checkpoint, None, device, False,
        settings,
    )  # fmt: skip
    for number, volume in enumerate(lacking, start=1):
        folder, _, span = volume.name.rpartition('_')
        first, last = map(int, span.split('-'))
        scan, notes = read_png_series(
            args.work / 'phantom' / 'Images_png' / folder,
            volume.grid.spacing_mm,
            range(first, last + 1),
        )
        lesions = detector.detect(scan)
        path = found / volume.name / 'lesions.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        scan = replace(scan, source=volume.name)
        write_lesions_json(path, lesions, scan, notes, provenance)
        print(f'{number}/{len(lacking)} {volume.name}: {len(lesions)} lesions')


def check(
    fitted: CalibrationFile, volumes: list[TrueVolume], found: Path
) -> dict[str, Any]:
    """What a calibration says beside what its operating point gives."""
    detections = load_volume_detections([found], volumes)
    kept = without_overlaps(detections, fitted.overlap_iou)
    matched = evaluate_volumes(volumes, kept, **fitted.hit).matched
    point = fitted.operating_point
    reported = matched.det_score >= point.score_thr
    hits = reported & ~matched.det_is_fp
    probabilities = fitted.calibration(matched.det_score[reported])
    rate = np.count_nonzero(reported & matched.det_is_fp) / len(volumes)
    first = matched.lesion_detection[matched.lesion_detection >= 0]
    low, high = point.fps_95
    return {
        'score_thr': point.score_thr,
        'fps_per_volume': point.fps_per_image,
        'fps_per_volume_95': [low, high],
        'interval_width': point.fps_95.width(point.fps_per_image),
        'unseen_fps_per_volume': rate,
        'inside': bool(low <= rate <= high),
        'unseen_lesions_reported': int(reported.sum()),
        'unseen_lesions_found': len(np.intersect1d(first, hits.nonzero()[0])),
        'mean_probability': float(probabilities.mean()),
        'share_of_true': float(hits.sum() / reported.sum()),
        'probability_over_share': float(probabilities.sum() / hits.sum()),
    }


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Make, run, calibrate, check, write."""
    args = parse_args(argv)
    phantom = args.work / 'phantom'
    if not (phantom / 'DL_info.csv').exists():
        counts = (0, *args.volumes)
        make_dataset(phantom, counts, args.seed, SETTINGS, overwrite=True)
    detect_all(args)
    rows, found = [], args.work / 'found'
    unseen = load_volumes(phantom / 'volumes.json', 'test')
    for fps in args.fps:
        fit = calibrate_volumes(phantom / 'volumes.json', [found], fps=fps)
        print('\n'.join(summary(fit.file)))
        rows.append(check(fit.file, unseen, found))
        print(rows[-1])
        write_calibration(args.work / f'calibration-{fps:g}.json', fit.file)
        plot_calibration(args.work / f'reliability-{fps:g}.png', fit)
    write_json(
        args.out,
        {
            # Without the places of files.
            'command': 'python benchmarks/volume_calibration.py --volumes '
            f'{args.volumes[0]} {args.volumes[1]} --seed {args.seed}',
            'fitted_volumes': args.volumes[0],
            'unseen_volumes': args.volumes[1],
            'quality': fit.file.quality,
            'counts': fit.file.counts,
            'rows': rows,
        },
        indent=1,
    )


if __name__ == '__main__':
    main(sys.argv[1:])
