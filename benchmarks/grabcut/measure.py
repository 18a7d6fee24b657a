"""Area, diameters and Dice of masks by GrabCut, beside drawn ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.human_masks.intervals import PatientBootstrap
from benchmarks.human_masks.lesions import load_real_lesions
from mmuldor.functional.diameters import diameters
from mmuldor.functional.hounsfield import stored_to_hu
from mmuldor.functional.masks import crop_mask, rasterize
from mmuldor.functional.recist import MASK_SHAPES, PseudoMask
from mmuldor.functional.segmentation.grabcut import grabcut_mask
from mmuldor.io.annotations import lesions_of, load_annotations
from mmuldor.io.json_files import read_json
from mmuldor.io.png import read_png16
from mmuldor.io.run_length import decode_mask
from mmuldor.scans.measurement import measure_slice

GRABCUT, FITTED = 'GrabCut', 'quarter ellipses, fitted'
DRAWN = {
    **{shape.replace('_', ' '): PseudoMask(shape) for shape in MASK_SHAPES},
    # As configs/_base_/variants/fitted_masks.py.
    FITTED: PseudoMask(grow_px=0.6, offset_px=(0.4, 0.6)),
}
PAPER = 'quarter ellipses'


@dataclass(frozen=True, eq=False)
class Sample:
    """A lesion with its pixels.

    Attributes:
        patient: Its patient.
        hu: The slice, (H, W) HU.
        ends_px: RECIST endpoints, (4, 2) px.
        truth: Its true mask, (H, W) bool, or None where nobody knows it.
    """

    patient: str
    hu: np.ndarray
    ends_px: np.ndarray
    truth: np.ndarray | None = None


def real_samples(data: Path) -> Iterator[Sample]:
    """Real lesions whose key slice is there; no true mask is."""
    for lesion in load_real_lesions(data):
        yield Sample(lesion.patient, lesion.hu, lesion.ends_px)


def phantom_samples(folder: Path) -> Iterator[Sample]:
    """Lesions of a converted phantom, all splits, with their true masks."""
    truth = {
        (lesion['file_name'], lesion['row']): lesion['segmentation']
        for lesion in read_json(folder / 'truth.json')['lesions']
    }
    for split in ('train', 'val', 'test'):
        document = load_annotations(folder / f'{split}.json')
        images = {image['id']: image for image in document['images']}
        for lesion in lesions_of(document):
            image = images[lesion['image_id']]
            size = (image['height'], image['width'])
            path = folder / 'Images_png' / image['file_name']
            yield Sample(
                str(image['patient']),
                stored_to_hu(read_png16(path, size)),
                np.reshape(np.array(lesion['recist_px'], float), (4, 2)),
                decode_mask(truth[image['file_name'], lesion['id']]),
            )


def measure(samples: Iterable[Sample]) -> dict[str, Any]:
    """The figures of all masks.

    Returns:
        ``lesions``, ``patients``, ``fallbacks`` of GrabCut, its ``seconds`` a
        lesion, and by mask: ``area_ratio`` over quarter ellipses, ``long_px``
        and ``short_px`` minus the annotated diameters, ``dice`` with the true
        mask and ``dice_minus_paper``, paired, where it is known.
    """
    patients: list[str] = []
    rows: dict[str, list[dict[str, float]]] = {
        name: [] for name in (*DRAWN, GRABCUT)
    }
    fallbacks, seconds = 0, 0.0
    for sample in samples:
        patients.append(sample.patient)
        masks = {
            name: rasterize(drawn.polygon(sample.ends_px), *sample.hu.shape)
            for name, drawn in DRAWN.items()
        }
        began = time.perf_counter()
        refined = grabcut_mask(sample.hu, sample.ends_px)
        seconds += time.perf_counter() - began
        masks[GRABCUT] = masks[PAPER]
        if refined is None:
            fallbacks += 1
        else:
            masks[GRABCUT] = np.zeros(sample.hu.shape, dtype=bool)
            refined.paint(masks[GRABCUT])
        for name, mask in masks.items():
            rows[name].append(_figures(mask, masks[PAPER], sample))
    bootstrap = PatientBootstrap(patients)
    return {
        'lesions': len(patients),
        'patients': len(set(patients)),
        'fallbacks': fallbacks,
        'seconds': seconds / len(patients),
        'masks': {
            name: _means(each, rows[PAPER], bootstrap.mean)
            for name, each in rows.items()
        },
    }


def _figures(
    mask: np.ndarray, paper: np.ndarray, sample: Sample
) -> dict[str, float]:
    cropped = crop_mask(mask)
    if cropped is None:
        raise ValueError('a mask must have a pixel, but it is empty.')
    measured = measure_slice(cropped, (1.0, 1.0))
    long_px, short_px = diameters(sample.ends_px)
    figures = {
        'area_ratio': float(mask.sum() / paper.sum()),
        'long_px': measured.long_mm - long_px,
        'short_px': measured.short_mm - short_px,
        'agreement': _dice(mask, paper),
    }
    if sample.truth is not None:
        figures['dice'] = _dice(mask, sample.truth)
        figures['true_area_ratio'] = float(mask.sum() / sample.truth.sum())
    return figures


def _dice(first: np.ndarray, second: np.ndarray) -> float:
    both = np.count_nonzero(first & second)
    total = np.count_nonzero(first) + np.count_nonzero(second)
    return 2 * both / total


def _means(
    rows: list[dict[str, float]],
    paper: list[dict[str, float]],
    mean: Callable[[list[float]], dict],
) -> dict[str, dict]:
    found = {key: mean([row[key] for row in rows]) for key in rows[0]}
    if 'dice' in rows[0]:
        pairs = zip(rows, paper, strict=True)
        found['dice_minus_paper'] = mean(
            [row['dice'] - other['dice'] for row, other in pairs]
        )
    return found
