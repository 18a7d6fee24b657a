"""Real data where it is, stand-ins of the same size where it is not.

Real DeepLesion files are looked for under `MMULDOR_REAL_DATA`.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.timing import ROOT
from mmuldor.io.dl_info import iterate_rows, parse_row, read_bytes

# Lesions, images and detections of the real files.
PAIRS, IMAGES, DETECTIONS = 5983, 4817, 86314


def real(name: str) -> Path | None:
    """A file or folder of the real data, None where it is not."""
    default = ROOT.parent / 'shared/data'
    path = Path(os.environ.get('MMULDOR_REAL_DATA', default)) / name
    return path if path.exists() else None


def recist_pairs() -> tuple[np.ndarray, str]:
    """Endpoints (n, 4, 2) in px, pixel centres at integers; and whose."""
    table = real('deeplesion_sample/DL_info.csv')
    if table is not None:
        raw = iterate_rows(read_bytes(table))
        rows = [parse_row(row).recist_px for row in raw]
        return np.array(rows).reshape(-1, 4, 2), 'real'
    rng = np.random.default_rng(0)
    centre = rng.uniform(80, 430, (PAIRS, 1, 2))
    long, share = rng.uniform(5, 40, PAIRS), rng.uniform(0.4, 1, PAIRS)
    angle = rng.uniform(0, np.pi, PAIRS)
    along = np.stack([np.cos(angle), np.sin(angle)], 1) * long[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], 1) * share[:, None]
    arms = np.stack([along, -along, across, -across], 1)
    return centre + arms, 'synthetic'
