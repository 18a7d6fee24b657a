"""Read and write volumes and label maps as NIfTI files."""

from __future__ import annotations

import gzip
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmuldor.io.json_files import replacing
from mmuldor.io.limits import MAX_VOXELS
from mmuldor.io.paths import existing_file
from mmuldor.scans.volume import Volume, reorient

if TYPE_CHECKING:
    import nibabel

# The range of int16. Scanners store up to 3,071 HU, with extended scales
# 32,767 HU; padding is -1,024, -2,048 or less.
_LOWEST_HU, _HIGHEST_HU = -32768, 32767
# Maximum start of the voxels in the file; header extensions come before.
_MAX_OFFSET = 2**24


def read_nifti(path: str | os.PathLike) -> Volume:
    """Read a CT volume from a ``.nii`` or ``.nii.gz`` file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no NIfTI file, has not three axes or no affine,
            or its values cannot be HU.
    """
    path = Path(path)
    header, data = _load(path, 'CT numbers')
    return reorient(_to_hu(data, path), _affine(header, path), str(path))


def read_label_nifti(path: str | os.PathLike, volume: Volume) -> np.ndarray:
    """Read a label map on the grid of a volume.

    Its axes may have another order or direction; the positions of voxels in
    the patient must be those of the volume.

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
    header, data = _load(path, 'labels')
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
    labels = reorient(data, _affine(header, path), str(path))
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


def _load(path: Path, what: str) -> tuple[Any, np.ndarray]:
    """The header and an array of three axes.

    nibabel's own loader also reads header extensions, which may unpack to any
    size.
    """
    import nibabel

    existing_file(path, 'the volume')
    try:
        header = _checked_header(path)
        # Extreme slopes overflow; callers check the values.
        with np.errstate(all='ignore'):
            data = _scaled(nibabel.arrayproxy.ArrayProxy(str(path), header))
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
    # A fourth axis of length 1 does not mean several volumes.
    if data.size == np.prod(data.shape[:3]):
        data = data.reshape(data.shape[:3])
    if data.ndim != 3 or 0 in data.shape:
        raise ValueError(
            f'{path} must be one volume of three axes, but has the shape '
            f'{data.shape}. Take one of its volumes first.'
        )
    return header, data


def _checked_header(path: Path) -> Any:
    """The header; ValueError if reading the voxels needs too much memory."""
    import nibabel

    with nibabel.openers.Opener(str(path)) as file:
        start = file.read(nibabel.Nifti2Header.sizeof_hdr)
    for kind in (nibabel.Nifti1Header, nibabel.Nifti2Header):
        if kind.may_contain_header(start):
            header = kind(start[: kind.sizeof_hdr], check=False)
            break
    else:
        raise ValueError('it does not start with the header of one')
    voxels = math.prod(int(side) for side in header.get_data_shape())
    size = voxels * header.get_data_dtype().itemsize
    if not (0 <= voxels <= MAX_VOXELS and size <= 4 * MAX_VOXELS):
        raise ValueError(
            f'its header says {header.get_data_shape()} voxels, more than '
            f'{MAX_VOXELS:,}'
        )
    offset = float(header['vox_offset'])
    if not 0 <= offset <= _MAX_OFFSET:
        raise ValueError(
            f'its header says `vox_offset` {offset:g}, not 0 to '
            f'{_MAX_OFFSET:,} bytes'
        )
    if _length(path, int(offset) + size) < int(offset) + size:
        raise ValueError(
            f'it ends before the {voxels:,} voxels that its header says. Was '
            'it cut off? Copy it again'
        )
    return type(header)(header.binaryblock, header.endianness)


def _length(path: Path, enough: int) -> int:
    """Unpacked size of a file in bytes, counted up to about `enough`."""
    if path.suffix.lower() != '.gz':
        return path.stat().st_size
    count = 0
    with gzip.open(path) as file:
        while count < enough and (part := file.read(2**20)):
            count += len(part)
    return count


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


def _affine(header: Any, path: Path) -> np.ndarray:
    """The affine, (4, 4); ValueError if the file has no orientation."""
    if not (int(header['qform_code']) or int(header['sform_code'])):
        raise ValueError(
            f'{path} must state its orientation, but its qform and '
            'sform codes are 0. Convert it again from DICOM.'
        )
    return header.get_best_affine()


def _to_hu(data: np.ndarray, path: Path) -> np.ndarray:
    if data.dtype.kind == 'f':
        if not np.isfinite(data).all():
            raise ValueError(
                f'{path} must hold finite CT numbers, but has NaN or inf.'
            )
        data = np.rint(data, out=data if data.flags.writeable else None)
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
) -> None:
    """Write a label map on the grid of a volume.

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
    with replacing(path) as temporary:
        nibabel.save(_image(np.asarray(labels), volume), temporary)


def _image(array: np.ndarray, volume: Volume) -> nibabel.Nifti1Image:
    """A NIfTI image of an array (slices, rows, columns) on a volume's grid."""
    import nibabel

    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine
    image = nibabel.Nifti1Image(array.T, ras)
    image.set_qform(ras, code=1)
    image.set_sform(ras, code=1)
    return image
