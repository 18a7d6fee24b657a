"""Lesions with masks drawn by hand, and real slices with RECIST rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_prep.common.dl_info import (
    LesionRow,
    iterate_rows,
    parse_row,
    read_bytes,
)
from mmuldor.functional.hounsfield import stored_to_hu
from mmuldor.functional.masks import CroppedMask, crop_mask
from mmuldor.io.json_files import read_json
from mmuldor.io.png import read_png16
from mmuldor.io.run_length import decode_mask

# Folders of the real data that hold slices and their DL_info.csv.
SLICE_FOLDERS = ('deeplesion_sample', 'deeplesion_liver')
# Between air and dense bone; metal would outshine every other edge.
HU_RANGE = (-1024, 600)


@dataclass(frozen=True, eq=False)
class HumanLesion:
    """A lesion on its key slice, with its RECIST row and a human mask.

    Attributes:
        patient: Its patient.
        split: DeepLesion's official split: 'train', 'val' or 'test'.
        lesion_type: DeepLesion's coarse type; -1 unknown.
        spacing_mm: Pixel size x y, (2,) float64.
        ends_px: RECIST endpoints, (4, 2) float64: DL_info.csv minus 1.
        mask: The human mask.
    """

    patient: str
    split: str
    lesion_type: int
    spacing_mm: np.ndarray
    ends_px: np.ndarray
    mask: CroppedMask


@dataclass(frozen=True, eq=False)
class RealLesion:
    """A lesion of DeepLesion with the pixels of its key slice.

    Attributes:
        patient: Its patient.
        hu: The slice, (H, W) float32 HU, clipped to `HU_RANGE`.
        ends_px: RECIST endpoints, (4, 2) float64: DL_info.csv minus 1.
    """

    patient: str
    hu: np.ndarray
    ends_px: np.ndarray


def load_human_lesions(path: str | os.PathLike) -> list[HumanLesion]:
    """The lesions of ``human_masks/key_slices.json``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a mask is damaged or empty; names its slice.
    """
    lesions = []
    for entry in read_json(path)['lesions']:
        mask = crop_mask(decode_mask(entry['segmentation']))
        if mask is None:
            raise ValueError(
                f'{path}: {entry["file_name"]}: `segmentation` must have a '
                'pixel, but it is empty.'
            )
        ends = np.reshape(entry['recist_csv'], (4, 2)) - 1.0
        lesions.append(
            HumanLesion(
                entry['file_name'][:6],
                entry['split'],
                entry['lesion_type'],
                np.array(entry['spacing_mm'][:2]),
                ends,
                mask,
            )
        )
    return lesions


def load_rows(folder: Path) -> list[LesionRow]:
    """The rows of a folder's DL_info.csv."""
    data = read_bytes(folder / 'DL_info.csv')
    return [parse_row(row) for row in iterate_rows(data)]


def load_real_lesions(data: Path) -> Iterator[RealLesion]:
    """The rows whose slice is there, one at a time."""
    low, high = HU_RANGE
    for name in SLICE_FOLDERS:
        folder = data / name
        if not folder.is_dir():
            continue
        for row in load_rows(folder):
            path = folder / 'Images_png' / row.file_name
            if row.noisy or not path.is_file():
                continue
            hu = stored_to_hu(read_png16(path, (row.height, row.width)))
            ends = np.reshape(row.recist_px, (4, 2))
            yield RealLesion(f'{row.patient:06d}', hu.clip(low, high), ends)
