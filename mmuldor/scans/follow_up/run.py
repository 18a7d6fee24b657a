"""From two results folders to the files of a follow-up."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from datetime import datetime
from importlib import metadata
from typing import Any

from mmuldor import __version__
from mmuldor.io.progress import Progress, no_progress
from mmuldor.scans.follow_up.follow import follow
from mmuldor.scans.follow_up.outputs import write_follow_up
from mmuldor.scans.follow_up.registration import SEED, WORK_UNITS
from mmuldor.scans.follow_up.result import FollowUp, TimePoint
from mmuldor.scans.follow_up.results_folder import read_results
from mmuldor.scans.outputs import check_output_folder

_PACKAGES = ('simpleitk', 'scipy', 'numpy')


def follow_results(
    baseline: str | os.PathLike,
    follow_up: str | os.PathLike,
    out: str | os.PathLike,
    *,
    scans: Sequence[str | os.PathLike | None] = (None, None),
    targets: Sequence[int] | None = None,
    progress: Progress = no_progress,
) -> FollowUp:
    """Follow the lesions of a results folder to those of another one.

    Args:
        baseline: Results folder of the first scan.
        follow_up: Results folder of the second scan.
        out: Folder to write to; created if missing.
        scans: Where the two scans lie now; None for where the results say.
        targets: Numbers of the target lesions of the baseline; by default
            the largest ones by the rules of RECIST 1.1.
        progress: Wraps the steps of long work.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is wrong, or a scan shows no body.
    """
    start = time.monotonic()
    date = datetime.now().astimezone().isoformat(timespec='seconds')
    points: list[TimePoint] = []
    paths = list(zip((baseline, follow_up), scans, strict=True))
    for path, scan in progress(paths, len(paths), 'reading'):
        points.append(read_results(path, scan))
        check_output_folder(out, points[-1].volume.source)
    found = follow(points[0], points[1], targets=targets, progress=progress)

    def provenance() -> dict[str, Any]:
        return {
            'mmuldor': __version__,
            **{name: metadata.version(name) for name in _PACKAGES},
            'python': platform.python_version(),
            'seed': SEED,
            'work_units': WORK_UNITS,
            'date': date,
            'duration_s': round(time.monotonic() - start, 1),
        }

    write_follow_up(out, found, provenance, progress)
    return found
