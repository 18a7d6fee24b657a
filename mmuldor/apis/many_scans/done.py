"""Whether a scan was done before, by what its results state."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmuldor.io.json_files import read_json
from mmuldor.io.paths import LESIONS_NAME

# What the same lesions may be found with.
_MAY_DIFFER = (
    *('mmdet', 'mmengine', 'mmcv', 'torch', 'python'),
    *('device', 'operators', 'batch_size', 'crop_to_body'),
)
# Files of every scan beside lesions.json.
_OTHERS = ('lesions.csv', 'labels.nii.gz', 'report.html', 'infer.log')


def lesions_if_done(
    folder: str | os.PathLike,
    scan: str | os.PathLike,
    expected: Mapping[str, Any],
) -> int | None:
    """Number of lesions in a folder if it holds the results of this scan.

    Args:
        folder: Output folder of the scan.
        scan: The scan.
        expected: Provenance that the results would have now. Other versions
            of libraries, devices and names of files do not matter.

    Returns:
        None if the results are missing or not whole, of another scan or of
        files that have changed since, or found by another model or with other
        settings.
    """
    folder = Path(folder)
    if not all((folder / name).is_file() for name in (LESIONS_NAME, *_OTHERS)):
        return None
    try:
        document = read_json(folder / LESIONS_NAME)
        found, source = document['provenance'], document['source']
        number = len(document['lesions'])
    except (ValueError, OSError, LookupError, TypeError):
        return None
    if not isinstance(found, dict) or not isinstance(source, str):
        return None
    if os.path.realpath(source) != os.path.realpath(scan):
        return None
    # As JSON has it: tuples are lists, for example.
    for key, value in json.loads(json.dumps(expected)).items():
        either = found.get(key)
        # A bundle and the files that it was made of find the same.
        if key == 'bundle' and None in (value, either):
            continue
        if key not in _MAY_DIFFER and _what(either) != _what(value):
            return None
    return number


def model_key(provenance: Mapping[str, Any]) -> str:
    """What the lesions of a scan depend on beside the scan, as SHA-256.

    Args:
        provenance: Of a :class:`mmuldor.apis.scan_inference.ScanInference`.
            Versions, devices and names of files make no difference.
    """
    facts = {
        key: _what(value)
        for key, value in provenance.items()
        if key not in (*_MAY_DIFFER, 'mmuldor')
    }
    text = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _what(value: Any) -> Any:
    """A file is known by its hash, not by its name."""
    if isinstance(value, dict) and 'sha256' in value:
        return value['sha256']
    return value
