"""Load a key slice and its neighbours."""

from __future__ import annotations

import math
import os.path as osp

import numpy as np
from mmcv.transforms import BaseTransform

from mmuldor.functional.hounsfield import stored_to_hu
from mmuldor.io.png import read_png16
from mmuldor.registry import TRANSFORMS

_ACTIONS = ('repeat', 'error')


@TRANSFORMS.register_module()
class LoadCTSlices(BaseTransform):
    """Load the key slice and its neighbours as channels, in HU.

    Required Keys:

    - img_path (the key slice's PNG), key_slice, slice_range, height, width
    - slice_interval_mm (with ``slice_interval_mm`` only)
    - slices_hu (optional: HU (H, W) by slice number, instead of files)
    - slice_offset (optional: slices beside the key slice, see RandomSlice)

    Added Keys:

    - img ((H, W, num_slices) float32, HU, the key slice in the middle)
    - img_shape, ori_shape

    Example:
        ``dict(type='mmuldor.LoadCTSlices', num_slices=3)``

    Args:
        num_slices: How many slices, odd.
        slice_interval_mm: Distance between the slices loaded; they are
            interpolated linearly between the stored ones. None takes the
            stored slices as they are.
        out_of_range: What stands for a slice beyond the end of
            ``slice_range``: 'repeat' (the last one) or 'error'.
        missing: What to do where a neighbour inside the range has no file:
            'repeat' (the nearest one that has) or 'error'. The key slice
            itself must be there.
    """

    def __init__(
        self,
        num_slices: int = 3,
        slice_interval_mm: float | None = None,
        out_of_range: str = 'repeat',
        missing: str = 'repeat',
    ) -> None:
        if isinstance(num_slices, bool) or not isinstance(num_slices, int):
            raise TypeError(
                f'`num_slices` must be an int, but got {num_slices!r}.'
            )
        if num_slices < 1 or num_slices % 2 == 0:
            raise ValueError(
                f'`num_slices` must be odd and positive, but got {num_slices}.'
            )
        if slice_interval_mm is not None and not slice_interval_mm > 0:
            raise ValueError(
                '`slice_interval_mm` must be positive or None, but got '
                f'{slice_interval_mm!r}.'
            )
        for name, value in (
            ('out_of_range', out_of_range),
            ('missing', missing),
        ):
            if value not in _ACTIONS:
                raise ValueError(
                    f'`{name}` must be one of {_ACTIONS}, but got {value!r}.'
                )
        self.num_slices = num_slices
        self.slice_interval_mm = slice_interval_mm
        self.out_of_range = out_of_range
        self.missing = missing

    def positions(self, results: dict) -> list[float]:
        """Slice numbers to show, fractional where resampled, in range."""
        step = 1.0
        if self.slice_interval_mm is not None:
            step = self.slice_interval_mm / results['slice_interval_mm']
        half = self.num_slices // 2
        key = results['key_slice'] + results.get('slice_offset', 0)
        wanted = [key + step * offset for offset in range(-half, half + 1)]
        low, high = results['slice_range']
        if self.out_of_range == 'error' and (
            wanted[0] < low or wanted[-1] > high
        ):
            raise ValueError(
                f"'{results['img_path']}' needs slices {wanted[0]:g} to "
                f'{wanted[-1]:g}, but its range is {low} to {high}. Use '
                "`out_of_range='repeat'` or fewer slices."
            )
        return [min(max(position, low), high) for position in wanted]

    def slice_paths(self, results: dict) -> list[str]:
        """Files that :meth:`transform` will read, without repetitions."""
        numbers = self._numbers(results)
        return sorted({self._existing(results, n) for n in numbers})

    def lacks_neighbours(self, results: dict) -> bool:
        """Whether a slice of the range that is needed has no file."""
        return any(
            self._existing(results, number) != _path(results, number)
            for number in self._numbers(results)
        )

    def _numbers(self, results: dict) -> set[int]:
        """Numbers of the stored slices around the positions."""
        return {
            number
            for position in self.positions(results)
            for number in (math.floor(position), math.ceil(position))
        }

    def _existing(self, results: dict, number: int) -> str:
        """The slice's file, or that of the nearest one towards the key."""
        path = _path(results, number)
        key = results['key_slice']
        if number == key or osp.isfile(path):
            return path
        if self.missing == 'error':
            raise FileNotFoundError(
                f"slice '{path}' does not exist, but its key slice {key} "
                f'needs it as a neighbour. Unpack it, or use '
                "`LoadCTSlices(missing='repeat')`."
            )
        toward_key = 1 if number < key else -1
        return self._existing(results, number + toward_key)

    def transform(self, results: dict) -> dict:
        """Load the slices; see the class for the keys."""
        shape = (results['height'], results['width'])
        cache = {}

        def load(number: int) -> np.ndarray:
            if 'slices_hu' in results:
                return np.asarray(results['slices_hu'][number], np.float32)
            path = self._existing(results, number)
            if path not in cache:
                cache[path] = stored_to_hu(read_png16(path, shape))
            return cache[path]

        slices = []
        for position in self.positions(results):
            below = math.floor(position)
            weight = np.float32(position - below)
            hu = load(below)
            if weight > 0:
                hu = hu * (1 - weight) + load(below + 1) * weight
            slices.append(hu)
        results['img'] = np.stack(slices, axis=-1)
        results['img_shape'] = results['ori_shape'] = shape
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(num_slices={self.num_slices}, '
            f'slice_interval_mm={self.slice_interval_mm}, '
            f'out_of_range={self.out_of_range!r}, missing={self.missing!r})'
        )


def _path(results: dict, number: int) -> str:
    if number == results['key_slice']:
        return results['img_path']
    return osp.join(osp.dirname(results['img_path']), f'{number:03d}.png')
