"""Write the lesions of a scan to files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mmuldor.scans.dicom.segmentation import write_segmentation
from mmuldor.scans.label_map import label_map
from mmuldor.scans.lesion_figure import lesion_figure
from mmuldor.scans.lesion_files import write_lesions_csv, write_lesions_json
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.nifti import write_label_nifti
from mmuldor.scans.viewer.page import write_volume_page
from mmuldor.scans.volume import Volume
from mmuldor.visualization.panels import save_figure

# Wraps the items of a loop; gets them, their number and a description.
Progress = Callable[[Iterable, int, str], Iterable]


def write_outputs(
    folder: str | os.PathLike,
    lesions: Sequence[Lesion],
    volume: Volume,
    notes: Sequence[str] = (),
    *,
    max_figures: int = 20,
    progress: Progress = lambda items, total, text: items,
) -> list[str]:
    """Write the lesions of a scan to all output files.

    Writes ``lesions.json``, ``lesions.csv``, ``labels.nii.gz`` (on the grid
    of the scan; 1 is the first lesion), ``lesion_001.png`` and so on, and
    ``report.html`` (the volume with its lesions, for a browser). For a DICOM
    series it also writes ``lesions.dcm``, a Segmentation object.

    Args:
        folder: Output folder; created if missing.
        lesions: The lesions, the highest-scoring one first.
        volume: The scan.
        notes: What was repaired in the scan.
        max_figures: Maximum number of lesion figures.
        progress: Wraps the items of long loops.

    Returns:
        The notes, and further ones on what was left out of a file.
    """
    folder, notes = Path(folder), list(notes)
    folder.mkdir(parents=True, exist_ok=True)
    drawn = list(enumerate(lesions[:max_figures], start=1))
    for number, lesion in progress(drawn, len(drawn), 'drawing'):
        figure = lesion_figure(lesion, volume, number)
        save_figure(figure, folder / f'lesion_{number:03d}.png')
    labels = label_map(lesions, volume)
    write_label_nifti(folder / 'labels.nii.gz', labels, volume)
    del labels
    if volume.dicom_headers:
        notes += write_segmentation(folder / 'lesions.dcm', lesions, volume)
    write_volume_page(
        folder / 'report.html',
        lesions,
        volume,
        notes,
        progress=lambda items, total: progress(items, total, 'writing report'),
    )
    write_lesions_csv(folder / 'lesions.csv', lesions)
    # The last file: if it exists, all others do.
    write_lesions_json(folder / 'lesions.json', lesions, volume, notes)
    return notes
