"""NIfTI files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from mmuldor.io.volume import Volume, reoriented

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
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine
    image = nibabel.Nifti1Image(np.asarray(labels).T, ras)
    image.set_qform(ras, code=1)
    image.set_sform(ras, code=1)
    nibabel.save(image, path)
