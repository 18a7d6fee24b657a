"""Convert NIfTI volumes with masks to slices, annotations and 3-D boxes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmuldor.io.json_files import write_json_files
from mmuldor.io.volume_annotations import FRAME

from ..common.fold_splits import FoldLesion, check_fold
from ..common.output_folder import atomic_folder
from ..common.progress import Progress, no_progress
from .coco_documents import FRAME as PIXEL_FRAME
from .coco_documents import (
    IMAGES_NAME,
    UNKNOWN_TYPE,
    annotation,
    empty_documents,
    truth_entry,
    with_margin,
)
from .convert_volume import ConvertedVolume, convert_volume
from .find_volumes import find_volumes_with_masks
from .options import VolumeOptions, as_json
from .patient_names import guess_volume_patients
from .patients import Patients, split_patients, stated_patients
from .report import OwnDataReport


def convert_volumes(
    images: str | os.PathLike,
    masks: str | os.PathLike,
    out: str | os.PathLike,
    options: VolumeOptions | None = None,
    progress: Progress = no_progress,
) -> OwnDataReport:
    """Converts and writes; see `volumes_to_coco.py --help`.

    Raises:
        FileNotFoundError: Folder, mask or table of patients missing.
        FileExistsError: `out` holds something.
        ValueError: A file or an option is wrong, or no lesion is found.
    """
    options = options or VolumeOptions()
    pairs = find_volumes_with_masks(images, masks)
    report = OwnDataReport()
    patients = _patients(list(pairs), options, report)
    check_fold(options.folds, options.fold)
    patients.check_shares(options.split, options.folds)
    report.facts['options'] = as_json(options)
    with atomic_folder(out) as folder:
        found = []
        for name in progress('converting', len(pairs), pairs):
            try:
                found.append(
                    convert_volume(
                        *(name, *pairs[name]),
                        folder / IMAGES_NAME,
                        options,
                        report,
                    )
                )
            except ValueError as error:
                if options.bad_volumes != 'drop':
                    raise
                report.drop(name, str(error))
            _check_labels(report.labels, options)
        _say_left_labels(report, options)
        splits = _splits(found, patients, options, report)
        files = _files(found, patients, splits, options, report)
        write_json_files(
            {folder / name: content for name, content in files.items()},
            {folder / 'report.json': 1, folder / 'volumes.json': 1},
        )
    return report


def _patients(
    names: Sequence[str], options: VolumeOptions, report: OwnDataReport
) -> Patients:
    stated = stated_patients(options.patients, options.patient_from, names)
    if stated is not None:
        return stated
    guessed, notes = guess_volume_patients(names)
    for text in notes:
        report.note('patients', 'patients', text)
    return Patients(guessed)


def _check_labels(labels: Mapping[int, int], options: VolumeOptions) -> None:
    """Ask which labels are lesions as soon as there are two."""
    if options.labels or options.all_labels or options.instances:
        return
    if len(labels) > 1:
        listed = ', '.join(
            f'{value} (in {count} so far)'
            for value, count in sorted(labels.items())[:9]
        )
        example = max(labels)
        raise ValueError(
            f'the masks have several labels: {listed}. Which are lesions? '
            f'Name them, as in `--labels {example}`, or say `--all-labels`; '
            'with `--instances` each label is one lesion.'
        )


def _say_left_labels(report: OwnDataReport, options: VolumeOptions) -> None:
    kept = options.labels or report.labels
    found = sorted(report.labels.items())
    left_out = {label: masks for label, masks in found if label not in kept}
    report.facts['left_out_labels'] = left_out
    if left_out:
        listed = ', '.join(f'{k} in {n} masks' for k, n in left_out.items())
        report.note('left out', 'labels', f'other labels: {listed}')


def _splits(
    found: Sequence[ConvertedVolume],
    patients: Patients,
    options: VolumeOptions,
    report: OwnDataReport,
) -> Mapping[str, str]:
    """The split of each patient; ValueError where there is no lesion."""
    if not any(volume.lesions for volume in found):
        raise ValueError(
            f'the masks must hold lesions, but none of {len(found)} does. '
            'Are `--labels` the values of lesions?'
        )
    of = patients.of_file
    lesions = [
        FoldLesion(
            of[volume.name],
            measured.recist_px.ravel(),
            volume.spacing_mm[:2],
            UNKNOWN_TYPE,
        )
        for volume in found
        for slices in volume.measurements.values()
        for _, measured in slices
    ]
    images = [of[v.name] for v in found for _ in v.measurements]
    everyone = {of[volume.name] for volume in found}
    return split_patients(lesions, images, everyone, patients, options, report)


def _files(
    found: Sequence[ConvertedVolume],
    patients: Patients,
    splits: Mapping[str, str],
    options: VolumeOptions,
    report: OwnDataReport,
) -> dict[str, Any]:
    """Content by file name."""
    documents = empty_documents('volumes', report.folds)
    volumes, truth = [], []
    numbers = patients.numbers
    for number, volume in enumerate(found, start=1):
        patient = patients.of_file[volume.name]
        split = splits[patient]
        volumes.append(
            {
                'id': number,
                'name': volume.name,
                'file': str(volume.path.resolve()),
                'patient': numbers[patient],
                'patient_name': patient,
                'split': split,
                'shape': list(volume.shape),
                'spacing_mm': list(volume.spacing_mm),
                'affine_lps': volume.affine.tolist(),
                'lesions': volume.lesions,
            }
        )
        truth += _add(
            documents[split],
            volume,
            numbers[patient],
            options,
            (
                sum(len(d['images']) for d in documents.values()),
                len(truth),
            ),
        )
    report.documents = documents
    return {
        'report.json': report.as_dict(),
        'volumes.json': {'info': {'frame': FRAME}, 'volumes': volumes},
        'truth.json': {
            'info': {'source': 'volumes_to_coco', 'frame': PIXEL_FRAME},
            'lesions': truth,
        },
        **{f'{split}.json': d for split, d in documents.items()},
    }


def _add(
    document: dict[str, Any],
    volume: ConvertedVolume,
    patient: int,
    options: VolumeOptions,
    ids: tuple[int, int],
) -> list[dict[str, Any]]:
    """Add a volume's key slices; returns its entries of truth.json.

    The last ids of images and annotations that were given away are `ids`.
    """
    image_id, number = ids
    _, height, width = volume.shape
    truth = []
    # From the head, as the files count.
    for index in sorted(volume.measurements, reverse=True):
        image_id += 1
        name = f'{volume.name}/{volume.number(index):03d}.png'
        document['images'].append(
            {
                'id': image_id,
                'file_name': name,
                'height': height,
                'width': width,
                'spacing_mm': list(volume.spacing_mm[:2]),
                'slice_interval_mm': volume.spacing_mm[2],
                'key_slice': volume.number(index),
                'slice_range': volume.ranges[index],
                'patient': patient,
                'window_hu': list(options.window_hu),
            }
        )
        for lesion, measured in volume.measurements[index]:
            number += 1
            box = with_margin(
                measured.mask.box_px, options.box_margin_px, height, width
            )
            entry = annotation(
                number, image_id, box, measured.recist_px, lesion=lesion
            )
            document['annotations'].append(entry)
            mask = np.zeros((height, width), dtype=bool)
            measured.mask.paint(mask)
            truth.append(truth_entry(name, entry, mask))
    return truth
