"""One HTML page of scans, from the parts in ``web/``.

The page needs no network and no other file. The scripts run before the
slices are parsed, and the slice that is shown first is embedded first, so a
large page is usable before it is read to its end.
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
from typing import Any, NamedTuple, TextIO

from mmuldor.io.json_files import replacing
from mmuldor.scans.viewer.slice_codec import (
    ReducedGrid,
    encode_slice,
    reduce_slice,
)
from mmuldor.scans.volume import Volume

# Wraps the slices; gets their number.
SliceProgress = Callable[[Iterable, int], Iterable]

_SCRIPTS = (
    *('slices.js', 'view.js', 'overlay.js', 'pane.js', 'rows.js'),
    *('main.js', 'recist.js', 'panel.js', 'print.js', 'mouse.js'),
    'controls.js',
)


class EmbeddedScan(NamedTuple):
    """A scan that a page holds.

    Attributes:
        volume: The scan.
        grid: Resolution at which it is embedded.
        first: The slice that is shown first.
        role: What it is on a page of several scans, for people.
    """

    volume: Volume
    grid: ReducedGrid
    first: int
    role: str = ''


def write_page(
    path: str | os.PathLike,
    document: dict[str, Any],
    scans: Sequence[EmbeddedScan],
    progress: SliceProgress = lambda items, total: items,
    box: str = '',
) -> None:
    """Write a page.

    Args:
        path: HTML file.
        document: Data of the page's scripts.
        scans: One scan, or two that are shown side by side.
        progress: Wraps the slices.
        box: HTML between the list and the notes; its texts are escaped.
    """
    style = page_part('viewer.css')
    script = '\n'.join(page_part(name) for name in _SCRIPTS)
    zoom, several = page_part('zoom.html'), len(scans) > 1
    parts = {
        'title': escape(f'Lesions of {document["name"]}'),
        'policy': f"default-src 'none'; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'",
        'style': style,
        'kind': document['kind'],
        'tools': zoom + page_part('link.html') if several else '',
        'panes': '\n'.join(
            _pane(number, scan.role, '' if several else zoom)
            for number, scan in enumerate(scans)
        ),
        'box': box,
        'data': _inline(document),
        'script': script,
    }
    head, tail = page_part('page.html').split('{{slices}}')
    with (
        replacing(path) as temporary,
        open(temporary, 'w', encoding='utf-8') as file,
    ):
        file.write(_filled(head, parts))
        # The first slices of all scans, then the others.
        order = [(n, scan.first) for n, scan in enumerate(scans)]
        order += [
            (n, k)
            for n, scan in enumerate(scans)
            for k in range(len(scan.volume.hu))
            if k != scan.first
        ]
        for number, index in progress(order, len(order)):
            _write_slice(file, scans[number], number, index)
        file.write(_filled(tail, parts) + '\n')


def page_part(name: str) -> str:
    """A file of ``web/``."""
    folder = files('mmuldor.scans').joinpath('viewer').joinpath('web')
    return folder.joinpath(name).read_text(encoding='utf-8').strip()


def _write_slice(
    file: TextIO, scan: EmbeddedScan, number: int, index: int
) -> None:
    data = encode_slice(reduce_slice(scan.volume.hu[index], scan.grid))
    text = base64.b64encode(data).decode('ascii')
    file.write(
        f'<script id="hu-{number}-{index}" type="text/plain" class="hu">'
        f'{text}</script>\n'
    )


def _pane(number: int, role: str, zoom: str) -> str:
    parts = {
        'n': f'-{number}' if number else '',
        'role': escape(role),
        'role_hidden': '' if role else ' hidden',
        'zoom': zoom,
    }
    return _filled(page_part('pane.html'), parts)


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


def _inline(document: dict[str, Any]) -> str:
    """JSON for an inline script; `<`, `>` and `&` are escaped."""
    text = json.dumps(document, separators=(',', ':'), allow_nan=False)
    for sign in '<>&':
        text = text.replace(sign, f'\\u{ord(sign):04x}')
    return text
