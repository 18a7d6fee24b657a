"""Read a scan in any supported format."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmuldor.io.commands import python_command
from mmuldor.io.paths import files_below
from mmuldor.scans.dicom.encoding import START_BYTES, starts_dicom
from mmuldor.scans.dicom.folder import listed
from mmuldor.scans.dicom.series import read_dicom
from mmuldor.scans.nifti import read_nifti
from mmuldor.scans.nifti_format.header import is_nifti_name, pair_message
from mmuldor.scans.png_series import (
    check_png_hu,
    has_slices,
    read_png_series,
)
from mmuldor.scans.volume import Volume

_PACKED = ('.zip', '.tar', '.tgz', '.gz', '.bz2', '.xz', '.7z', '.rar')
_PICTURES = ('.png', '.jpg', '.jpeg', '.tif', '.tiff', '.bmp', '.gif')
_OF_ITK = ('.nrrd', '.nhdr', '.mha', '.mhd', '.vtk', '.gipl')
_CONVERT = (
    'import SimpleITK as s; '
    's.WriteImage(s.ReadImage(PATH), "converted.nii.gz")'
)


def read_scan(
    path: str | os.PathLike,
    *,
    series_uid: str | None = None,
    spacing_mm: Sequence[float] | None = None,
    accept_values: bool = False,
    one_of_many: bool = False,
) -> tuple[Volume, list[str]]:
    """Read a NIfTI file, a folder of DICOM files or a folder of PNG slices.

    A folder with DICOM images is a DICOM series, whatever else lies in it. A
    folder with one NIfTI file is that file.

    Args:
        path: ``.nii``, ``.nii.gz`` (in any case), a folder, or a DICOM file
            with the slices of a whole series.
        series_uid: SeriesInstanceUID, if several DICOM series can be volumes.
        spacing_mm: Spacing of PNG slices: columns, rows, slices.
        accept_values: Note values that cannot be HU, do not refuse them.
        one_of_many: `spacing_mm` is for all scans of a run, of which some may
            be no PNG slices: these note that it is not used.

    Returns:
        The volume, and notes on what was left out, repaired or is doubtful.

    Raises:
        FileNotFoundError: If there is no such file, or no image in a folder.
        ValueError: If it is no CT volume, its values are no HU, or a spacing
            is given to a scan that states its own.
    """
    volume, notes = _read(Path(path), series_uid, spacing_mm, accept_values)
    if spacing_mm is not None and not volume.png_numbers:
        if not one_of_many:
            own = ' x '.join(f'{mm:.4g}' for mm in volume.spacing_mm)
            raise ValueError(
                f'{path} states its own spacing, {own} mm, so none must be '
                'given: --spacing is for PNG slices. If the stated one is '
                'wrong, correct it in a copy of the scan.'
            )
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
    accept: bool,
) -> tuple[Volume, list[str]]:
    if path.is_dir():
        return _read_folder(path, series_uid, spacing_mm, accept)
    if not path.exists():
        raise FileNotFoundError(
            'the scan must be an existing file or folder, but got '
            f'{str(path)!r}.{_advice_on_missing(path)}'
        )
    is_index = path.name.upper() == 'DICOMDIR'
    if _is_dicom(path) and not is_index:
        return _read_dicom(path, series_uid, accept)
    if path.suffix.lower() in ('.hdr', '.img'):
        raise ValueError(
            f'{path} must be one NIfTI file, but {pair_message(path)}'
        )
    if not is_nifti_name(path.name):
        raise ValueError(
            f'{path} must be a .nii or .nii.gz file, a DICOM file of many '
            'slices, or a folder of DICOM files or PNG slices.'
            + _advice_on_format([path])
        )
    return read_nifti(path, accept_values=accept)


def _read_folder(
    folder: Path,
    series_uid: str | None,
    spacing_mm: Sequence[float] | None,
    accept: bool,
) -> tuple[Volume, list[str]]:
    """DICOM, whatever else is there, then PNG slices, then one NIfTI file."""
    try:
        return _read_dicom(folder, series_uid, accept)
    except FileNotFoundError as error:
        no_dicom = str(error)
    files, dangling = files_below(folder)
    volumes = [file for file in files if is_nifti_name(file.name)]
    visible = [file for file in volumes if not file.name.startswith('.')]
    if has_slices(folder) and (spacing_mm is not None or not visible):
        if spacing_mm is None:
            raise ValueError(
                f'{folder} holds PNG slices, which have no pixel spacing. '
                'Give the spacing (`--spacing`): columns, rows and slices in '
                'mm.'
            )
        volume, notes = read_png_series(folder, spacing_mm)
        return volume, notes + check_png_hu(volume, accept=accept)
    if len(visible) == 1:
        (file,) = visible
        volume, notes = read_nifti(file, accept_values=accept)
        # As it was given, which --skip-done compares.
        volume = replace(volume, source=str(folder))
        return volume, [f'read {file.relative_to(folder)}', *notes]
    if visible:
        names = [str(file.relative_to(folder)) for file in visible]
        raise ValueError(
            f'{folder} must hold one scan, but has {len(visible)} NIfTI '
            f'files: {listed(names)}. Give one of them.'
        )
    links = f' Its link {dangling[0]} leads nowhere.' if dangling else ''
    raise FileNotFoundError(f'{no_dicom}{links}{_advice_on_format(files)}')


def _advice_on_missing(path: Path) -> str:
    name = str(path)
    if path.is_symlink():
        return f' It is a link to {os.readlink(path)}, which is absent.'
    if name.endswith(',') and Path(name.rstrip(',')).exists():
        return ' Separate names by spaces, without a comma.'
    return ''


def _advice_on_format(files: Sequence[Path]) -> str:
    """What to do with files of the format that most of them have."""
    if any(file.name.upper() == 'DICOMDIR' for file in files):
        return ' Give the folder of the DICOMDIR, with its images.'
    suffixes = Counter(file.suffix.lower() for file in files if file.suffix)
    for suffix, _ in suffixes.most_common(1):
        first = next(f for f in files if f.suffix.lower() == suffix)
        if suffix in _PACKED:
            return f' Unpack {first.name} and give its folder.'
        if suffix in _OF_ITK:
            command = python_command(_CONVERT, str(first))
            return f' Convert it (pip install SimpleITK): {command}'
        if suffix in _PICTURES:
            return (
                ' Pictures like '
                f'{first.name} hold no Hounsfield units: give the DICOM or '
                'NIfTI files. (PNG slices of HU + 32768 are named 001.png '
                'and so on; give their folder.)'
            )
    return ''


def _read_dicom(
    path: Path, series_uid: str | None, accept: bool
) -> tuple[Volume, list[str]]:
    series = read_dicom(path, series_uid, accept_values=accept)
    return series.volume, series.notes


def _is_dicom(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open('rb') as file:
        return starts_dicom(file.read(START_BYTES))
