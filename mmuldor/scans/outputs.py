"""Write the lesions of a scan to files."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from mmuldor.io.file_set import NewSet, replacing_set
from mmuldor.io.paths import LESIONS_NAME
from mmuldor.io.progress import Progress, no_progress
from mmuldor.scans.dicom.report.report import write_report
from mmuldor.scans.dicom.segmentation import write_segmentation
from mmuldor.scans.label_map import label_map
from mmuldor.scans.lesion_figure import lesion_figure
from mmuldor.scans.lesion_files import (
    lesion_records,
    write_lesions_csv,
    write_lesions_json,
    write_log,
)
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.nifti import write_label_nifti
from mmuldor.scans.slicer.markups import write_markups
from mmuldor.scans.viewer.page import write_volume_page
from mmuldor.scans.volume import Volume
from mmuldor.visualization.panels import save_figure

# Called when all but the last files are written, since it states a duration;
# before that for the page and the report, which state none.
Provenance = Callable[[], Mapping[str, Any]]

# Lesions in a report and in markups, which people look through. Of 200 a
# report takes 3 s to write, and markups are 600 nodes in 3D Slicer.
MAX_REPORTED = 200

# Names of all other files of a scan that were ever written.
_NAMES = re.compile(
    r'infer\.log|lesions\.csv|labels\.nii\.gz|report\.html'
    r'|lesions\.dcm|lesions_sr\.dcm|lesions\.mrk\.json'
    r'|lesion_[0-9]{3,}\.png'
)


def is_output(name: str) -> bool:
    """Whether a file of this name in an output folder is one of ours."""
    return name == LESIONS_NAME or _NAMES.fullmatch(name) is not None


@contextlib.contextmanager
def replacing_outputs(folder: str | os.PathLike) -> Iterator[NewSet]:
    """A place for the files of a scan, which replace those in `folder`.

    See :func:`mmuldor.io.file_set.replacing_set`: a killed process leaves the
    files of the last scan, those of the new one, or no ``lesions.json``.
    Files with other names are not touched.
    """
    with replacing_set(folder, LESIONS_NAME, is_output) as new:
        yield new


def check_output_folder(
    folder: str | os.PathLike, scan: str | os.PathLike
) -> None:
    """Raise ValueError if outputs would mix with the files of a scan."""
    out, source = (Path(os.path.realpath(path)) for path in (folder, scan))
    if out == source or out in source.parents:
        problem = f'holds the scan {str(scan)!r}'
    elif source in out.parents:
        problem = f'lies in the folder of the scan {str(scan)!r}'
    else:
        return
    raise ValueError(
        'the results must go into a folder of their own, but '
        f'{str(folder)!r} {problem}. Name another one.'
    )


def write_outputs(
    folder: str | os.PathLike,
    lesions: Sequence[Lesion],
    volume: Volume,
    notes: Sequence[str] = (),
    *,
    provenance: Provenance | None = None,
    max_figures: int = 20,
    progress: Progress = no_progress,
) -> list[str]:
    """Write the lesions of a scan to all output files of a folder.

    They replace those of another scan; see :func:`replacing_outputs`, and
    :func:`write_new_outputs` for the files.

    Args:
        folder: Output folder; created if missing.
        lesions, volume, notes, provenance, max_figures, progress: As of
            :func:`write_new_outputs`.

    Returns:
        The notes, and further ones on what was left out of a file.
    """
    with replacing_outputs(folder) as new:
        return write_new_outputs(
            *(new, lesions, volume, notes),
            provenance=provenance,
            max_figures=max_figures,
            progress=progress,
        )


def write_new_outputs(
    new: NewSet,
    lesions: Sequence[Lesion],
    volume: Volume,
    notes: Sequence[str] = (),
    *,
    provenance: Provenance | None = None,
    max_figures: int = 20,
    truth_mm: ArrayLike | None = None,
    progress: Progress = no_progress,
) -> list[str]:
    """Write the lesions of a scan to all output files.

    Writes ``lesions.json``, ``lesions.csv``, ``labels.nii.gz`` (on the grid
    of the scan; 1 is the first lesion), ``lesions.mrk.json`` (markups for 3D
    Slicer), ``lesion_001.png`` and so on, and ``report.html`` (the volume with
    its lesions, for a browser). For a DICOM series it also writes
    ``lesions.dcm``, a Segmentation object, and ``lesions_sr.dcm``, a
    Structured Report. ``infer.log`` has what was run, noted and found.

    Args:
        new: From :func:`replacing_outputs`.
        lesions: The lesions, the highest-scoring one first.
        volume: The scan.
        notes: What was repaired in the scan.
        provenance: What the detector was, for JSON, CSV and log; see
            :mod:`mmuldor.apis.provenance`.
        max_figures: Maximum number of lesion figures.
        truth_mm: Boxes of true lesions for the page; see
            :func:`mmuldor.scans.viewer.page.write_volume_page`.
        progress: Wraps the items of long loops.

    Returns:
        The notes, and further ones on what was left out of a file.
    """
    folder, notes = new.folder, list(notes)
    drawn = list(enumerate(lesions[:max_figures], start=1))
    for number, lesion in progress(drawn, len(drawn), 'drawing'):
        figure = lesion_figure(lesion, volume, number)
        save_figure(figure, folder / f'lesion_{number:03d}.png')
    labels = label_map(lesions, volume)
    notes += write_label_nifti(folder / 'labels.nii.gz', labels, volume)
    del labels
    facts = None if provenance is None else provenance()
    notes += write_reports(folder, lesions, volume, facts or {})
    write_volume_page(
        folder / 'report.html',
        lesions,
        volume,
        notes,
        provenance=facts,
        truth_mm=truth_mm,
        progress=lambda items, total: progress(items, total, 'writing report'),
    )
    facts = None if provenance is None else provenance()
    write_lesions_csv(folder / 'lesions.csv', lesions, volume, facts)
    write_log(folder / 'infer.log', lesions, volume, notes, facts)
    write_lesions_json(new.marker, lesions, volume, notes, facts)
    return notes


def write_reports(
    folder: Path,
    lesions: Sequence[Lesion],
    volume: Volume,
    facts: Mapping[str, Any],
) -> list[str]:
    """Write what other programs show: markups and DICOM.

    Args:
        folder: Where ``lesions.mrk.json`` goes, and of a DICOM series
            ``lesions.dcm`` and ``lesions_sr.dcm``.
        lesions: The lesions, the highest-scoring one first.
        volume: The scan.
        facts: What the detector was, for the report.

    Returns:
        Notes on what was left out.
    """
    notes = []
    records = lesion_records(lesions, volume)
    reported = records[:MAX_REPORTED]
    if len(reported) < len(records):
        both = 'lesions_sr.dcm and ' if volume.dicom_headers else ''
        notes.append(
            f'{both}lesions.mrk.json: the {MAX_REPORTED} highest-scoring of '
            f'{len(records)} lesions'
        )
    write_markups(folder / 'lesions.mrk.json', reported, volume)
    if volume.dicom_headers:
        segmentation = folder / 'lesions.dcm'
        notes += write_segmentation(segmentation, lesions, volume)
        notes += write_report(
            *(folder / 'lesions_sr.dcm', reported, volume, segmentation),
            found=len(records),
            parameters=_parameters(facts),
        )
    return notes


def _parameters(facts: Mapping[str, Any]) -> list[str]:
    """What a report says of the settings, one text each."""
    texts = []
    if facts.get('score_thr') is not None:
        texts.append(f'score_thr {facts["score_thr"]:g}')
    for key in ('config', 'checkpoint', 'calibration'):
        if facts.get(key):
            texts.append(f'{key} sha256 {facts[key]["sha256"]}')
    return texts
