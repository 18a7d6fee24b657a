"""Window HU to grey values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.functional.hounsfield import window_hu
from mmuldor.registry import TRANSFORMS


@TRANSFORMS.register_module()
class WindowHU(CTTransform):
    """Map one or several HU windows to grey values in [0, 255].

    Required Keys:

    - img ((H, W, S) float32, HU)

    Modified Keys:

    - img ((H, W, S * number of windows) float32 in [0, 255]; all slices of
      the first window, then all of the second, ...). With one window the
      result overwrites the input array, unless that is a view.

    Example:
        ``dict(type='mmuldor.WindowHU', windows=[(-1024, 3071)])``

    Args:
        windows: (low, high) pairs in HU.

    Raises:
        ValueError: If there is no window, or one is no pair with low < high.
    """

    def __init__(
        self, windows: Sequence[Sequence[float]] = ((-1024, 3071),)
    ) -> None:
        self.windows: list[tuple[float, float]] = []
        for given in windows:
            window = tuple(given)
            if len(window) != 2 or not window[0] < window[1]:
                raise ValueError(
                    '`windows` must be (low, high) pairs in HU, low < high, '
                    f'but got {window}.'
                )
            self.windows.append(window)
        if not self.windows:
            raise ValueError('`windows` must hold at least one (low, high).')

    def transform(self, results: dict) -> dict:
        """Window the image; see the class for the keys."""
        windows, hu = self._draw(), results['img']
        if len(windows) == 1:
            # The HU are no longer needed, so their memory is reused.
            reusable = hu.flags.owndata and hu.flags.writeable
            out = hu if reusable and hu.dtype == np.float32 else None
            results['img'] = window_hu(hu, *windows[0], out)
        else:
            channels = [window_hu(hu, *window) for window in windows]
            results['img'] = np.concatenate(channels, axis=-1)
        return results

    def _draw(self) -> list[tuple[float, float]]:
        """The windows of one image; subclasses draw them."""
        return self.windows

    def __repr__(self) -> str:
        return f'{type(self).__name__}(windows={self.windows})'
