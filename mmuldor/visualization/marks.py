"""Draw lesions and detections over a CT slice with matplotlib.

Every coordinate is in source-image pixels with pixel centres at integers,
which is also the frame of matplotlib's ``imshow``: nothing is shifted here,
and an upscaled picture stays right to a fraction of a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as VectorPath
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from mmuldor.functional.recist import pseudo_mask_polygon

REFERENCE = '#35e06f'
DETECTION = '#ffd60a'
FALSE_CLASS = '#ff6bd6'
MASK = '#4aa8ff'
ENDPOINT = '#ff453a'
TRUTH = '#ffffff'
MINED = '#ff6a5e'
# Output pixels per inch; line widths and fonts are given in output pixels.
DPI = 100.0
DASH = (0, (4, 2.5))


def px(pixels: float) -> float:
    """Turn output pixels into matplotlib's points."""
    return pixels * 72.0 / DPI


def full_bleed_axes(
    fig: Figure, left: float, top: float, width: float, height: float
) -> Axes:
    """Add bare axes at a place given in output pixels from the top left."""
    fig_w, fig_h = fig.get_size_inches() * DPI
    ax = fig.add_axes(
        (left / fig_w, 1 - (top + height) / fig_h, width / fig_w,
         height / fig_h)
    )  # fmt: skip
    ax.set_axis_off()
    # Ticks are made, unseen, whenever the figure's parts are looked through.
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def new_figure(width: float, height: float, face: str = 'black') -> Figure:
    """A figure of ``width`` x ``height`` output pixels, without pyplot."""
    fig = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
    FigureCanvasAgg(fig)
    fig.set_facecolor(face)
    return fig


def show_slice(
    ax: Axes, picture: np.ndarray, view: Sequence[float] | None = None
) -> None:
    """Show a slice, or the part of it inside ``view``.

    Args:
        ax: Where to draw; its shape must be that of the view.
        picture: (H, W, 3) uint8.
        view: ``x1, y1, x2, y2`` of the part to show in pixels, centres at
            integers; the whole image with its pixels' edges by default.
    """
    height, width = picture.shape[:2]
    ax.imshow(picture, interpolation='bicubic', aspect='auto')
    x1, y1, x2, y2 = view or (-0.5, -0.5, width - 0.5, height - 0.5)
    ax.set_xlim(x1, x2)
    ax.set_ylim(y2, y1)


def output_pixel(ax: Axes) -> tuple[float, float]:
    """Width and height of an output pixel, in source pixels."""
    fig_w, fig_h = cast(Figure, ax.figure).get_size_inches() * DPI
    place = ax.get_position()
    (x1, x2), (y2, y1) = ax.get_xlim(), ax.get_ylim()
    return (
        (x2 - x1) / (place.width * fig_w),
        (y2 - y1) / (place.height * fig_h),
    )


def render(fig: Figure) -> np.ndarray:
    """Draw the figure and return its pixels, (H, W, 3) uint8."""
    canvas = cast(FigureCanvasAgg, fig.canvas)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _halo(width: float) -> list:
    """Dark rim that keeps thin lines visible on white tissue."""
    return [withStroke(linewidth=px(width + 1.6), foreground='#00000090')]


def draw_box(
    ax: Axes,
    bbox: Sequence[float],
    color: str,
    *,
    dashed: bool = False,
    width: float = 1.8,
) -> None:
    """Draw the box ``[x1, y1, x2 - x1, y2 - y1]``."""
    x, y, w, h = bbox
    # The first side is drawn twice, so that the corner is mitred.
    xs = [x, x + w, x + w, x, x, x + w]
    ys = [y, y, y + h, y + h, y, y]
    if dashed:
        xs, ys = xs[:-1], ys[:-1]
    (line,) = ax.plot(
        xs, ys, color=color, lw=px(width), ls=DASH if dashed else '-',
        solid_joinstyle='miter', path_effects=_halo(width),
        scalex=False, scaley=False,
    )  # fmt: skip
    # Snapping would move a box by up to half an output pixel.
    line.set_snap(False)


def draw_region(
    ax: Axes,
    polygons: Sequence[np.ndarray],
    color: str,
    *,
    fill: float = 0.25,
    width: float = 1.4,
    zorder: float = 1,
) -> None:
    """Draw polygons as one translucent area with its outline.

    Args:
        ax: Where to draw.
        polygons: Closed outlines, each (N, 2) or flat ``x, y, x, y``; a hole
            runs the other way round.
        color: Of the outline; the area is ``fill`` times as opaque.
        fill: Opacity of the area, 0 to 1.
        width: Of the outline in output pixels.
        zorder: Lines are drawn at 2.
    """
    paths = [
        VectorPath(np.concatenate([ring, ring[:1]]), closed=True)
        for ring in (np.reshape(p, (-1, 2)) for p in polygons)
        if len(ring) >= 3
    ]
    if not paths:
        return
    patch = PathPatch(
        VectorPath.make_compound_path(*paths),
        facecolor=to_rgba(color, fill),
        edgecolor=color if width else 'none',
        lw=px(width),
        zorder=zorder,
    )
    patch.set_snap(False)
    # add_patch would stretch the view to the polygon.
    ax.add_artist(patch)


def draw_diameters(
    ax: Axes,
    recist_px: ArrayLike,
    *,
    color: str = REFERENCE,
    width: float = 1.5,
    dot: float = 4.0,
) -> None:
    """Draw both RECIST diameters and their four endpoints.

    Args:
        ax: Where to draw.
        recist_px: ``x, y`` of both ends of one diameter, then of the other
            (8 numbers).
        color: Of the lines.
        width: Of the lines in output pixels.
        dot: Diameter of the endpoints in output pixels; 0 for none.
    """
    points = np.reshape(recist_px, (4, 2))
    for first, second in (points[:2], points[2:]):
        (line,) = ax.plot(
            *zip(first, second, strict=True), color=color, lw=px(width),
            solid_capstyle='round', scalex=False, scaley=False,
        )  # fmt: skip
        line.set_snap(False)
    if dot:
        # Not markers: the renderer moves those to whole output pixels.
        angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
        circle = np.stack([np.cos(angles), np.sin(angles)], axis=1) / 2
        circle *= np.multiply(output_pixel(ax), dot)
        dots = [point + circle for point in points]
        draw_region(ax, dots, ENDPOINT, fill=1, width=0, zorder=3)


def draw_lesion(ax: Axes, annotation: dict, *, mask: bool = True) -> None:
    """Draw an annotated lesion: box, pseudo mask and diameters.

    Args:
        ax: Where to draw.
        annotation: ``bbox`` [x1, y1, w, h] and, where known, ``recist_px``;
            ``outline``, (N, 2), where the pseudo mask is not the paper's.
        mask: Draw the pseudo mask and the diameters too.
    """
    recist_px = annotation.get('recist_px')
    if mask and recist_px is not None:
        outline = annotation.get('outline')
        if outline is None:
            outline = pseudo_mask_polygon(np.reshape(recist_px, (4, 2)))
        draw_region(ax, [outline], REFERENCE, fill=0.15, width=1)
        draw_diameters(ax, recist_px, width=1.2, dot=0)
    draw_box(ax, annotation['bbox'], REFERENCE)
