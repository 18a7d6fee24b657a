"""A grid of picture panels with captions, laid out in whole pixels."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from mmuldor.io.json_files import replacing
from mmuldor.io.paths import printable
from mmuldor.visualization.marks import (
    full_bleed_axes,
    new_figure,
    px,
    show_slice,
)

FACE = '#14171c'
TEXT = '#e8eaed'
FAINT = '#a9b0ba'
FONT = 13
# Two thirds of the time of PIL's own level, 6, drawing included; the files are
# a seventh larger.
_OPTIONS: dict[str, Any] = {'.png': {'pil_kwargs': {'compress_level': 3}}}


class PanelGrid:
    """Rows and columns of square panels, each with a line below it.

    Args:
        rows: Number of rows; the figure has room for at least one.
        columns: Number of columns, likewise.
        side: Side of a panel in output pixels.
        titles: One heading for each column; none by default. A second line
            is written smaller.
    """

    gap = 12
    caption = 26

    def __init__(
        self,
        rows: int,
        columns: int,
        side: int,
        titles: Sequence[str] = (),
    ) -> None:
        rows, columns = max(rows, 1), max(columns, 1)
        self.side, self.columns = side, columns
        self.head = 48 if titles else 0
        self.width = columns * (side + self.gap) + self.gap
        self.height = (
            self.head + rows * (side + self.caption + self.gap) + self.gap
        )
        self.fig: Figure = new_figure(self.width, self.height, FACE)
        for column, title in enumerate(titles):
            main, _, second = title.partition('\n')
            left = self.gap + column * (side + self.gap)
            self._write(left, 10, main, TEXT, 'bold')
            self._write(left, 30, second, FAINT, 'normal')

    @classmethod
    def of_number(
        cls, number: int, columns: int, side: int, empty: str
    ) -> PanelGrid:
        """A grid for so many panels; `empty` is its message without any."""
        columns = min(columns, number) or 1
        grid = cls(-(-number // columns), columns, side)
        if not number:
            grid.show_message(empty)
        return grid

    def add(
        self,
        row: int,
        column: int,
        picture: np.ndarray,
        view: Sequence[float],
        caption: str = '',
    ) -> Axes:
        """Show the part ``view`` (x1, y1, x2, y2) of a slice in one panel."""
        left = self.gap + column * (self.side + self.gap)
        pitch = self.side + self.caption + self.gap
        top = self.head + self.gap + row * pitch
        ax = full_bleed_axes(self.fig, left, top, self.side, self.side)
        show_slice(ax, picture, view)
        self._write(left, top + self.side + 6, caption, FAINT, 'normal')
        return ax

    def show_message(self, text: str) -> None:
        """Write a line where the first panel would be."""
        top = self.head + self.gap + self.side / 2
        self._write(2 * self.gap, top, text, TEXT, 'normal')

    def _write(
        self, left: float, top: float, text: str, color: str, weight: str
    ) -> None:
        """Write text whose top left corner is given in output pixels."""
        self.fig.text(
            left / self.width, 1 - top / self.height, text, color=color,
            fontsize=px(FONT), fontweight=weight, va='top', ha='left',
            parse_math=False,
        )  # fmt: skip


def square_view(
    boxes: Sequence[Sequence[float]],
    shape: tuple[int, int],
    *,
    margin: float = 0.15,
    min_side: float = 0.0,
) -> tuple[float, float, float, float]:
    """The square part of an image that holds every box.

    Args:
        boxes: ``[x1, y1, w, h]`` each, at least one.
        shape: (H, W) of the image.
        margin: Free rim on each side, as a part of the boxes' extent.
        min_side: Minimum side in pixels.

    Returns:
        ``x1, y1, x2, y2``. It is moved into the image where it fits, and is
        never larger than the image's longer side.
    """
    array = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    low = array[:, :2].min(axis=0)
    high = (array[:, :2] + array[:, 2:]).max(axis=0)
    side = max((high - low).max() * (1 + 2 * margin), min_side)
    side = min(side, max(shape))
    start = (low + high) / 2 - side / 2
    # A pixel reaches half a pixel beyond its centre on both sides.
    last = np.array([shape[1], shape[0]]) - 0.5 - side
    middle = (np.array([shape[1], shape[0]]) - 1 - side) / 2
    fits = last >= -0.5
    start = np.where(fits, np.clip(start, -0.5, last), middle)
    x1, y1 = (float(value) for value in start)
    return x1, y1, x1 + float(side), y1 + float(side)


def save_figure(fig: Figure, path: str | os.PathLike) -> Path:
    """Write a figure whole or not at all; the suffix is the format."""
    path = Path(path)
    # No date and no random ids: the same figure gives the same file.
    metadata = {'.svg': {'Date': None}, '.pdf': {'CreationDate': None}}
    # matplotlib draws no text with bytes of a name that is no UTF-8.
    for text in fig.findobj(Text):
        text.set_text(printable(text.get_text()))
    fixed_ids = rc_context({'svg.hashsalt': 'mmuldor'})
    kind = path.suffix.lower()
    # In memory first: on a full disk, matplotlib's own error says nothing.
    drawn = io.BytesIO()
    with fixed_ids:
        fig.savefig(
            drawn,
            dpi='figure',
            format=kind[1:] or None,
            metadata=metadata.get(kind),
            **_OPTIONS.get(kind, {}),
        )
    with replacing(path) as temporary:
        temporary.write_bytes(drawn.getvalue())
    return path
