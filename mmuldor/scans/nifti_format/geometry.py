"""Where the voxels of a NIfTI file lie in the patient.

A header may say it twice, by `sform` and by `qform`, and programs differ in
which one they take: nibabel the sform, ITK mostly the qform. The lengths have
a unit that most programs do not look at.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmuldor.functional.arrays import Floats
from mmuldor.io.commands import python_command
from mmuldor.io.limits import PIXEL_MM, VOLUME_INTERVAL_MM

# Lengths in mm by the lowest three bits of `xyzt_units`. Most files of
# nibabel and FSL leave the unit at 0, unknown, and mean mm.
_UNITS = {
    **{0: ('unknown', 1.0), 1: ('metre', 1000.0)},
    **{2: ('millimetre', 1.0), 3: ('micrometre', 0.001)},
}
# How far apart the forms may put a voxel, in voxels. Quaternions in float32
# turn by up to 3e-4 near 180 degrees, 0.2 voxels at the end of 512.
_APART_PX = 0.5
# How much `pixdim` may differ: 0.98 for 0.9766 is 0.35 %.
_PIXDIM = 0.01
# A copy with one affine.
_REWRITE = (
    'import nibabel as n, numpy as np; i = n.load(PATH); a = {affine}; '
    'i.set_qform(a, 0); i.set_sform(a, 1); n.save(i, "stated.nii.gz")'
)
# A copy with another unit.
_SET_UNIT = (
    'import nibabel as n; i = n.load(PATH); '
    'i.header.set_xyzt_units("{unit}"); n.save(i, "unit.nii.gz")'
)
# Axes to the left, to the back and to the head.
_LPS = 'np.diag([-1, -1, 1, 1] * np.r_[i.header.get_zooms()[:3], 1])'


def unit_code(header: Any) -> int:
    """Code of the unit of length, 0 for unknown."""
    return int(header['xyzt_units']) & 7


def affine_mm(
    header: Any, shape: Sequence[int], source: str, unit: int = 0
) -> tuple[Floats, list[str]]:
    """The affine of a header in mm.

    Args:
        header: A `nibabel.Nifti1Header` or 2.
        shape: Of the three axes.
        source: The file, for messages.
        unit: Code of the unit where the header has none.

    Returns:
        (4, 4), maps indices to patient coordinates in mm, RAS; and a note if
        the header has another unit.

    Raises:
        ValueError: If the header does not say where the voxels lie, or says
            two different things.
    """
    affine = _stated(header, shape, source)
    name, scale = _UNITS.get(unit_code(header) or unit, _UNITS[0])
    affine[:3] *= scale
    if scale == 1:
        return affine, []
    return affine, [f'its unit of length, the {name}, converted to mm']


def check_spacing(spacing_mm: Sequence[float], source: str) -> None:
    """Refuse distances of columns, rows and slices that no CT has.

    Raises:
        ValueError: If one of the three is out of its limits.
    """
    limits = (PIXEL_MM, PIXEL_MM, VOLUME_INTERVAL_MM)
    for name, value, (low, high) in zip(
        ('columns', 'rows', 'slices'), spacing_mm, limits, strict=True
    ):
        if not low <= value <= high:
            # What it would be in mm if that were the unit.
            unit = 'micron' if high < value <= 1000 * high else 'mm'
            raise ValueError(
                f'{source}: its {name} must be {low:g} to {high:g} mm apart, '
                f'but are {value:g} mm. If its header has a wrong unit of '
                f'length, set it, as {unit} here: '
                + python_command(_SET_UNIT.format(unit=unit), source)
            )


def _stated(header: Any, shape: Sequence[int], source: str) -> Floats:
    """The affine that a header states, in its unit."""
    codes = {name: int(header[f'{name}_code']) for name in ('sform', 'qform')}
    forms = {name: _form(header, name) for name, code in codes.items() if code}
    if not forms:
        remedy = _rewrite(_LPS, source)
        raise ValueError(
            f'{source} must state its orientation, but its qform and sform '
            'codes are 0. Convert it again from DICOM. If you know that its '
            'axes go to the left, to the back and to the head (signs -1, -1, '
            f'1): {remedy}'
        )
    first, *others = forms.values()
    if any(_apart_px(first, other, shape) > _APART_PX for other in others):
        said = ' and '.join(
            f'{name} (code {codes[name]}) {_words(form)}'
            for name, form in forms.items()
        )
        remedy = _rewrite('i.get_qform()', source)
        raise ValueError(
            f'{source}: its sform and qform must agree, since programs take '
            f'one or the other, but it has {said}. If the qform is right '
            f'(else put get_sform): {remedy}'
        )
    # Numbers that are none are refused as any affine is, by name.
    if 'sform' in forms and np.isfinite(first).all():
        _check_pixdim(header, first, source)
    return first


def _rewrite(affine: str, source: str) -> str:
    return python_command(_REWRITE.format(affine=affine), source)


def _form(header: Any, name: str) -> Floats:
    """One of the two affines; NaN where its numbers make none."""
    # nibabel raises several exceptions for quaternions longer than 1.
    try:
        form = header.get_sform() if name == 'sform' else header.get_qform()
    except Exception:
        return np.full((4, 4), np.nan)
    return np.asarray(form, dtype=np.float64)


def _apart_px(form: Floats, other: Floats, shape: Sequence[int]) -> float:
    """Largest distance of a corner voxel in the two, in voxels."""
    ends = np.array(list(itertools.product((0, 1), repeat=3)))
    ends = ends * (np.array(shape) - 1)
    apart = ends @ (form - other)[:3, :3].T + (form - other)[:3, 3]
    steps = np.linalg.norm(form[:3, :3], axis=0)
    with np.errstate(all='ignore'):
        px = np.linalg.norm(apart, axis=1).max() / steps.min()
    return float(np.nan_to_num(px, nan=np.inf))


def _check_pixdim(header: Any, form: Floats, source: str) -> None:
    """Refuse an sform whose steps are not those that `pixdim` says.

    Of a sheared one, `pixdim` may have the distance of the slices or their
    step. Files whose `pixdim` nobody set have 0 or 1 there.
    """
    stated = np.abs(np.asarray(header['pixdim'][1:4], dtype=np.float64))
    steps = np.linalg.norm(form[:3, :3], axis=0)
    with np.errstate(all='ignore'):
        straight = 1 / np.linalg.norm(np.linalg.pinv(form[:3, :3]), axis=1)
    fits = np.abs(stated - steps) <= _PIXDIM * steps
    fits |= np.abs(stated - straight) <= _PIXDIM * straight
    if fits.all() or np.isin(stated, (0, 1)).all():
        return
    remedy = _rewrite('i.get_sform()', source)
    raise ValueError(
        f'{source}: `pixdim` must be the spacing of its sform, '
        f'{_numbers(steps)}, but is {_numbers(stated)}. If the sform is '
        f'right: {remedy}'
    )


def _words(form: Floats) -> str:
    """Spacing and start of an affine."""
    if not np.isfinite(form).all():
        return 'that cannot be read'
    steps = np.linalg.norm(form[:3, :3], axis=0)
    directions = ', '.join(
        f'({_numbers(axis)})' for axis in (form[:3, :3] / steps).T
    )
    return (
        f'with steps of {_numbers(steps)} along {directions} from '
        f'({_numbers(form[:3, 3])}) RAS'
    )


def _numbers(values: Floats) -> str:
    return ', '.join(f'{value:.4g}' for value in values)
