"""Convert one volume to slices, measure the lesions of its mask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.png import write_png16
from mmuldor.scans.measurement import SliceMeasurement, measure_slice
from mmuldor.scans.nifti import read_label_nifti, read_nifti
from mmuldor.scans.volume import Volume

from .coco_documents import contiguous_ranges
from .mask_lesions import (
    MaskedLesion,
    find_lesions,
    measurements_by_slice,
)
from .options import VolumeOptions
from .report import OwnDataReport


@dataclass(frozen=True, eq=False)
class ConvertedVolume:
    """The result of a volume, without its voxels.

    Slices count from 0 at the patient's feet.

    Attributes:
        name: Its name, and that of its folder of slices.
        path: Its file.
        shape: Slices, rows, columns.
        spacing_mm: Distance of columns, of rows and of slices.
        affine: As of `mmuldor.scans.volume.Volume`.
        lesions: As in volumes.json.
        measurements: By key slice, each lesion there: its number and its
            measurement.
        ranges: By key slice, the first and last of the slices around it that
            are written, as numbers of PNG files.
    """

    name: str
    path: Path
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    affine: np.ndarray
    lesions: list[dict[str, Any]]
    measurements: dict[int, list[tuple[int, SliceMeasurement]]]
    ranges: dict[int, list[int]]

    def number(self, index: int) -> int:
        """The number of a slice's PNG file, from 1 at the head."""
        return self.shape[0] - index


def convert_volume(
    name: str,
    image: Path,
    mask: Path,
    images_folder: Path,
    options: VolumeOptions,
    report: OwnDataReport,
) -> ConvertedVolume:
    """Read a volume and its mask, write its slices, measure its lesions.

    Raises:
        ValueError: If a file is wrong or their grids differ.
    """
    volume, notes = read_nifti(image, accept_values=options.accept_values)
    for note in notes:
        report.note(name, 'volume', f'{image}: {note}')
    labels = read_label_nifti(mask, volume)
    report.labels.update(np.unique(labels[labels != 0]).tolist())
    lesions = _measured(labels, volume, options, name, report)
    wanted = {
        index
        for lesion, _ in lesions
        for index in (
            lesion.slices if options.every_slice else (lesion.key_slice,)
        )
    }
    measurements: dict[int, list[tuple[int, SliceMeasurement]]] = {}
    for number, (lesion, _) in enumerate(lesions, start=1):
        for index, measured in measurements_by_slice(
            lesion, volume.spacing_mm, wanted
        ):
            measurements.setdefault(index, []).append((number, measured))
    written = _write_slices(
        volume, measurements, images_folder / name, options
    )
    spans = contiguous_ranges(written)
    count = len(volume.hu)
    return ConvertedVolume(
        name,
        image,
        volume.shape,
        volume.spacing_mm,
        volume.affine,
        [
            {'number': number, **entry}
            for number, (_, entry) in enumerate(lesions, start=1)
        ],
        measurements,
        {index: spans[count - index] for index in measurements},
    )


def _measured(
    labels: np.ndarray,
    volume: Volume,
    options: VolumeOptions,
    name: str,
    report: OwnDataReport,
) -> list[tuple[MaskedLesion, dict[str, Any]]]:
    """Lesions with their entries in volumes.json; small ones are left out."""
    kept, small = [], 0
    for lesion in find_lesions(labels, options.labels, options.instances):
        key = lesion.key_slice
        measured = measure_slice(lesion.on_slice(key), volume.spacing_mm)
        if measured.long_mm < options.min_diameter_mm:
            small += 1
            continue
        box = lesion.box_mm(volume.spacing_mm)
        entry = {
            'label': lesion.label,
            'key_slice': key,
            'box_mm': [round(value, 3) for value in box.tolist()],
            'long_mm': round(measured.long_mm, 3),
            'short_mm': round(measured.short_mm, 3),
            'volume_ml': round(lesion.volume_ml(volume.affine), 4),
        }
        kept.append((lesion, entry))
    if small:
        report.note(
            name,
            'small lesions',
            f'{small} lesions under {options.min_diameter_mm:g} mm left out',
        )
    if not kept:
        values = ', '.join(map(str, np.unique(labels).tolist()[:9]))
        report.note(
            name,
            'no lesion',
            f'no lesion in its mask, which holds {values}; it gives no '
            'images, but counts in volumes.json',
        )
    return kept


def _write_slices(
    volume: Volume, keys: dict, folder: Path, options: VolumeOptions
) -> list[int]:
    """Key slices and their neighbours as PNG; returns their numbers."""
    count = len(volume.hu)
    near = {
        index
        for key in keys
        for index in range(
            max(key - options.neighbours, 0),
            min(key + options.neighbours, count - 1) + 1,
        )
    }
    for index in near:
        path = folder / f'{count - index:03d}.png'
        write_png16(path, hu_to_stored(volume.hu[index]))
    return [count - index for index in near]
