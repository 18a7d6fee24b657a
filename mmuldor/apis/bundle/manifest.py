"""What a bundle states of itself, and the checksums of its parts.

``bundle.json``::

    {"format": "mmuldor-bundle-1", "name": "uldor_r101_fpn_hnem-12e",
     "source": {"config": {"name": "...py", "sha256": "..."},
                "checkpoint": {"name": "epoch_12.pth", "sha256": "..."},
                "calibration": {"name": "calibration.json", "sha256": "..."}},
     "classes": ["lesion"], "parameters": 44000000,
     "training": {"data": "...", "licence": "...", "epoch": 12, "seed": 0},
     "metrics": {"sensitivity at 4 FPs per image": "84.4 % (82.0 to 86.5)"},
     "versions": {"mmuldor": "0.1.0", "torch": "2.13.0", ...},
     "parts": {"card.md": {"bytes": 4000, "sha256": "..."}, ...}}

``source`` names the files that the bundle was made of. Results of the bundle
state them too, so that they are comparable with those of the files, and with
the runs that the calibration was fitted on. ``calibration`` is null without.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from mmuldor.apis.bundle.container import CALIBRATION, MANIFEST
from mmuldor.io.json_files import parse_json
from mmuldor.io.json_values import shortened

FORMAT = 'mmuldor-bundle-1'
_SHA256 = re.compile('[0-9a-f]{64}')


def sha256(content: bytes) -> str:
    """The SHA-256 of a content, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def to_json(document: Any) -> bytes:
    """A document as JSON; the same gives the same bytes."""
    text = json.dumps(document, indent=1, sort_keys=True, allow_nan=False)
    return f'{text}\n'.encode()


def with_manifest(
    about: Mapping[str, Any], parts: Mapping[str, bytes]
) -> dict[str, bytes]:
    """The parts of a bundle and its manifest.

    Args:
        about: What the manifest says besides format and checksums.
        parts: The other parts.
    """
    sums = {
        name: {'bytes': len(part), 'sha256': sha256(part)}
        for name, part in parts.items()
    }
    document = {'format': FORMAT, **about, 'parts': sums}
    return {MANIFEST: to_json(document), **parts}


def check_manifest(parts: Mapping[str, bytes]) -> dict[str, Any]:
    """The manifest of these parts.

    Raises:
        ValueError: If a part is not what the manifest says, or it is none.
    """
    document = parse_json(parts[MANIFEST], MANIFEST)
    found = document.get('format') if isinstance(document, dict) else None
    if found != FORMAT:
        raise ValueError(
            f'`{MANIFEST}`: `format` must be {FORMAT!r}, but is '
            f'{shortened(found)}; is the bundle of a later mmuldor?'
        )
    _check_sums(document.get('parts'), parts)
    source = document.get('source')
    names = ('config', 'checkpoint', 'calibration')
    if not isinstance(source, dict) or set(source) != set(names):
        raise ValueError(
            f'`{MANIFEST}`: `source` must hold {", ".join(names)}, but is '
            f'{shortened(source)}'
        )
    for name in names:
        if source[name] is None and name == 'calibration':
            continue
        _check_file(name, source[name])
    if (source['calibration'] is None) != (CALIBRATION not in parts):
        raise ValueError(
            f'`{MANIFEST}`: `source.calibration` must be that of '
            f'`{CALIBRATION}`, of which only one is there'
        )
    return document


def _check_sums(sums: Any, parts: Mapping[str, bytes]) -> None:
    others = {name for name in parts if name != MANIFEST}
    if not isinstance(sums, dict) or set(sums) != others:
        raise ValueError(
            f'`{MANIFEST}`: `parts` must name {", ".join(sorted(others))}, '
            f'but is {shortened(sums)}'
        )
    for name in sorted(others):
        found = {'bytes': len(parts[name]), 'sha256': sha256(parts[name])}
        if sums[name] != found:
            raise ValueError(
                f'`{name}` must be {shortened(sums[name])}, as `{MANIFEST}` '
                f'says, but its SHA-256 is {found["sha256"]}'
            )


def _check_file(name: str, value: Any) -> None:
    if (
        not isinstance(value, dict)
        or set(value) != {'name', 'sha256'}
        or not isinstance(value['name'], str)
        or len(value['name']) > 255
        # It is a line of infer.log.
        or not value['name'].isprintable()
        or not _SHA256.fullmatch(str(value['sha256']))
    ):
        raise ValueError(
            f'`{MANIFEST}`: `source.{name}` must hold a name and a SHA-256, '
            f'but is {shortened(value)}'
        )
