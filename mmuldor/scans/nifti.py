"""Read and write volumes and label maps as NIfTI files."""

from __future__ import annotations

import gzip
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmuldor.io.json_files import replacing
from mmuldor.io.paths import existing_file
from mmuldor.scans.hu_check import check_hu
from mmuldor.scans.nifti_format.geometry import (
    affine_mm,
    check_spacing,
    unit_code,
)
from mmuldor.scans.nifti_format.header import (
    axes_advice,
    checked_header,
    open_nifti,
)
from mmuldor.scans.nifti_format.source_grid import SourceGrid
from mmuldor.scans.straight_grid import (
    LEFT_OUT_BESIDE,
    orthogonal_affine,
    straighten,
)
from mmuldor.scans.volume import Volume, reorient

if TYPE_CHECKING:
    import nibabel

# The range of int16. Scanners store up to 3,071 HU, with extended scales
# 32,767 HU; padding is -1,024, -2,048 or less.
_LOWEST_HU, _HIGHEST_HU = -32768, 32767
# RAS to LPS and back: the first two axes change sign.
_RAS_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def read_nifti(
    path: str | os.PathLike, *, accept_values: bool = False
) -> tuple[Volume, list[str]]:
    """Read a CT volume from a ``.nii`` or ``.nii.gz`` file.

    Lengths are converted to mm, and a sheared volume is resampled to a
    straight grid.

    Args:
        path: The file.
        accept_values: See :func:`mmuldor.scans.hu_check.check_hu`.

    Returns:
        The volume, with its ``source_grid``, and notes on what was converted
        or is doubtful.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no NIfTI file, has not three axes, does not say
            where it lies or says two different things, or its values cannot
            be HU.
    """
    path = Path(path)
    header, data, shape = _load(path, 'CT numbers')
    affine, notes = affine_mm(header, shape[:3], str(path))
    hu, doubts = _to_hu(data, path, accept_values)
    del data
    volume = reorient(hu, affine, str(path))
    check_spacing(volume.spacing_mm, str(path))
    grid = SourceGrid(shape, _RAS_LPS @ affine, header)
    volume, repaired = straighten(replace(volume, source_grid=grid))
    return volume, notes + repaired + doubts


def read_label_nifti(path: str | os.PathLike, volume: Volume) -> np.ndarray:
    """Read a label map on the grid of a volume.

    Its axes may have another order or direction; the positions of voxels in
    the patient must be those of the volume, or of its file where that was
    resampled to a straight grid.

    Args:
        path: ``.nii`` or ``.nii.gz`` of integers, 0 for background.
        volume: The volume that it labels.

    Returns:
        (slices, rows, columns) like the volume, uint16 or uint32.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no label mask, or on another grid.
    """
    path = Path(path)
    header, data, shape = _load(path, 'labels')
    low, high = float(data.min()), float(data.max())
    if not math.isfinite(low) or not math.isfinite(high):
        raise ValueError(f'{path} must hold labels, but has NaN or inf.')
    whole = data.dtype.kind != 'f' or (data == np.rint(data)).all()
    if not whole or not 0 <= low <= high < 2**32:
        raise ValueError(
            f'{path} must hold labels, whole numbers from 0, but its values '
            f'go from {low:g} to {high:g}. '
            + ('Probabilities need a threshold.' if low >= 0 else 'Is it CT?')
        )
    data = data.astype(np.uint16 if high < 2**16 else np.uint32)
    grid = volume.source_grid
    # Programs that copy the affine of a volume forget its unit.
    unit = unit_code(grid.header) if grid else 0
    affine, _ = affine_mm(header, shape[:3], str(path), unit)
    labels = reorient(data, affine, str(path))
    # The planes of the scan: an affine of other precision may suggest others.
    labels = replace(labels, slice_axis=volume.slice_axis)
    labels, _ = straighten(labels, labels=True)
    _check_grid(labels, volume)
    return labels.hu


def _check_grid(labels: Volume, volume: Volume) -> None:
    """Raise ValueError unless both have the same grid in the patient."""
    if labels.shape == volume.shape:
        ends = np.indices((2, 2, 2)).reshape(3, 8).T
        ends = ends * (np.array(volume.shape[::-1]) - 1)
        apart = labels.to_patient(ends) - volume.to_patient(ends)
        # Affines are stored in single precision.
        if np.abs(apart).max() <= 0.1 * min(volume.spacing_mm):
            return
    raise ValueError(
        f'{labels.source} must lie on the grid of {volume.source}, '
        f'{_grid(volume)}, but has {_grid(labels)}. Resample the mask to the '
        'volume (nearest neighbour).'
    )


def _grid(volume: Volume) -> str:
    slices, rows, columns = volume.shape
    spacing = ' x '.join(f'{v:.4g}' for v in volume.spacing_mm)
    origin = ', '.join(f'{v:.4g}' for v in volume.affine[:3, 3])
    return (
        f'{columns} x {rows} x {slices} voxels of {spacing} mm from '
        f'({origin}) LPS'
    )


def _load(path: Path, what: str) -> tuple[Any, np.ndarray, tuple[int, ...]]:
    """The header, an array of three axes, and the shape of the file."""
    import nibabel

    existing_file(path, 'the volume')
    try:
        header = checked_header(path)
        # Extreme slopes overflow; callers check the values.
        with open_nifti(path) as file, np.errstate(all='ignore'):
            data = _scaled(nibabel.arrayproxy.ArrayProxy(file, header))
    # nibabel raises any exception for damaged headers and archives.
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ValueError(
            f'{path} must be a NIfTI file, but: {reason.rstrip(".")}.'
        ) from error
    if data.dtype.names or data.dtype.kind not in 'iuf':
        raise ValueError(
            f'{path} must hold {what}, but got {data.dtype}. Colour '
            'pictures are no CT.'
        )
    shape = data.shape
    # A fourth axis of length 1 does not mean several volumes.
    if data.size == np.prod(data.shape[:3]):
        data = data.reshape(data.shape[:3])
    if data.ndim != 3 or 0 in data.shape:
        raise ValueError(
            f'{path} must be one volume of three axes, but has the shape '
            f'{data.shape}.{axes_advice(path, data.shape)}'
        )
    return header, data, shape


def _scaled(stored: nibabel.arrayproxy.ArrayProxy) -> np.ndarray:
    """Stored values times slope plus intercept, float32 if scaled.

    nibabel scales in float64, which needs four times the memory of int16.
    """
    data = stored.get_unscaled()
    if (stored.slope, stored.inter) == (1, 0):
        return np.asarray(data)
    if data.dtype.names or data.dtype.kind not in 'iuf':
        return np.asarray(data)
    scaled = np.empty(data.shape, dtype=np.float32)
    for k in range(data.shape[-1]):
        scaled[..., k] = data[..., k] * stored.slope + stored.inter
    return scaled


def _to_hu(
    data: np.ndarray, path: Path, accept: bool
) -> tuple[np.ndarray, list[str]]:
    """HU as int16, and what is doubtful in them."""
    if data.dtype.kind == 'f' and not np.isfinite(data).all():
        raise ValueError(
            f'{path} must hold finite CT numbers, but has NaN or inf. Where '
            'these are outside the scan, replace them by -1024.'
        )
    low, high = float(data.min()), float(data.max())
    # Before they are rounded: 0 to 1 would become a mask.
    doubts = check_hu(data, str(path), accept=accept)
    if low < _LOWEST_HU or high > _HIGHEST_HU:
        raise ValueError(
            f'{path} must hold Hounsfield units, but its values go from '
            f'{low:g} to {high:g}. Were slope and intercept applied?'
        )
    if data.dtype.kind == 'f':
        data = np.rint(data, out=data if data.flags.writeable else None)
    return data.astype(np.int16), doubts


def write_nifti(path: str | os.PathLike, volume: Volume) -> None:
    """Write a volume and its affine, HU as int16.

    The file is written atomically; the same volume gives the same bytes.

    Args:
        path: ``.nii`` or ``.nii.gz``; the folder is created if missing.
        volume: The volume; :func:`read_nifti` returns the same HU.

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
) -> list[str]:
    """Write a label map on the grid of a volume.

    On the grid of its file, if that was NIfTI: the same shape, axes, sform,
    qform and unit. Otherwise on the volume's own, with sform and qform alike.

    Args:
        path: ``.nii`` or ``.nii.gz``.
        labels: (slices, rows, columns) unsigned integers.
        volume: The volume.

    Returns:
        A note on labels beside the file's grid, which are left out: a volume
        that was resampled to a straight grid has grown.

    Raises:
        ValueError: If the shapes differ.
    """
    import nibabel

    if labels.shape != volume.shape:
        raise ValueError(
            f'`labels` must have the shape of the volume, {volume.shape}, '
            f'but got {labels.shape}.'
        )
    labels, grid, beside = np.asarray(labels), volume.source_grid, 0
    if grid is None:
        image = _image(labels, volume)
    else:
        on_file, beside = grid.from_volume(labels, volume.affine)
        image = grid.image(on_file)
    with replacing(path) as temporary:
        nibabel.save(image, temporary)
    if not beside:
        return []
    return [f'{Path(path).name} {LEFT_OUT_BESIDE.format(beside)}']


def _image(array: np.ndarray, volume: Volume) -> nibabel.Nifti1Image:
    """A NIfTI image of an array (slices, rows, columns) on a volume's grid."""
    import nibabel

    ras = _RAS_LPS @ orthogonal_affine(volume)
    image = nibabel.Nifti1Image(array.T, ras)
    image.set_qform(ras, code=1)
    image.set_sform(ras, code=1)
    image.header.set_xyzt_units('mm')
    return image
