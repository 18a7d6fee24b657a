"""A volume with its lesions as one HTML page.

The page needs no network and no other file. Its scripts are beside this
module. HU are embedded slice by slice (see ``slice_codec``), so that the
reader can choose the window; slices are decompressed when they are shown.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import PurePath

import numpy as np

from mmuldor.io.json_files import replacing
from mmuldor.io.paths import printable
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.viewer.slice_codec import (
    HIGHEST_HU,
    LOWEST_HU,
    ReducedGrid,
    choose_grid,
    encode_slice,
    reduce_slice,
)
from mmuldor.scans.volume import Volume
from mmuldor.visualization.ct_image import DEFAULT_WINDOW_HU
from mmuldor.visualization.marks import DETECTION, ENDPOINT, MASK, REFERENCE

# Level and width in HU, the first as in the pictures, the rest as usual
# (radiopaedia.org/articles/windowing-ct); "full" is all that a slice holds.
WINDOWS = {
    'Soft tissue': (
        sum(DEFAULT_WINDOW_HU) / 2,
        DEFAULT_WINDOW_HU[1] - DEFAULT_WINDOW_HU[0],
    ),
    'Lung': (-600, 1500),
    'Bone': (400, 1800),
    'Liver': (30, 150),
    'Brain': (40, 80),
    'Full': (1024, 4096),
}
COLORS = {
    'detection': DETECTION,
    'mask': MASK,
    'diameter': REFERENCE,
    'endpoint': ENDPOINT,
}
_SCRIPTS = (
    'slices.js',
    'view.js',
    'overlay.js',
    'panel.js',
    'main.js',
    'controls.js',
)


def write_volume_page(
    path: str | os.PathLike,
    lesions: Sequence[Lesion],
    volume: Volume,
    notes: Sequence[str] = (),
    *,
    max_bytes: float = 60e6,
    progress: Callable[[Iterable, int], Iterable] = (
        lambda items, total: items
    ),
) -> ReducedGrid:
    """Write the page.

    Args:
        path: HTML file.
        lesions: The lesions, numbered from 1.
        volume: The scan.
        notes: What was repaired in the scan.
        max_bytes: Approximate maximum size of the page. Larger volumes are
            embedded at a lower resolution, which the page states.
        progress: Wraps the slices; gets their number.

    Returns:
        The resolution of the embedded slices.
    """
    grid = choose_grid(volume.hu, max_bytes)
    style = _page_part('viewer.css')
    script = '\n'.join(_page_part(name) for name in _SCRIPTS)
    parts = {
        'title': escape(f'Lesions of {_name(volume)}'),
        'policy': f"default-src 'none'; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'",
        'style': style,
        'data': _inline(_document(lesions, volume, notes, grid)),
        'script': script,
    }
    head, tail = _page_part('page.html').split('{{slices}}')
    with (
        replacing(path) as temporary,
        open(temporary, 'w', encoding='utf-8') as file,
    ):
        file.write(_filled(head, parts))
        for hu in progress(volume.hu, len(volume.hu)):
            data = encode_slice(reduce_slice(hu, grid))
            text = base64.b64encode(data).decode('ascii')
            file.write(
                f'<script type="text/plain" class="hu">{text}</script>\n'
            )
        file.write(_filled(tail, parts) + '\n')
    return grid


def _page_part(name: str) -> str:
    folder = files('mmuldor.scans').joinpath('viewer')
    return folder.joinpath(name).read_text(encoding='utf-8').strip()


def _filled(template: str, parts: dict[str, str]) -> str:
    """Fill the template in one pass, so inserted text is not replaced."""
    names = '|'.join(parts)
    return re.sub(
        r'\{\{(' + names + r')\}\}', lambda match: parts[match[1]], template
    )


def _hash(text: str) -> str:
    """Hash of an inline script or style for a content security policy."""
    digest = hashlib.sha256(text.encode()).digest()
    return f'sha256-{base64.b64encode(digest).decode()}'


def _inline(document: dict) -> str:
    """JSON for an inline script; `<`, `>` and `&` are escaped."""
    text = json.dumps(document, separators=(',', ':'), allow_nan=False)
    for sign in '<>&':
        text = text.replace(sign, f'\\u{ord(sign):04x}')
    return text


def _document(
    lesions: Sequence[Lesion],
    volume: Volume,
    notes: Sequence[str],
    grid: ReducedGrid,
) -> dict:
    """Data of the page's scripts; pixels are those of the volume."""
    return {
        'name': _name(volume),
        'source': printable(volume.source),
        'shape': list(volume.shape),
        'spacing_mm': list(volume.spacing_mm),
        'affine': volume.affine[:3].tolist(),
        'grid': {
            **grid._asdict(),
            'lowest_hu': LOWEST_HU,
            'highest_hu': HIGHEST_HU,
        },
        'windows': [
            {'name': name, 'level': level, 'width': width}
            for name, (level, width) in WINDOWS.items()
        ],
        'colors': COLORS,
        'notes': list(map(printable, notes)),
        'lesions': [
            _lesion(number, lesion)
            for number, lesion in enumerate(lesions, start=1)
        ],
    }


def _lesion(number: int, lesion: Lesion) -> dict:
    return {
        'number': number,
        'type': lesion.lesion_type,
        'score': round(lesion.score, 4),
        'slice': lesion.key_slice,
        'center_mm': np.round(lesion.center_lps_mm, 1).tolist(),
        'long_mm': lesion.long_mm,
        'short_mm': lesion.short_mm,
        'volume_ml': lesion.volume_ml,
        'recist': _flat_points(lesion.recist_px),
        'detections': [
            {
                'slice': d.slice_index,
                'score': round(d.score, 4),
                'box': _flat_points(d.box_px),
                'outline': _flat_points(d.outline_px),
            }
            for d in lesion.detections
        ],
    }


def _flat_points(values: np.ndarray | None) -> list[float] | None:
    """Coordinates as a flat list x y x y ..., rounded to 0.01 px."""
    if values is None:
        return None
    return np.round(np.asarray(values, dtype=float).reshape(-1), 2).tolist()


def _name(volume: Volume) -> str:
    return printable(PurePath(volume.source).name) or 'a scan'
