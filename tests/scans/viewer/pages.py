"""What a report page shows in a browser, and small scans for it."""

import numpy as np

from mmuldor.functional.masks import CroppedMask
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion

SHAPE = (30, 40, 56)
# Columns of 0.8, rows of 1.2, slices of 2.5 mm.
AFFINE = np.array(
    [[0.8, 0, 0, -20.5], [0, 1.2, 0, -90], [0, 0, 2.5, 8], [0, 0, 0, 1]]
)


def lesion(key, box, score, slices=1):
    x1, y1, x2, y2 = np.array(box, dtype=float)
    # A pixel inside the box on each side.
    shape = int(y2 - y1) - 1, int(x2 - x1) - 1
    mask = CroppedMask(int(y1) + 1, int(x1) + 1, np.ones(shape, dtype=bool))
    detections = [
        SliceDetection(key + k, np.array(box, float), score, mask)
        for k in range(slices)
    ]
    return measure_lesion(detections, AFFINE)


def windowed(hu, level, width):
    low = level - width / 2
    return np.clip(np.rint((hu - low) * 255.0 / width), 0, 255)


def pixels_of(page, name, crop=None):
    """What a canvas shows, (rows, columns, 4), read from a copy of it.

    `crop` is x, y, width and height in pixels of the canvas.
    """
    width, height, data = page.evaluate(
        """([name, crop]) => {
          const canvas = document.getElementById(name);
          const [x, y, w, h] = crop || [0, 0, canvas.width, canvas.height];
          const copy = new OffscreenCanvas(w, h);
          const context = copy.getContext('2d', { willReadFrequently: true });
          context.drawImage(canvas, -x, -y);
          const { data } = context.getImageData(0, 0, w, h);
          return [w, h, Array.from(data)];
        }""",
        [name, crop],
    )
    return np.array(data).reshape(height, width, 4)


def shown(page):
    """Grey values of the slice, (rows, columns)."""
    pixels = pixels_of(page, 'image')
    assert (pixels[..., 3] == 255).all()
    assert (pixels[..., :3] == pixels[..., :1]).all()
    return pixels[..., 0]


def drawn(page, x, y):
    """Colour and opacity that the overlay has at a place of the stage."""
    crop = [int(x), int(y), 1, 1]
    return pixels_of(page, 'overlay', crop)[0, 0].tolist()


def at(page, **expected):
    """Wait until the stage shows that."""
    marks = ''.join(f'[data-{key}="{v}"]' for key, v in expected.items())
    page.wait_for_selector(f'#stage{marks}', timeout=5000)


def stage_box(page):
    return page.locator('#stage').bounding_box()
