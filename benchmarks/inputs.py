"""Inputs of benchmarks: real DeepLesion data, or synthetic data of its size.

Real files are read from the folder `MMULDOR_REAL_DATA`, if it exists.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.timing import ROOT
from data_prep.common.dl_info import iterate_rows, parse_row, read_bytes
from mmuldor.classes import UNKNOWN_TYPE
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections

# Numbers of lesions, images and detections in the real files.
PAIRS, IMAGES, DETECTIONS = 5983, 4817, 86314


def real(name: str) -> Path | None:
    """A file or folder of the real data, None if it does not exist."""
    default = ROOT.parent / 'shared/data'
    path = Path(os.environ.get('MMULDOR_REAL_DATA', default)) / name
    return path if path.exists() else None


def real_folder(needed: str) -> Path:
    """The folder of the real data.

    Args:
        needed: A folder that must be in it.

    Raises:
        FileNotFoundError: If it is not.
    """
    folder = real(needed)
    if folder is None or not folder.is_dir():
        raise FileNotFoundError(
            'there is no real data: MMULDOR_REAL_DATA must have a folder '
            f'{needed}. Name the folder above it.'
        )
    return folder.parent


def recist_pairs() -> tuple[np.ndarray, str]:
    """Endpoints (n, 4, 2) in px, pixel centres at integers.

    Returns:
        The endpoints, and 'real' or 'synthetic'.
    """
    table = real('deeplesion_sample/DL_info.csv')
    if table is not None:
        raw = iterate_rows(read_bytes(table))
        rows = [parse_row(row).recist_px for row in raw]
        return np.array(rows).reshape(-1, 4, 2), 'real'
    rng = np.random.default_rng(0)
    centre = rng.uniform(80, 430, (PAIRS, 1, 2))
    long, share = rng.uniform(5, 40, PAIRS), rng.uniform(0.4, 1, PAIRS)
    angle = rng.uniform(0, np.pi, PAIRS)
    along = np.stack([np.cos(angle), np.sin(angle)], 1) * long[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], 1) * share[:, None]
    arms = np.stack([along, -along, across, -across], 1)
    return centre + arms, 'synthetic'


def lesions_and_detections() -> tuple[GroundTruth, Detections, str]:
    """A test split, detections on it, and 'real' or 'synthetic'."""
    files = [
        real('froc/3dce_3slice_test_detections.npz'),
        real('deeplesion_sample/DL_info.csv'),
    ]
    if None in files:
        truth = synthetic_truth(IMAGES)
        return truth, synthetic_detections(truth, DETECTIONS), 'synthetic'
    stored = np.load(files[0], allow_pickle=False)
    ids = {str(name): i for i, name in enumerate(stored['names'])}
    rows = map(parse_row, iterate_rows(read_bytes(files[1])))
    lesions = [r for r in rows if r.split == 'test' and not r.noisy]
    truth = _truth(
        np.array([lesion.box_px for lesion in lesions]),
        np.array([ids[lesion.file_name] for lesion in lesions]),
        len(ids),
    )
    images = np.repeat(np.arange(len(ids)), stored['counts'])
    dets = stored['dets'].astype(np.float64)
    return truth, _detections(images, dets[:, :4], dets[:, 4]), 'real'


def synthetic_truth(images: int) -> GroundTruth:
    """Ground truth of one random lesion an image."""
    rng = np.random.default_rng(1)
    corner = rng.uniform(50, 400, (images, 2))
    boxes = np.hstack([corner, corner + rng.uniform(8, 60, (images, 2))])
    return _truth(boxes, np.arange(images), images)


def synthetic_detections(truth: GroundTruth, count: int) -> Detections:
    """Random detections, shifted by 0 to 100 px from lesions."""
    rng = np.random.default_rng(2)
    rows = rng.integers(len(truth.lesion_boxes), size=count)
    boxes = truth.lesion_boxes[rows]
    boxes = boxes + rng.choice([0, 1, 30, 100], (count, 1))
    return _detections(truth.lesion_images[rows], boxes, rng.random(count))


def _truth(boxes: np.ndarray, owners: np.ndarray, images: int) -> GroundTruth:
    ids = np.arange(images)
    numbers = np.arange(1, len(boxes) + 1)
    types = np.full(len(boxes), UNKNOWN_TYPE)
    return GroundTruth(ids, boxes, owners, numbers, types, ids, 0, 0)


def _detections(
    images: np.ndarray, boxes: np.ndarray, scores: np.ndarray
) -> Detections:
    ones = np.ones(len(scores), dtype=np.int64)
    return Detections(images, boxes, scores, ones)
