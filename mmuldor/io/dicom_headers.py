"""Headers of DICOM files: which are slices of a CT series in HU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def find_headers(folder: Path) -> tuple[list[tuple[Path, object]], list[str]]:
    """Files and headers of all DICOM files with pixels."""
    import pydicom

    found, others = [], 0
    for path in sorted(p for p in folder.rglob('*') if p.is_file()):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
        except (pydicom.errors.InvalidDicomError, OSError, EOFError):
            others += 1
            continue
        if 'Rows' in header and 'SeriesInstanceUID' in header:
            found.append((path, header))
        else:
            others += 1
    if not found:
        raise FileNotFoundError(
            f'{folder} must hold DICOM files of a CT series, but none of its '
            f'{others} files is one.'
        )
    notes = [f'{others} files that are no DICOM images'] if others else []
    return found, notes


def choose_series(
    headers: Sequence[tuple[Path, object]], uid: str | None, folder: Path
) -> list[tuple[Path, object]]:
    """The files of one series; the only one where none is asked for."""
    by_uid: dict[str, list] = {}
    for path, header in headers:
        by_uid.setdefault(str(header.SeriesInstanceUID), []).append(
            (path, header)
        )
    if uid is None and len(by_uid) == 1:
        (uid,) = by_uid
    if uid not in by_uid:
        listed = '; '.join(
            f'{key} ({group[0][1].get("Modality", "?")}, '
            f'{group[0][1].get("SeriesDescription", "no description")}, '
            f'{len(group)} files)'
            for key, group in by_uid.items()
        )
        must = 'one of' if uid is None else f'in {folder}, not {uid}; of'
        raise ValueError(
            f'`series_uid` must be {must} the series there: {listed}.'
        )
    return by_uid[uid]


def without_scouts(
    files: list[tuple[Path, object]], notes: list[str]
) -> list[tuple[Path, object]]:
    """Without localizers, which are no slices of the volume."""
    kept = [
        (path, header)
        for path, header in files
        if 'LOCALIZER' not in list(header.get('ImageType', []))
    ]
    if len(kept) < len(files):
        notes.append(f'{len(files) - len(kept)} scout views left out')
    return kept or files


def check_slice(path: Path, header: object) -> None:
    """Raise ValueError unless this is a slice of a CT in HU."""
    modality = header.get('Modality', 'nothing')
    if modality != 'CT':
        raise ValueError(f'{path}: Modality must be CT, but got {modality}.')
    if int(header.get('NumberOfFrames', 1) or 1) > 1:
        raise ValueError(
            f'{path} must be one slice, but holds '
            f'{header.NumberOfFrames} frames. Convert it with dcm2niix.'
        )
    if int(header.get('SamplesPerPixel', 1)) != 1:
        raise ValueError(
            f'{path} must hold CT numbers, but is a colour picture.'
        )
    for name in (
        'RescaleSlope',
        'RescaleIntercept',
        'ImagePositionPatient',
        'ImageOrientationPatient',
        'PixelSpacing',
    ):
        if header.get(name) in (None, ''):
            raise ValueError(f'{path} must have {name}, but has none.')
    unit = header.get('RescaleType') or 'HU'
    if unit != 'HU':
        raise ValueError(f'{path}: RescaleType must be HU, but got {unit}.')


def position(header: object) -> np.ndarray:
    """Centre of the first pixel in the patient (LPS, mm), (3,)."""
    return np.array(header.ImagePositionPatient, dtype=np.float64)


def normal(header: object) -> np.ndarray:
    """Direction across the slice, (3,)."""
    orientation = np.array(header.ImageOrientationPatient, dtype=np.float64)
    return np.cross(orientation[:3], orientation[3:])


def degrees(a: np.ndarray, b: np.ndarray) -> float:
    """Angle between two directions."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
