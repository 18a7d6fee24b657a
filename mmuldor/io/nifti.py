"""NIfTI files."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmuldor.io.jsonfile import replacing
from mmuldor.io.volume import Volume, reoriented

if TYPE_CHECKING:
    import nibabel

# CT numbers fit into 16 bits; files hold up to 3,071 or, with extended
# scales, 32,767 HU, and pad with -1,024 or -2,048 and less.
_LOWEST_HU, _HIGHEST_HU = -32768, 32767


def read_nifti(path: str | os.PathLike) -> Volume:
    """Read a CT volume from a ``.nii`` or ``.nii.gz`` file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no NIfTI file, not of three axes, has no affine,
            or its values cannot be HU.
    """
    import nibabel

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f'the volume must be an existing file, but got {str(path)!r}.'
        )
    try:
        image = nibabel.load(path)
        data = np.asanyarray(image.dataobj)
    except (
        nibabel.filebasedimages.ImageFileError,
        OSError,
        EOFError,
        ValueError,
    ) as error:
        raise ValueError(
            f'{path} must be a NIfTI file, but: {error}.'
        ) from error
    if data.dtype.names or data.dtype.kind not in 'iuf':
        raise ValueError(
            f'{path} must hold CT numbers, but got {data.dtype}. Colour '
            'pictures are no CT.'
        )
    # A fourth axis of one is an axis too many, not another volume.
    data = (
        data.reshape(data.shape[:3])
        if data.size == np.prod(data.shape[:3])
        else data
    )
    if data.ndim != 3 or 0 in data.shape:
        raise ValueError(
            f'{path} must be one volume of three axes, but has the shape '
            f'{data.shape}. Take one of its volumes first.'
        )
    return reoriented(_to_hu(data, path), _affine(image, path), str(path))


def _affine(image, path: Path) -> np.ndarray:
    """The affine; a file without one does not say where left is."""
    header = image.header
    if 'qform_code' in header and not (
        int(header['qform_code']) or int(header['sform_code'])
    ):
        raise ValueError(
            f'{path} must say how it lies in the patient, but its qform and '
            'sform codes are 0. Convert it anew from DICOM.'
        )
    return image.affine


def _to_hu(data: np.ndarray, path: Path) -> np.ndarray:
    if data.dtype.kind == 'f':
        if not np.isfinite(data).all():
            raise ValueError(
                f'{path} must hold finite CT numbers, but has NaN or inf.'
            )
        data = np.rint(data)
    low, high = float(data.min()), float(data.max())
    if low < _LOWEST_HU or high > _HIGHEST_HU:
        raise ValueError(
            f'{path} must hold Hounsfield units, but its values go from '
            f'{low:g} to {high:g}. Were slope and intercept applied?'
        )
    if low >= 0 and high <= 255:
        raise ValueError(
            f'{path} must hold Hounsfield units, but its values go from '
            f'{low:g} to {high:g}, like a label map or an 8-bit picture.'
        )
    return data.astype(np.int16)


def write_nifti(path: str | os.PathLike, volume: Volume) -> None:
    """Write a volume, HU as 16-bit integers, under its affine.

    The file appears when it is whole; the same volume gives the same bytes.

    Args:
        path: ``.nii`` or ``.nii.gz``; the folder is made where missing.
        volume: The volume; :func:`read_nifti` gives the same HU back.

    Raises:
        ValueError: If the name has another suffix.
    """
    path = Path(path)
    if not path.name.endswith(('.nii', '.nii.gz')):
        raise ValueError(
            f'`path` must end in .nii or .nii.gz, but got {path.name!r}.'
        )
    data = _image(volume.hu, volume).to_bytes()
    if path.suffix == '.gz':
        data = gzip.compress(data, compresslevel=1, mtime=0)
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_label_nifti(
    path: str | os.PathLike, labels: np.ndarray, volume: Volume
) -> None:
    """Write labels on the grid of a volume, aligned with it.

    Args:
        path: ``.nii`` or ``.nii.gz``.
        labels: (slices, rows, columns) unsigned integers.
        volume: The volume; its affine is written.

    Raises:
        ValueError: If the shapes differ.
    """
    import nibabel

    if labels.shape != volume.shape:
        raise ValueError(
            f'`labels` must have the shape of the volume, {volume.shape}, '
            f'but got {labels.shape}.'
        )
    nibabel.save(_image(np.asarray(labels), volume), path)


def _image(array: np.ndarray, volume: Volume) -> nibabel.Nifti1Image:
    """An array (slices, rows, columns) under the affine of a volume."""
    import nibabel

    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine
    image = nibabel.Nifti1Image(array.T, ras)
    image.set_qform(ras, code=1)
    image.set_sform(ras, code=1)
    return image
