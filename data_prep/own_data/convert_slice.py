"""Convert one PNG slice, measure the lesions of its boxes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.json_values import is_finite, shortened
from mmuldor.io.limits import INTERVAL_MM, PIXEL_MM
from mmuldor.io.png import read_png16, write_png16
from mmuldor.scans.hu_check import check_hu

from .coco_boxes import BoxFacts, CocoImage, box_facts
from .coco_documents import contiguous_ranges
from .options import SliceOptions
from .report import OwnDataReport
from .series import numbered_files

_REPAIR = 'Give `--hu-slope` and `--hu-offset`.'


@dataclass(frozen=True, eq=False)
class Slice:
    """A key slice, read and written.

    Attributes:
        image: What the COCO file says of it.
        facts: The entry of `images` but for id and patient.
        lesions: Its lesions.
        crowds: Its ignored regions (`iscrowd`).
    """

    image: CocoImage
    facts: dict[str, Any]
    lesions: list[BoxFacts]
    crowds: list[BoxFacts]


def convert_image(
    image: CocoImage,
    folder: Path,
    target: Path,
    options: SliceOptions,
    report: OwnDataReport,
) -> Slice:
    """Write a key slice and its neighbours as HU + 32768, measure its boxes.

    Args:
        image: The image.
        folder: Where the files are.
        target: `Images_png` to write to.
        options: Choices.
        report: Takes what looks odd.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file or an entry is wrong.
    """
    spacing, interval = _spacing(image, options)
    path = folder / image.file_name
    hu = read_hu(path, options)
    doubts = check_hu(hu, str(path), _REPAIR, accept=options.accept_values)
    for doubt in doubts:
        report.note(image.file_name, 'units', f'{doubt}. {_REPAIR}')
    for key, side in zip(('height', 'width'), hu.shape, strict=True):
        if image.entry.get(key, side) != side:
            raise ValueError(
                f'{image.where}: `{key}` must be that of {path}, {side}, but '
                f'got {shortened(image.entry[key])}.'
            )
    written = target / image.target
    write_png16(written, hu_to_stored(hu))
    number, around = int(written.stem), [int(written.stem)]
    if image.series is not None:
        around = _write_neighbours(image, path, written, options)
    facts = {
        'file_name': image.target,
        'height': hu.shape[0],
        'width': hu.shape[1],
        'spacing_mm': spacing,
        'slice_interval_mm': interval,
        'key_slice': number,
        'slice_range': contiguous_ranges(around)[number],
        'window_hu': list(options.window_hu),
        'source_name': image.file_name,
    }
    boxes = [
        box_facts(
            entry,
            f'{image.where}: annotations id {entry.get("id")}',
            hu.shape,
            spacing,
            options.offset_px,
        )
        for entry in image.annotations
    ]
    crowds = [entry.get('iscrowd') for entry in image.annotations]
    return Slice(
        *(image, facts),
        [box for box, crowd in zip(boxes, crowds, strict=True) if not crowd],
        [box for box, crowd in zip(boxes, crowds, strict=True) if crowd],
    )


def read_hu(path: Path, options: SliceOptions) -> np.ndarray:
    """HU of a file, (rows, columns) float64."""
    stored = read_png16(path).astype(np.float64)
    return options.hu_slope * stored + options.hu_offset


def _spacing(
    image: CocoImage, options: SliceOptions
) -> tuple[list[float], float]:
    """Distance of columns and rows, and of slices, in mm.

    The image's own `spacing_mm` and `slice_interval_mm` come first.
    """
    given = list(options.spacing_mm or ())
    own = image.entry.get('spacing_mm')
    own = list(own) if isinstance(own, (list, tuple)) else []
    interval = image.entry.get('slice_interval_mm')
    values = [
        *(own[:2] or given[:2]),
        *([interval] if interval is not None else own[2:] or given[2:]),
    ]
    ranges = (PIXEL_MM, PIXEL_MM, INTERVAL_MM)
    if len(values) != 3 or not all(
        is_finite(v) and low <= v <= high
        for v, (low, high) in zip(values, ranges, strict=True)
    ):
        raise ValueError(
            f'{image.where}: needs `spacing_mm` (columns, rows; '
            f'{PIXEL_MM[0]:g} to {PIXEL_MM[1]:g}) and `slice_interval_mm` '
            f'({INTERVAL_MM[0]:g} to {INTERVAL_MM[1]:g}), or `--spacing` for '
            f'all images, but got {shortened(values)}.'
        )
    return [float(v) for v in values[:2]], float(values[2])


def _write_neighbours(
    image: CocoImage, path: Path, written: Path, options: SliceOptions
) -> list[int]:
    """Write the existing slices around it; returns all numbers."""
    key = int(written.stem)
    near = range(key - options.neighbours, key + options.neighbours + 1)
    files = {n: f for n, f in numbered_files(path.parent).items() if n in near}
    shape = None
    for number, file in files.items():
        place = written.with_name(f'{number:03d}.png')
        if place.exists():
            continue
        hu = read_hu(file, options)
        shape = shape or read_png16(written).shape
        if hu.shape != shape:
            raise ValueError(
                f'{file} must have the size of {path}, {shape}, but has '
                f'{hu.shape}.'
            )
        write_png16(place, hu_to_stored(hu))
    return sorted({key, *files})
