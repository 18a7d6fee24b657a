"""Read a scan in any supported format."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mmuldor.scans.dicom.encoding import START_BYTES, starts_dicom
from mmuldor.scans.dicom.series import read_dicom
from mmuldor.scans.nifti import read_nifti
from mmuldor.scans.nifti_format.header import is_nifti_name, pair_message
from mmuldor.scans.png_series import check_png_hu, read_png_series
from mmuldor.scans.volume import Volume


def read_scan(
    path: str | os.PathLike,
    *,
    series_uid: str | None = None,
    spacing_mm: Sequence[float] | None = None,
) -> tuple[Volume, list[str]]:
    """Read a NIfTI file, a folder of DICOM files or a folder of PNG slices.

    A folder with DICOM images is a DICOM series, whatever else lies in it.

    Args:
        path: ``.nii``, ``.nii.gz`` (in any case), a folder, or a DICOM file
            with the slices of a whole series.
        series_uid: SeriesInstanceUID, if several DICOM series can be volumes.
        spacing_mm: Spacing of PNG slices: columns, rows, slices.

    Returns:
        The volume, and notes on what was left out, repaired or is doubtful.

    Raises:
        FileNotFoundError: If there is no such file, or no image in a folder.
        ValueError: If it is no CT volume, or its values are no HU.
    """
    volume, notes = _read(Path(path), series_uid, spacing_mm)
    if spacing_mm is not None and not volume.png_numbers:
        notes.append(
            'the given spacing is not used: it is for PNG slices, and this '
            'scan states its own'
        )
    if series_uid is not None and not volume.dicom_headers:
        notes.append('the given series is not used: the scan is not DICOM')
    return volume, notes


def _read(
    path: Path,
    series_uid: str | None,
    spacing_mm: Sequence[float] | None,
) -> tuple[Volume, list[str]]:
    if path.is_dir() and any(path.glob('*.png')):
        try:
            return _read_dicom(path, series_uid)
        except FileNotFoundError:
            if spacing_mm is None:
                raise ValueError(
                    f'{path} holds PNG slices, which have no pixel spacing. '
                    'Give the spacing: columns, rows and slices in mm.'
                ) from None
            volume, notes = read_png_series(path, spacing_mm)
            return volume, notes + check_png_hu(volume)
    if path.is_dir() or _is_dicom(path):
        return _read_dicom(path, series_uid)
    if path.suffix.lower() in ('.hdr', '.img') and path.exists():
        raise ValueError(
            f'{path} must be one NIfTI file, but {pair_message(path)}'
        )
    if path.exists() and not is_nifti_name(path.name):
        raise ValueError(
            f'{path} must be a .nii or .nii.gz file, a DICOM file of many '
            'slices, or a folder of DICOM files or PNG slices.'
        )
    return read_nifti(path)


def _read_dicom(
    path: Path, series_uid: str | None
) -> tuple[Volume, list[str]]:
    series = read_dicom(path, series_uid)
    return series.volume, series.notes


def _is_dicom(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open('rb') as file:
        return starts_dicom(file.read(START_BYTES))
