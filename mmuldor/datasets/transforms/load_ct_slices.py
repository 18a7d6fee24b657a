"""Load a key slice and its neighbours."""

from __future__ import annotations

import math
import os
import os.path as osp

import cv2
import numpy as np

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.functional.hounsfield import stored_to_hu16
from mmuldor.functional.slices import (
    slice_name,
    slice_positions,
    stored_numbers,
    toward_key,
)
from mmuldor.io.png import check_png16, read_png16
from mmuldor.io.store.reader import SliceStore
from mmuldor.registry import TRANSFORMS

_ACTIONS = ('repeat', 'error')


@TRANSFORMS.register_module()
class LoadCTSlices(CTTransform):
    """Load the key slice and its neighbours as channels, in HU.

    Required Keys:

    - img_path (the key slice's PNG), key_slice, slice_range, height, width
    - file_name (with ``store`` only)
    - slice_interval_mm (with ``slice_interval_mm`` only)
    - slices_hu (optional: HU (H, W) by slice number, instead of files)
    - slice_offset (optional: distance to the key slice in slices, see
      RandomSlice)

    Added Keys:

    - img ((H, W, num_slices) float32, HU, the key slice in the middle)
    - img_shape, ori_shape
    - loaded_interval_mm (distance of the loaded slices; not without
      slice_interval_mm)

    Example:
        ``dict(type='mmuldor.LoadCTSlices', num_slices=3)``

    Args:
        num_slices: Number of slices, odd.
        slice_interval_mm: Distance between the loaded slices in mm; they are
            interpolated linearly between the stored slices. None loads the
            stored slices without interpolation.
        keep_thicker: Load stored slices whose distance is above
            ``slice_interval_mm`` as they are, as AlignShift does (Yang et
            al., MICCAI 2020).
        out_of_range: For a slice beyond the end of ``slice_range``: 'repeat'
            the last slice of the range, or 'error'.
        missing: For a slice in the range without a file: 'repeat' the nearest
            existing slice toward the key slice, or 'error'. The key slice
            itself must exist.
        store: Folder that ``data_prep/pack_deeplesion.py`` made; its slices
            are identical to the PNG files. None or '' reads the PNG files.

    Raises:
        TypeError: If ``num_slices`` is no int.
        ValueError: If an argument is out of range.
    """

    num_slices: int

    def __init__(
        self,
        num_slices: int = 3,
        slice_interval_mm: float | None = None,
        out_of_range: str = 'repeat',
        missing: str = 'repeat',
        store: str | os.PathLike | None = None,
        keep_thicker: bool = False,
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
        if keep_thicker and slice_interval_mm is None:
            raise ValueError('`keep_thicker` needs `slice_interval_mm`.')
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
        self.keep_thicker = keep_thicker
        self.out_of_range = out_of_range
        self.missing = missing
        self.store = SliceStore(store) if store else None

    def positions(self, results: dict) -> list[float]:
        """Slice numbers to load, in range; fractional if interpolated.

        Raises:
            ValueError: If one is out of range and ``out_of_range`` is 'error'.
        """
        step = self._step(results)
        key = results['key_slice'] + results.get('slice_offset', 0)
        low, high = results['slice_range']
        reach = step * (self.num_slices // 2)
        if self.out_of_range == 'error' and (
            key - reach < low or key + reach > high
        ):
            raise ValueError(
                f"'{results['img_path']}' needs slices {key - reach:g} to "
                f'{key + reach:g}, but its range is {low} to {high}. Use '
                "`out_of_range='repeat'` or fewer slices."
            )
        return slice_positions(key, (low, high), self.num_slices, step)

    def _step(self, results: dict) -> float:
        """Distance of the loaded slices in stored slices."""
        if self.slice_interval_mm is None:
            return 1.0
        step = self.slice_interval_mm / results['slice_interval_mm']
        return max(step, 1.0) if self.keep_thicker else step

    def slice_paths(self, results: dict) -> list[str]:
        """Files that :meth:`transform` will read, or names in the store."""
        numbers = stored_numbers(self.positions(results))
        return sorted({self._existing(results, n) for n in numbers})

    def lacks_neighbours(self, results: dict) -> bool:
        """Whether a required slice in the range has no file."""
        return any(
            self._existing(results, number) != self._name(results, number)
            for number in stored_numbers(self.positions(results))
        )

    def check_slices(self, results: dict) -> None:
        """Check that all slices exist and have the size of the image.

        Raises:
            FileNotFoundError: If the key slice is missing.
            ValueError: If a slice is damaged or of another size.
        """
        shape = (results['height'], results['width'])
        for name in self.slice_paths(results):
            if self.store is None:
                check_png16(name, shape)
            else:
                self.store.check(name, shape)

    def _name(self, results: dict, number: int) -> str:
        """File of a slice, or its name in the store."""
        key_name = results['img_path' if self.store is None else 'file_name']
        return slice_name(key_name, results['key_slice'], number)

    def _existing(self, results: dict, number: int) -> str:
        """A slice, or the nearest existing one toward the key slice."""
        key = results['key_slice']
        has = osp.isfile if self.store is None else self.store.has
        numbers = toward_key(
            number, key, lambda other: has(self._name(results, other))
        )
        if self.missing == 'error' and len(numbers) > 1:
            raise FileNotFoundError(
                f"slice '{self._name(results, number)}' does not exist, but "
                f'its key slice {key} needs it as a neighbour. Unpack it, or '
                "use `LoadCTSlices(missing='repeat')`."
            )
        return self._name(results, numbers[-1])

    def transform(self, results: dict) -> dict:
        """Load the slices; see the class for the keys."""
        shape = (results['height'], results['width'])
        cache = {}

        def load(number: int) -> np.ndarray:
            if 'slices_hu' in results:
                return np.asarray(results['slices_hu'][number], np.float32)
            name = self._existing(results, number)
            if name not in cache:
                cache[name] = self._read(name, shape)
            return cache[name]

        slices = []
        for position in self.positions(results):
            below = math.floor(position)
            weight = np.float32(position - below)
            hu = load(below)
            if weight > 0:
                above = load(below + 1).astype(np.float32)
                hu = hu.astype(np.float32) * (1 - weight) + above * weight
            slices.append(hu)
        results['img'] = _as_channels(slices)
        results['img_shape'] = results['ori_shape'] = shape
        if 'slice_interval_mm' in results:
            results['loaded_interval_mm'] = (
                self._step(results) * results['slice_interval_mm']
            )
        return results

    def _read(self, name: str, shape: tuple[int, int]) -> np.ndarray:
        if self.store is None:
            return stored_to_hu16(read_png16(name, shape))
        return self.store.read(name, shape)

    def __repr__(self) -> str:
        store = None if self.store is None else str(self.store.folder)
        return (
            f'{type(self).__name__}(num_slices={self.num_slices}, '
            f'slice_interval_mm={self.slice_interval_mm}, '
            f'out_of_range={self.out_of_range!r}, missing={self.missing!r}, '
            f'store={store!r}, keep_thicker={self.keep_thicker})'
        )


def _as_channels(slices: list[np.ndarray]) -> np.ndarray:
    """Stack n slices (H, W) of int16 or float32 as (H, W, n) float32."""
    if all(hu.dtype == np.int16 for hu in slices):
        # OpenCV interleaves int16 several times as fast as NumPy float32.
        shape = (*slices[0].shape, len(slices))
        return cv2.merge(slices).reshape(shape).astype(np.float32)
    return np.stack([hu.astype(np.float32) for hu in slices], axis=-1)
