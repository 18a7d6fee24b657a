"""The grid of voxels of a NIfTI file, for what is written beside it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mmuldor.functional.arrays import Floats, Numbers

if TYPE_CHECKING:
    import nibabel

# What a header says of where its voxels lie.
_GEOMETRY = (
    *('pixdim', 'qform_code', 'quatern_b', 'quatern_c', 'quatern_d'),
    *('qoffset_x', 'qoffset_y', 'qoffset_z'),
    *('sform_code', 'srow_x', 'srow_y', 'srow_z', 'xyzt_units'),
)


@dataclass(frozen=True, eq=False)
class SourceGrid:
    """Where the voxels of a NIfTI file lie, in the order of the file.

    Attributes:
        shape: Of the file, with further axes of length 1.
        affine: (4, 4) float64, maps indices along the first three axes of the
            file to patient coordinates in mm: left, posterior, superior.
        header: The file's header, a `nibabel.Nifti1Header` or 2.
    """

    shape: tuple[int, ...]
    affine: Floats
    header: Any

    def from_volume(
        self, array: Numbers, affine: Floats
    ) -> tuple[Numbers, int]:
        """The values of the nearest voxels of a volume.

        Args:
            array: (slices, rows, columns).
            affine: (4, 4), of its (column, row, slice) indices, to LPS in mm.

        Returns:
            An array of `shape`, 0 where the volume has no voxel. If the
            volume has the voxels of the file along other axes, a view of
            them. And the number of voxels of the volume that are not 0 and
            lie beside the file.
        """
        to_volume = np.linalg.inv(affine) @ self.affine
        turned = _turned(array.T, to_volume, self.shape[:3])
        beside = 0
        if turned is None:
            turned = _nearest(array.T, to_volume, self.shape[:3])
            indices = np.argwhere(array.T)
            to_file = np.linalg.inv(to_volume)
            at = np.rint(indices @ to_file[:3, :3].T + to_file[:3, 3])
            inside = ((at >= 0) & (at < self.shape[:3])).all(axis=1)
            beside = int((~inside).sum())
        return turned.reshape(self.shape), beside

    def image(self, array: Numbers) -> nibabel.Nifti1Image:
        """An image of an array of `shape`, with the geometry of the file."""
        import nibabel

        two = isinstance(self.header, nibabel.Nifti2Header)
        kind = nibabel.Nifti2Image if two else nibabel.Nifti1Image
        header = kind.header_class()
        for key in _GEOMETRY:
            header[key] = self.header[key]
        header.set_data_dtype(array.dtype)
        # The same affine as of the header, which nibabel then leaves alone.
        return kind(array, header.get_best_affine(), header)


def _turned(
    array: Numbers, to_array: Floats, shape: tuple[int, ...]
) -> Numbers | None:
    """The array along other axes, None unless it has just these voxels."""
    axes = np.abs(to_array[:3, :3]).argmax(axis=0)
    if len(set(axes.tolist())) < 3:
        return None
    turned = array.transpose(axes)
    if turned.shape != shape:
        return None
    backward = to_array[axes, range(3)] < 0
    flips = tuple(slice(None, None, -1 if back else 1) for back in backward)
    ends = (
        np.array([np.array(shape) - 1]).T
        * np.array(list(itertools.product((0, 1), repeat=3))).T
    )
    found = (to_array[:3, :3] @ ends + to_array[:3, 3:])[axes]
    last = np.array([shape]).T - 1
    expected = np.where(backward[:, None], last - ends, ends)
    # Nothing else is nearer than half a voxel; affines are float32.
    if np.abs(found - expected).max() >= 0.49:
        return None
    return turned[flips]


def _nearest(
    array: Numbers, to_array: Floats, shape: tuple[int, ...]
) -> Numbers:
    """The value at the nearest index, 0 outside the array."""
    found = np.zeros(shape, dtype=array.dtype)
    size = np.array(array.shape)
    i, j = np.indices(shape[:2])
    # One layer of the file at a time bounds the memory.
    for k in range(shape[2]):
        indices = np.stack([i, j, np.full_like(i, k)], axis=-1)
        at = np.rint(indices @ to_array[:3, :3].T + to_array[:3, 3])
        inside = ((at >= 0) & (at < size)).all(axis=-1)
        found[..., k][inside] = array[tuple(at[inside].astype(np.int64).T)]
    return found
