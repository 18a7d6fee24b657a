"""Read and check COCO files of boxes on slices."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from mmuldor.functional.masks import crop_mask, rasterize
from mmuldor.functional.recist import check_endpoints
from mmuldor.io.categories import category_titles, lesions_by_category
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import are_coordinates, is_inside_name, shortened
from mmuldor.io.run_length import decode_mask
from mmuldor.scans.measurement import measure_slice

from .patients import plain_name

_PATIENT_KEYS = ('patient', 'patientid')
_MAX_OUT_PX = 8  # Boxes with a margin, of 5 px in DeepLesion, stand out.


@dataclass(frozen=True, eq=False)
class CocoImage:
    """An image of a COCO file with its annotations.

    Attributes:
        where: File and id, for messages.
        file_name: Its name, with `/` between folders, inside the folder.
        entry: The image as it is in the file.
        annotations: Lesions and ignored regions (`iscrowd`) of it.
        left_out: How many boxes of it are of other categories, by category.
        in_series: Whether the numbered files beside it are its neighbours.
    """

    where: str
    file_name: str
    entry: dict[str, Any]
    annotations: list[dict[str, Any]]
    left_out: Mapping[str, int]
    in_series: bool = True

    @property
    def stem_number(self) -> int | None:
        """The number that its name is; None for other names."""
        stem = PurePosixPath(self.file_name).stem
        # More digits than any counter has; int() would be slow.
        return int(stem) if stem.isdecimal() and len(stem) < 19 else None

    @property
    def number(self) -> tuple[str, int] | None:
        """Folder and number, for `FOLDER/031.png`; None for other names.

        The folder of an image without one is '.'.
        """
        number = self.stem_number
        parent = str(PurePosixPath(self.file_name).parent)
        return None if number is None else (parent, number)

    @property
    def series(self) -> tuple[str, int] | None:
        """Folder and number of a slice of a series, None of a single one."""
        return self.number if self.in_series else None

    @property
    def target(self) -> str:
        """Its name in `Images_png`, `FOLDER/031.png`."""
        if self.series is None:
            return f'{plain_name(self.file_name).replace("/", "_")}/001.png'
        series, number = self.series
        series = 'series' if series == '.' else series
        return f'{series.replace("/", "_")}/{number:03d}.png'

    @property
    def patient(self) -> str | None:
        """What the file calls its patient (`patient`, `patient_id`)."""
        for key, value in self.entry.items():
            if key.lower().replace('_', '') in _PATIENT_KEYS:
                return None if value is None else str(value)
        return None


def read_coco_boxes(
    path: str | os.PathLike, lesion_category: Sequence[str] | None = None
) -> list[CocoImage]:
    """Read the images of a COCO file.

    Args:
        path: The file.
        lesion_category: Names or ids of the categories of lesions, where
            there are several.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: Names the file, the entry and what it must be.
    """
    document = read_json(path)
    listed = [
        document.get(key) if isinstance(document, dict) else None
        for key in ('images', 'annotations')
    ]
    for key, entries in zip(('images', 'annotations'), listed, strict=True):
        if not isinstance(entries, list) or not all(
            isinstance(entry, dict) for entry in entries
        ):
            raise ValueError(
                f'{path}: `{key}` must be a list of objects, as in COCO files.'
            )
    images, annotations = listed
    lesions, _ = lesions_by_category(document, path, lesion_category)
    kept = {id(entry) for entry in lesions}
    by_image: dict[Any, list] = {}
    for entry in annotations:
        by_image.setdefault(str(entry.get('image_id')), []).append(entry)
    names = category_titles(document)
    found, ids = [], set()
    for entry in images:
        where = f'{path}: images id {shortened(entry.get("id"))}'
        if str(entry.get('id')) in ids:
            raise ValueError(f'{where}: `id` must be unique, but comes twice.')
        ids.add(str(entry.get('id')))
        name = _checked_name(entry.get('file_name'), where)
        own = by_image.pop(str(entry.get('id')), [])
        others = (a for a in own if id(a) not in kept)
        found.append(
            CocoImage(
                *(where, name, entry),
                [a for a in own if id(a) in kept],
                Counter(map(names, others)),
            )
        )
    if by_image:
        number = next(iter(by_image.values()))[0]
        raise ValueError(
            f'{path}: annotations id {shortened(number.get("id"))}: '
            '`image_id` must be the id of an image, but got '
            f'{shortened(number.get("image_id"))}.'
        )
    return found


def _checked_name(name: Any, where: str) -> str:
    """A name that stays inside its folder."""
    if is_inside_name(name):
        return str(PurePosixPath(name.replace('\\', '/')))
    raise ValueError(
        f'{where}: `file_name` must be a name inside the folder of images, '
        f'but got {shortened(name)}.'
    )


@dataclass(frozen=True, eq=False)
class BoxFacts:
    """A lesion on a slice, in pixels whose centres lie at integers.

    Attributes:
        box_px: `x1 y1 x2 y2`, (4,).
        recist_px: Ends of two diameters, (4, 2) x y.
        source: What they come from: recist, mask or box.
        mask: Its mask, (height, width) bool, or None.
    """

    box_px: np.ndarray
    recist_px: np.ndarray
    source: str
    mask: np.ndarray | None


def box_facts(
    entry: dict[str, Any],
    where: str,
    size: tuple[int, int],
    spacing_mm: Sequence[float],
    offset_px: float,
) -> BoxFacts:
    """Box and diameters of a COCO annotation.

    The diameters are those of `recist_px` where it is given, else those of
    the mask in `segmentation`, else the axes of the box: from the middle of
    a side to that of the side across.

    Args:
        entry: The annotation: `bbox`, maybe `segmentation`, `recist_px`.
        where: Its file and id, for messages.
        size: Height and width of the image.
        spacing_mm: Distance of columns and of rows.
        offset_px: Where the centre of the first pixel lies in the file; of
            run-length masks, which are pixels, it is not subtracted.

    Raises:
        ValueError: Names what is wrong.
    """
    x, y, width, height = _numbers(entry, 'bbox', 4, where)
    box = np.array([x, y, x + width, y + height]) - offset_px
    _check_place(box, entry['bbox'], where, size)
    mask = _mask(entry.get('segmentation'), where, size, offset_px)
    if entry.get('recist_px') is not None:
        ends = np.reshape(_numbers(entry, 'recist_px', 8, where), (4, 2))
        try:
            ends = check_endpoints(ends - offset_px)
        except ValueError as error:
            raise ValueError(f'{where}: {error}') from None
        return BoxFacts(box, ends, 'recist', mask)
    if mask is not None:
        _check_in_box(mask, box, entry['bbox'], where)
        ends = measure_slice(crop_mask(mask), spacing_mm).recist_px
        return BoxFacts(box, ends, 'mask', mask)
    return BoxFacts(box, box_axes(box, spacing_mm), 'box', None)


def _check_place(
    box: np.ndarray, stated: Any, where: str, size: tuple[int, int]
) -> None:
    """Raise ValueError unless a box in pixels lies on its image."""
    (rows, columns), sides = size, box[2:] - box[:2]
    if min(sides) <= 0 or max(sides) < 1:
        raise ValueError(
            f'{where}: `bbox` must be x y w h in pixels, w and h above 0, but '
            f'got {stated}. Multiply shares of the image by its size.'
        )
    apart = min(box[2:]) < -0.5 or box[0] > columns or box[1] > rows
    out_px = max(*-box[:2], box[2] - columns, box[3] - rows)
    if apart or out_px > _MAX_OUT_PX:
        raise ValueError(
            f'{where}: `bbox` must lie on its image of {columns} x {rows} '
            f'px, but got {stated}. Is it x1 y1 x2 y2? COCO has x y w h.'
        )


def _check_in_box(
    mask: np.ndarray, box: np.ndarray, stated: Any, where: str
) -> None:
    """Raise ValueError if no pixel of a mask is in its box."""
    places = np.argwhere(mask)[:, ::-1]
    if not ((places >= box[:2] - 1) & (places <= box[2:] + 1)).all(1).any():
        raise ValueError(
            f'{where}: `segmentation` must lie in `bbox`, {stated}, but is of '
            f'x y {places.min(0)} to {places.max(0)}. Another lesion?'
        )


def box_axes(box_px: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """The axes of a box as diameters, the one longer in mm first, (4, 2).

    Their quarter ellipses are the ellipse inscribed in the box; the mask
    shape 'box' of them is the box.
    """
    x1, y1, x2, y2 = box_px
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    across = np.array([[x1, y], [x2, y]])
    down = np.array([[x, y1], [x, y2]])
    wide = (x2 - x1) * spacing_mm[0] >= (y2 - y1) * spacing_mm[1]
    return np.vstack([across, down] if wide else [down, across])


def _mask(
    segmentation: Any, where: str, size: tuple[int, int], offset_px: float
) -> np.ndarray | None:
    """The mask of polygons or of a run-length encoding, None without."""
    if not segmentation:
        return None
    try:
        if isinstance(segmentation, dict):
            mask = decode_mask(segmentation)
        else:
            mask = np.zeros(size, dtype=bool)
            for flat in segmentation:
                points = np.reshape(flat, (-1, 2)).astype(np.float64)
                mask |= rasterize(points - offset_px, *size)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f'{where}: `segmentation` must be COCO polygons or a run-length '
            f'mask, but got {shortened(segmentation)}: {error}'
        ) from None
    if mask.shape != size or not mask.any():
        raise ValueError(
            f'{where}: `segmentation` must be a mask of {size[0]} x {size[1]} '
            f'px that is not empty, but has {mask.shape} and {mask.sum()} px.'
        )
    return mask


def _numbers(
    entry: dict[str, Any], key: str, count: int, where: str
) -> list[float]:
    """`count` finite numbers under a key."""
    values = entry.get(key)
    if not are_coordinates(values, count):
        raise ValueError(
            f'{where}: `{key}` must be {count} finite numbers, but got '
            f'{shortened(values)}.'
        )
    return [float(value) for value in values]
