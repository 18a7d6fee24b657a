"""The lesions of an annotation file as arrays."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeGuard

import numpy as np

from mmuldor.classes import LESION_TYPES, UNKNOWN_TYPE
from mmuldor.evaluation.slice_names import patient_number
from mmuldor.functional.boxes import xywh_to_xyxy
from mmuldor.functional.froc import drop_noisy
from mmuldor.io.annotations import crowds_of, lesions_of, load_annotations
from mmuldor.io.json_values import is_integer


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """The lesions of an annotation file.

    Attributes:
        images: Ids of the images that count, (k,) int64.
        lesion_boxes: `x1 y1 x2 y2`, source-image pixels, (m, 4) float64.
        lesion_images: The id of each lesion's image, (m,) int64.
        lesion_ids: Its annotation id, (m,) int64.
        lesion_types: Its coarse type, 1 to 8, or -1 unknown, (m,) int64.
        all_images: Ids of all images of the file, (l,) int64.
        noisy_images: How many images left since all their lesions are noisy.
        noisy_lesions: How many lesions were dropped since they are noisy.
        crowd_boxes: Ignored regions, COCO's `iscrowd`, as `lesion_boxes`,
            (c, 4) float64.
        crowd_images: The id of each one's image, (c,) int64.
        left_out: How many boxes are of no lesion, by category.
        names: `file_name` of the images by id, of those that have one.
        sizes: Width and height in px by id, of those that have them.
    """

    images: np.ndarray
    lesion_boxes: np.ndarray
    lesion_images: np.ndarray
    lesion_ids: np.ndarray
    lesion_types: np.ndarray
    all_images: np.ndarray
    noisy_images: int
    noisy_lesions: int
    crowd_boxes: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    crowd_images: np.ndarray = field(
        default_factory=lambda: np.empty(0, dtype=np.int64)
    )
    left_out: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)
    sizes: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        document: dict,
        source: str | os.PathLike,
        *,
        keep_noisy: bool = False,
    ) -> GroundTruth:
        """The lesions of the document of an annotation file.

        Args:
            document: From `mmuldor.io.annotations.load_annotations`; boxes
                are enough, and without the key `noisy` a lesion is not.
            source: The file it was read from, for messages.
            keep_noisy: Keep lesions whose annotation is noisy. By default
                they are dropped, and so are the images whose every lesion is
                noisy; images that never had a lesion stay.

        Raises:
            ValueError: No lesion is left.
        """
        lesions, crowds = lesions_of(document), crowds_of(document)
        all_images = _ids(document['images'], 'id')
        boxes = xywh_to_xyxy([lesion['bbox'] for lesion in lesions])
        lesion_images = _ids(lesions, 'image_id')
        noisy = np.array(
            [
                not keep_noisy and bool(lesion.get('noisy', False))
                for lesion in lesions
            ],
            dtype=bool,
        )
        keep_images, keep = drop_noisy(all_images, lesion_images, noisy)
        if not keep.any():
            raise ValueError(
                f'{source} must hold at least one lesion, without which '
                f'sensitivity is undefined, but of {len(keep)} annotations '
                f'{int(noisy.sum())} are noisy and none is left.'
                + (f' {len(crowds)} are ignored regions.' if crowds else '')
            )
        return cls(
            images=all_images[keep_images],
            lesion_boxes=boxes[keep],
            lesion_images=lesion_images[keep],
            lesion_ids=_ids(lesions, 'id')[keep],
            lesion_types=_types(lesions)[keep],
            all_images=all_images,
            noisy_images=int((~keep_images).sum()),
            noisy_lesions=int((~keep).sum()),
            crowd_boxes=xywh_to_xyxy([crowd['bbox'] for crowd in crowds]),
            crowd_images=_ids(crowds, 'image_id'),
            left_out=document.get('left_out', {}),
            names=file_names(document['images']),
            sizes=_sizes(document['images']),
        )

    def select(self, image_ids: Iterable[int]) -> GroundTruth:
        """Count only these images (those that count at all)."""
        wanted = np.fromiter(image_ids, dtype=np.int64)
        lesions = np.isin(self.lesion_images, wanted)
        counted = self.images[np.isin(self.images, wanted)]
        return replace(self.of_lesions(lesions), images=counted)

    def of_lesions(self, rows: np.ndarray) -> GroundTruth:
        """Only these lesions, a mask (m,); all images count as before."""
        return replace(
            self,
            lesion_boxes=self.lesion_boxes[rows],
            lesion_images=self.lesion_images[rows],
            lesion_ids=self.lesion_ids[rows],
            lesion_types=self.lesion_types[rows],
        )

    def leave_out(self, rows: np.ndarray) -> GroundTruth:
        """Without these lesions, and images that have no other."""
        images, kept = drop_noisy(self.images, self.lesion_images, rows)
        return replace(self.of_lesions(kept), images=self.images[images])


def load_ground_truth(
    ann_file: str | os.PathLike,
    *,
    keep_noisy: bool = False,
    lesion_category: Sequence[str] | None = None,
) -> GroundTruth:
    """Read the lesions of an annotation file; see `GroundTruth.of`.

    Args:
        ann_file: The annotation JSON, of ours or any COCO file.
        keep_noisy: Keep lesions whose annotation is noisy.
        lesion_category: Names or ids of the categories of lesions, where
            there are several.

    Raises:
        FileNotFoundError: No such file.
        ValueError: The file is wrong, or no lesion is left.
    """
    document = load_annotations(
        ann_file, boxes_only=True, lesion_category=lesion_category
    )
    return GroundTruth.of(document, ann_file, keep_noisy=keep_noisy)


def patients_of(document: dict, truth: GroundTruth) -> np.ndarray:
    """The patient of each image that counts, (k,).

    The image's `patient`. Where no image has that key, as in COCO files of
    other origin, the first six digits of its name, if all are named as
    DeepLesion's slices. Any other image is a patient of its own.
    """
    patient = {
        image['id']: image['patient']
        for image in document['images']
        if 'patient' in image
    }
    # As texts, which an array of both makes of them.
    counted, taken = truth.images.tolist(), set(map(str, patient.values()))
    by_name = _patients_by_name(truth)
    if not patient and by_name:
        return np.array(by_name)
    for image_id in counted:
        known = str(image_id) in taken
        patient.setdefault(
            image_id, f'image {image_id}' if known else image_id
        )
    return np.array([patient[image_id] for image_id in counted])


def patients_text(document: dict, truth: GroundTruth) -> str:
    """What :func:`patients_of` counts, after its number in a sentence."""
    known = sum('patient' in image for image in document['images'])
    if known == len(document['images']):
        return 'patients'
    if known:
        return 'patients, or images where no patient is known'
    if _patients_by_name(truth):
        return 'patients by file name'
    return 'images, since no patient is known'


def _patients_by_name(truth: GroundTruth) -> list[int]:
    """By the names of DeepLesion's slices; none unless all are named so."""
    names = (truth.names.get(image_id, '') for image_id in truth.images)
    found = [patient_number(name) for name in names]
    numbers = [number for number in found if number is not None]
    return numbers if len(numbers) == len(found) else []


def file_names(images: Iterable[dict]) -> dict[int, str]:
    """`file_name` by id, of the images that have one."""
    names = {image['id']: image.get('file_name') for image in images}
    return {i: name for i, name in names.items() if isinstance(name, str)}


def _sizes(images: Iterable[dict]) -> dict[int, tuple[int, int]]:
    """Width and height by id, of the images that have both."""
    sides = {i['id']: (i.get('width'), i.get('height')) for i in images}
    return {
        image_id: (width, height)
        for image_id, (width, height) in sides.items()
        if _is_side(width) and _is_side(height)
    }


def _is_side(value: Any) -> TypeGuard[int]:
    return is_integer(value) and value > 0


def _types(lesions: list[dict]) -> np.ndarray:
    found = [lesion.get('lesion_type') for lesion in lesions]
    return np.array(
        # Numbers beyond 64 bits are among those unknown.
        [
            t if type(t) is int and t in LESION_TYPES else UNKNOWN_TYPE
            for t in found
        ],
        dtype=np.int64,
    )


def _ids(entries: list[dict], key: str) -> np.ndarray:
    return np.array([entry[key] for entry in entries], dtype=np.int64)
