"""All folds of every arm as one evaluation, with intervals over patients."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.real_slices.plan import ARMS, FOLDS, Arm
from benchmarks.real_slices.training import Places
from mmuldor.classes import LESION_CATEGORY
from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.evaluation.comparison.resampling import (
    bootstrap,
    interval,
    patient_weights,
)
from mmuldor.evaluation.ground_truth import GroundTruth, patients_of
from mmuldor.evaluation.results import Detections
from mmuldor.evaluation.slice_froc import SliceEvaluation, evaluate_slices
from mmuldor.functional.boxes import xywh_to_xyxy
from mmuldor.io.json_files import read_json

RATES = (0.5, 1.0, 2.0, 4.0, 8.0)
NUM_RESAMPLES = 2000
# First minus second arm.
PAIRS = ((0, 1), (0, 2))


def is_complete(places: Places) -> bool:
    """Whether every arm has a record of every fold."""
    return all(
        places.record(arm, fold).is_file()
        for arm in ARMS
        for fold in range(FOLDS)
    )


def load_detections(arm: Arm, places: Places) -> Detections:
    """The held-out detections of all folds of an arm."""
    parts = []
    for fold in range(FOLDS):
        path = places.record(arm, fold).with_suffix('.npz')
        with np.load(path, allow_pickle=False) as file:
            parts.append({name: file[name] for name in file.files})
    image_ids, boxes, scores = (
        np.concatenate([part[name] for part in parts])
        for name in ('image_ids', 'boxes', 'scores')
    )
    return Detections(
        image_ids.astype(np.int64),
        xywh_to_xyxy(boxes),
        scores.astype(np.float64),
        np.full(len(scores), LESION_CATEGORY),
    )


def evaluate_arms(
    truth: GroundTruth, places: Places
) -> dict[str, SliceEvaluation]:
    """All folds of each arm as one, by its name, in the order of `ARMS`."""
    return {
        arm.name: evaluate_slices(truth, load_detections(arm, places))
        for arm in ARMS
    }


def evaluate(document: dict, places: Places) -> dict:
    """The document of the results of all arms.

    Args:
        document: From `key_slices`.
        places: Where the detections of the folds are.
    """
    truth = GroundTruth.of(document, Path('the key slices'))
    patients = patients_of(document, truth)
    found = evaluate_arms(truth, places).values()
    runs = [RankedDetections.of(one.matched) for one in found]
    ends = [run.curve_end(len(truth.images)) for run in runs]
    weights = patient_weights(patients, NUM_RESAMPLES)
    samples = bootstrap(runs, weights, RATES)[:, :, 0]
    once = np.ones(len(truth.images))
    values = np.array([run.figures(RATES, once) for run in runs])
    records = [
        [read_json(places.record(arm, fold)) for fold in range(FOLDS)]
        for arm in ARMS
    ]
    return {
        'command': 'python benchmarks/real_slices/run.py',
        'images': len(truth.images),
        'lesions': len(truth.lesion_images),
        'patients': len(set(patients.tolist())),
        'resamples': NUM_RESAMPLES,
        'rates': list(RATES),
        'rows': {
            arm.name: {
                **_with_interval(values[index], samples[:, index]),
                'fps_at_end': ends[index],
                'processor_minutes': _processor_minutes(records[index]),
            }
            for index, arm in enumerate(ARMS)
        },
        'differences': [
            {
                'first': ARMS[first].name,
                'second': ARMS[second].name,
                **_with_interval(
                    values[first] - values[second],
                    samples[:, first] - samples[:, second],
                ),
            }
            for first, second in PAIRS
        ],
    }


def _with_interval(values: np.ndarray, samples: np.ndarray) -> dict:
    """Sensitivity at each rate and their mean, and its 95 % interval."""
    low, high = interval(samples)
    return {
        'value': values.tolist(),
        'interval': [low.tolist(), high.tolist()],
    }


def _processor_minutes(records: list[dict]) -> float:
    """Training and testing of all folds."""
    keys = ('training', 'testing')
    seconds = [r[key]['processor_seconds'] for r in records for key in keys]
    return sum(seconds) / 60
