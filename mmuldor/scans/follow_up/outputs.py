"""Write a follow-up to files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mmuldor.io.file_set import replacing_set
from mmuldor.io.progress import Progress, no_progress
from mmuldor.scans.dicom.report.follow_up import write_follow_up_report
from mmuldor.scans.follow_up.figure import follow_up_figure
from mmuldor.scans.follow_up.files import NAME, write_follow_up_json
from mmuldor.scans.follow_up.result import FollowUp
from mmuldor.scans.follow_up.table import write_follow_up_csv
from mmuldor.scans.viewer.follow_up_page import write_follow_up_page
from mmuldor.visualization.panels import save_figure

# Names of all files of a follow-up beside `NAME` that were ever written.
_NAMES = re.compile(r'follow_up\.(csv|html|dcm|png)')

# Called for the page, and again for the last file, since it states a duration.
Provenance = Callable[[], Mapping[str, Any]]


def is_output(name: str) -> bool:
    """Whether a file of this name in an output folder is one of ours."""
    return name == NAME or _NAMES.fullmatch(name) is not None


def write_follow_up(
    folder: str | os.PathLike,
    found: FollowUp,
    provenance: Provenance = dict,
    progress: Progress = no_progress,
) -> None:
    """Write figure, page, table and, last, ``follow_up.json``.

    If the second scan is a DICOM series also ``follow_up.dcm``, a Structured
    Report, on which notes go into the page and the JSON.

    They replace those of an earlier follow-up as one set; see
    :mod:`mmuldor.io.file_set`. Other files are not touched.

    Args:
        folder: Output folder; created if missing.
        found: The follow-up.
        provenance: What was run, for the JSON.
        progress: Wraps the items of long loops.
    """
    with replacing_set(folder, NAME, is_output) as new:
        notes = write_follow_up_report(new.folder / 'follow_up.dcm', found)
        found = replace(found, notes=[*found.notes, *notes])
        figure = follow_up_figure(found)
        save_figure(figure, new.folder / 'follow_up.png')
        write_follow_up_page(
            new.folder / 'follow_up.html',
            found,
            provenance(),
            progress=lambda items, total: progress(
                items, total, 'writing page'
            ),
        )
        write_follow_up_csv(new.folder / 'follow_up.csv', found)
        write_follow_up_json(new.marker, found, provenance())
