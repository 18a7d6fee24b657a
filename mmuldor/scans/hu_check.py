"""Whether the values of a scan can be Hounsfield units (HU).

Air has -1000 HU, lung -950 to -500, fat -120 to -60, water 0, soft tissue 20
to 80, with contrast up to 300, bone 300 to 2000. Scanners clip at -1024 and
3071 and pad with -1000, -2000 or -3024; metal reaches 32767. Files often hold
something else: HU + 1024 (stored values without their intercept), z-scores, 0
to 1, a picture of 0 to 255, PNG pixels without their offset of 32768, another
modality. A detector finds nothing or nonsense in them.

The limits come from 158 real slices (DeepLesion, 15 patients), six stacks of
them and two volumes (TotalSegmentator), and 12,700 crops of all these with
sides of 12 to 256. Shares of voxels, of the lowest 0.1 % to the highest:

| | whole | crops |
|---|---|---|
| usual: -1300 to -500, -200 to 200 HU; of all but padding | .83-.98 | .31-1 |
| raised: 800 to 1250 HU | 0-.005 | 0-.03 |
| raised after 1024 was added | .17-.73 | 0-1 |
| light: -1300 to -50 HU, without the lowest value | .41-.81 | 0-1 |
| mean over standard deviation, amount | .42-1.73 | |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from mmuldor.functional.arrays import Numbers
from mmuldor.io.commands import python_command

# How to add an offset to a scan, by its format.
REPAIR_NIFTI = 'To add {offset}: {command}'
REPAIR_DICOM = (
    'Export the series again, or add {offset} to RescaleIntercept in a copy '
    'of its files.'
)
REPAIR_PNG = 'Write 16-bit pixels of HU + 32768, as in DeepLesion.'

# The option of every command that reads scans.
ACCEPT_OPTION = '--accept-values'
ACCEPT_HINT = f'If that is right, as of a phantom, give {ACCEPT_OPTION}.'

_ADD = (
    'import nibabel as n; i = n.load(PATH); n.save(n.Nifti1Image('
    '(i.get_fdata() + {offset}).astype("int16"), i.affine, i.header, '
    'dtype="int16"), "hu.nii.gz")'
)

# Voxels looked at for all but range and mean, and how few say nothing.
_SAMPLE, _TOO_FEW = 100_000, 1000
# Where CT has its voxels: air and lung, and fat and soft tissue.
_AIR_HU, _TISSUE_HU = (-1300, -500), (-200, 200)
# Soft tissue of a scan to which 1000 or 1024 was added; bone of others, which
# has more voxels just below; and what the former lacks: air, lung and fat.
_RAISED_HU, _BONE_HU, _LIGHT_HU = (800, 1250), (300, 800), (-1300, -50)
# What is usually added to HU, by how often.
_OFFSETS = (-1024, -2048)
# Below it a scan has padding only, which has few values.
_VOID_HU, _PADDINGS = -1300, 8
# A span that no two tissues fit in.
_SPAN_HU = 20
# Shares of voxels of which each is enough, or too few.
_RAISED, _LIGHT, _USUAL, _VOID, _CLIPPED = 0.05, 0.005, 0.02, 0.1, 0.002
# A drawing without noise has nearly all its voxels at a few values.
_DRAWN_VALUES, _DRAWN = 5, 0.9
# Mean over standard deviation: real volumes have -1.5 to -0.2.
_CENTRED = 0.002


def check_hu(
    values: Numbers,
    source: str,
    repair: str = REPAIR_NIFTI,
    slices: Sequence[str] = (),
    *,
    accept: bool = False,
) -> list[str]:
    """Refuse values that cannot be HU, and say what is doubtful.

    Of fewer than 1,000 voxels, integers may be anything but 0 to 255, and
    shares are not looked at.

    Args:
        values: Of any shape, finite, integers or floats that were not yet
            rounded.
        source: File or folder, for messages.
        repair: How to add an `{offset}`, one of the above or another text.
        slices: Where each slice along the first axis has its own file, their
            names, '' for one that has none. A single one of them may lack
            its intercept.
        accept: Note the values that cannot be HU, do not refuse them: of
            phantoms, synthetic CT and small crops.

    Returns:
        What is doubtful, in one sentence, or nothing.

    Raises:
        ValueError: If the values are surely no HU, unless they are accepted.
    """
    sample = _Sample.of(values)
    found = f'its values go from {sample.low:g} to {sample.high:g}'
    for fault, offset in _faults(sample, found, values, slices):
        if accept:
            return [f'{fault}; they are accepted as HU, as requested']
        _refuse(source, fault, offset, repair)
    doubts = '; '.join(_doubts(sample))
    unlikely = 'unlikely for Hounsfield units (air -1000, water 0)'
    return [f'{found}, {unlikely}: {doubts}'] if doubts else []


def _faults(
    sample: _Sample, found: str, values: Numbers, slices: Sequence[str]
) -> Iterator[tuple[str, int]]:
    """What is impossible, and the offset that would repair it."""
    for reason, offset in _impossible(sample):
        yield f'{found}, {reason}', offset
    for values_there, name in zip(values, slices, strict=False):
        one = _Sample.of(values_there)
        for reason, offset in _raised(one) if name else ():
            there = f'those of {name} go from {one.low:g} to {one.high:g}'
            yield f'{there}, {reason}', offset


def _refuse(source: str, fault: str, offset: int, repair: str) -> NoReturn:
    known = offset or '{offset}' not in repair
    command = python_command(_ADD.format(offset=offset), source)
    how = repair.format(offset=offset, command=command) if known else ''
    raise ValueError(
        f'{source} must hold Hounsfield units (air -1000, water 0), but '
        f'{fault}. {ACCEPT_HINT} {how}'.rstrip()
    )


@dataclass(frozen=True, eq=False)
class _Sample:
    """Evenly spread voxels, and the range and mean of all."""

    values: Numbers
    low: float
    high: float
    mean: float

    @classmethod
    def of(cls, values: Numbers) -> _Sample:
        flat = values.ravel(order='K')
        # An odd step meets all columns of slices with 2**n columns.
        step = (flat.size // _SAMPLE) | 1
        mean = float(flat.mean(dtype=np.float64))
        return cls(flat[::step], float(flat.min()), float(flat.max()), mean)

    def share(self, low: float, high: float) -> float:
        """Of the voxels in [low, high]."""
        inside = (self.values >= low) & (self.values <= high)
        return float(np.count_nonzero(inside) / self.values.size)

    @property
    def padding(self) -> float:
        """Share of the lowest value."""
        return self.share(self.low, self.low)

    def usual_after(self, offset: int) -> float:
        """Share of air, lung, fat and tissue after adding an offset."""
        ranges = np.array([_AIR_HU, _TISSUE_HU]) - offset
        return sum(self.share(low, high) for low, high in ranges.tolist())

    @property
    def usual(self) -> float:
        """The same as they are, of all voxels but padding."""
        rest = 1 - self.padding * (self.low < _VOID_HU)
        return self.usual_after(0) / rest if rest > 0 else 0.0

    @property
    def in_8_bits(self) -> bool:
        """From 0 to 255, with many voxels at an end or values at both.

        Soft tissue alone may have such values, but none of this.
        """
        if self.low < 0 or self.high > 255:
            return False
        piled = max(self.padding, self.share(self.high, self.high)) > _CLIPPED
        whole = self.low < 5 and self.high >= 250
        return piled or whole or self.values.size < _TOO_FEW

    @property
    def is_clipped(self) -> bool:
        """To a window within air and metal; drawn tissues are no clipping."""
        at_low = self.low > -900 and self.padding > _CLIPPED
        at_high = (
            self.high < 2000 and self.share(self.high, self.high) > _CLIPPED
        )
        if not (at_low or at_high):
            return False
        _, counts = np.unique(self.values, return_counts=True)
        commonest = np.sort(counts)[-_DRAWN_VALUES:].sum()
        return bool(commonest < _DRAWN * self.values.size)

    @property
    def light(self) -> float:
        """Share of air, lung and fat, without the lowest value."""
        low, high = _LIGHT_HU
        return self.share(low, high) - self.padding * (low <= self.low <= high)

    @property
    def span(self) -> float:
        """Of values that are no outliers; of integers, of all."""
        if self.values.dtype.kind != 'f' or self.values.size < _TOO_FEW:
            return self.high - self.low
        low, high = np.percentile(self.values, [0.1, 99.9])
        return float(high - low)


def _impossible(sample: _Sample) -> Iterator[tuple[str, int]]:
    """Why the values are no HU, and the offset that would repair them."""
    low, high = sample.low, sample.high
    if sample.in_8_bits:
        yield 'like a label map or an 8-bit picture', 0
    few = sample.values.size < _TOO_FEW
    if few and sample.values.dtype.kind != 'f':
        return
    if low == high:
        yield 'all the same', 0
    if sample.span < _SPAN_HU:
        yield 'like normalised values (0 to 1, or z-scores)', 0
    if low > 30000:
        yield 'like PNG pixels of HU + 32768', -32768
    if high <= -1024:
        # Pixels of 0 to 4095 that were read as HU + 32768.
        stored = low >= -32768 and high < -28000
        yield 'all below air', 31744 if stored else 0
    if few:
        return
    yield from _raised(sample)
    # A crop of bone or of a vessel with contrast starts at 200 or so.
    if sample.usual < _USUAL and not -200 <= low < 800:
        yield 'with neither air nor soft tissue', 0
    void = sample.values[sample.values < _VOID_HU]
    if (
        void.size > _VOID * sample.values.size
        and len(np.unique(void)) > _PADDINGS
        and sample.share(*_TISSUE_HU) < _USUAL
    ):
        yield (
            'with soft tissue where air should be, like values whose '
            'intercept was added twice',
            1024,
        )


def _raised(sample: _Sample) -> Iterator[tuple[str, int]]:
    """Whether an intercept is missing, and the offset that repairs it."""
    raised = sample.share(*_RAISED_HU)
    if (
        sample.values.size >= _TOO_FEW
        and raised > max(_RAISED, sample.share(*_BONE_HU))
        and sample.light < _LIGHT
    ):
        offset = max(_OFFSETS, key=sample.usual_after)
        yield (
            f'with {raised:.0%} of the voxels at {_RAISED_HU[0]} to '
            f'{_RAISED_HU[1]} and none of air, lung or fat, like HU '
            f'{-offset:+d} (stored values without their intercept; 1000 in '
            'some files) or another modality',
            offset,
        )


def _doubts(sample: _Sample) -> Iterator[str]:
    low = sample.low
    if sample.values.size < _TOO_FEW:
        return
    if sample.is_clipped:
        yield 'they were clipped to a window'
    elif low >= 0:
        yield 'nothing is lighter than water, as in another modality'
    elif low > _AIR_HU[1]:
        yield 'there is neither air nor lung, as in a crop inside an organ'
    spread = float(sample.values.std(dtype=np.float64))
    if abs(sample.mean) < _CENTRED * spread:
        yield 'their mean is 0, as of z-scores'
    if sample.share(*_TISSUE_HU) < _USUAL:
        yield 'there is hardly any soft tissue'
