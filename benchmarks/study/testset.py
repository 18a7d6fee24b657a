"""Properties of the test set that the report needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_mask

from benchmarks.study.outcomes import true_masks
from mmuldor.evaluation.comparison.strata import strata_of
from mmuldor.evaluation.ground_truth import GroundTruth, patients_of
from mmuldor.functional.masks import rasterize
from mmuldor.functional.recist import MASK_SHAPES
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import read_json, write_json


@dataclass(frozen=True, eq=False)
class TestSet:
    """The test images and lesions, in the order of the evaluation.

    Attributes:
        patients: The patient of each image, (k,).
        strata: Masks over the lesions, (m,) bool, by name.
        shape_dice: Dice of the pseudo mask of each shape with the true
            mask, (m,) float64 by the shape's name.
    """

    # pytest must not collect this class.
    __test__ = False

    patients: np.ndarray
    strata: dict[str, np.ndarray]
    shape_dice: dict[str, np.ndarray]


def describe_testset(ann: Path, truth: Path, out: Path) -> None:
    """Write the file that :func:`load_testset` reads."""
    document = load_annotations(ann)
    lesions = GroundTruth.of(document, ann)
    by_id = {lesion['id']: lesion for lesion in document['annotations']}
    ordered = [by_id[number] for number in lesions.lesion_ids.tolist()]
    true = true_masks(truth)
    masks = [
        coco_mask.decode(true[lesion['id']]).astype(bool) for lesion in ordered
    ]
    write_json(
        out,
        {
            'patients': patients_of(document, lesions).tolist(),
            'strata': {
                name: np.flatnonzero(mask).tolist()
                for name, mask in strata_of(
                    document['images'], ordered
                ).items()
            },
            'shape_dice': {
                shape: [
                    round(_dice(shape, lesion, mask), 4)
                    for lesion, mask in zip(ordered, masks, strict=True)
                ]
                for shape in MASK_SHAPES
            },
        },
    )


def load_testset(path: Path) -> TestSet:
    """Read the file that :func:`describe_testset` wrote."""
    found = read_json(path)
    dice = {k: np.array(v) for k, v in found['shape_dice'].items()}
    count = len(next(iter(dice.values())))
    strata = {}
    for name, rows in found['strata'].items():
        strata[name] = np.zeros(count, dtype=bool)
        strata[name][rows] = True
    return TestSet(np.array(found['patients']), strata, dice)


def _dice(shape: str, lesion: dict, true: np.ndarray) -> float:
    polygon = MASK_SHAPES[shape](np.reshape(lesion['recist_px'], (4, 2)))
    mask = rasterize(polygon, *true.shape)
    return float(2 * (mask & true).sum() / (mask.sum() + true.sum()))
