"""Short texts beside boxes that neither leave the picture nor overlap."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from mmuldor.visualization.marks import output_pixel, px

# Width of a bold DejaVu Sans character in units of its font size, on average.
_CHARACTER = 0.72
_LINE = 1.25


class LabelPlacer:
    """Puts labels around boxes, each at the first place that is free.

    Args:
        ax: Axes with the view already set.
        size: Font size in output pixels.
    """

    def __init__(self, ax: Axes, size: float = 14) -> None:
        self.ax = ax
        self.size = size
        (x1, x2), (y2, y1) = ax.get_xlim(), ax.get_ylim()
        self.view = (x1, y1, x2, y2)
        self.unit_x, self.unit_y = output_pixel(ax)
        self.taken: list[tuple[float, float, float, float]] = []

    def block(self, bbox: Sequence[float]) -> None:
        """Keep labels off this box ``[x1, y1, w, h]`` where possible."""
        x, y, w, h = bbox
        self.taken.append((x, y, x + w, y + h))

    def place(self, bbox: Sequence[float], text: str, color: str) -> None:
        """Write ``text`` beside the box ``[x1, y1, w, h]``."""
        width = len(text) * _CHARACTER * self.size * self.unit_x
        height = _LINE * self.size * self.unit_y
        options = self._options(bbox, width, height)
        spot = min(options, key=self._overlap)
        self.taken.append(spot)
        self.ax.text(
            spot[0], spot[1], text, color=color, fontsize=px(self.size),
            fontweight='bold', va='top', ha='left', clip_on=True,
            parse_math=False,
            path_effects=[
                withStroke(linewidth=px(3.2), foreground='#000000c0')
            ],
        )  # fmt: skip

    def _options(
        self, bbox: Sequence[float], width: float, height: float
    ) -> list[tuple[float, float, float, float]]:
        """Places around the box, pushed into the view, the best first."""
        x, y, w, h = bbox
        gap_x, gap_y = 4 * self.unit_x, 4 * self.unit_y
        above, below = y - gap_y - height, y + h + gap_y
        ends = (x, x + w - width)
        corners = [(left, top) for top in (above, below) for left in ends]
        middle = y + h / 2 - height / 2
        corners += [(x + w + gap_x, middle), (x - gap_x - width, middle)]
        corners += [(x, above - height), (x, below + height)]
        x1, y1, x2, y2 = self.view
        pushed = [
            (
                min(max(left, x1 + gap_x), x2 - gap_x - width),
                min(max(top, y1 + gap_y), y2 - gap_y - height),
            )
            for left, top in corners
        ]
        return [(a, b, a + width, b + height) for a, b in pushed]

    def _overlap(self, spot: Sequence[float]) -> float:
        """Area that the place shares with what is there already."""
        total = 0.0
        for x1, y1, x2, y2 in self.taken:
            width = min(spot[2], x2) - max(spot[0], x1)
            height = min(spot[3], y2) - max(spot[1], y1)
            total += max(width, 0) * max(height, 0)
        return total
