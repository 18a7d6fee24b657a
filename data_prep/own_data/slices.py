"""Convert 16-bit PNG slices with COCO boxes to the layout of DeepLesion."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmuldor.io.categories import left_out_text
from mmuldor.io.json_files import write_json_files
from mmuldor.io.paths import existing_folder

from ..common.fold_splits import FoldLesion, check_fold
from ..common.output_folder import atomic_folder
from ..common.progress import Progress, no_progress
from .coco_boxes import CocoImage, read_coco_boxes
from .coco_documents import (
    FRAME,
    IMAGES_NAME,
    SPLIT_NAMES,
    UNKNOWN_TYPE,
    annotation,
    empty_documents,
    truth_entry,
)
from .convert_slice import Slice, convert_image, read_hu
from .options import AUTO, YES, SliceOptions, as_json
from .patient_names import guess_patients
from .patients import Patients, plain_name, split_patients, stated_patients
from .report import OwnDataReport
from .series import check_targets, unrelated_folders


def convert_slices(
    images: str | os.PathLike,
    coco: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    options: SliceOptions | None = None,
    progress: Progress = no_progress,
) -> OwnDataReport:
    """Converts and writes; see `slices_to_coco.py --help`.

    Raises:
        FileNotFoundError: A folder, a file or an image is missing.
        FileExistsError: `out` holds something.
        ValueError: A file, an entry or an option is wrong.
    """
    options = options or SliceOptions()
    check_fold(options.folds, options.fold)
    folder = existing_folder(images, '`--images`')
    if len(coco) not in (1, len(SPLIT_NAMES)):
        raise ValueError(
            '`--coco` must be one file, or three for train, val and test, '
            f'but got {len(coco)}.'
        )
    files = [read_coco_boxes(path, options.lesion_category) for path in coco]
    given = dict(zip(SPLIT_NAMES, files, strict=True)) if files[1:] else {}
    report = OwnDataReport()
    report.facts['options'] = as_json(options)
    listed = [image for file in files for image in file]
    known = _known_patients(listed, options)
    listed = _sorted_out(listed, known.of_file, folder, options, report)
    check_targets(listed)
    patients = _all_patients(listed, known, given, options, report)
    with atomic_folder(out) as temporary:
        target = temporary / IMAGES_NAME
        found = [
            convert_image(image, folder, target, options, report)
            for image in progress('converting', len(listed), listed)
        ]
        splits = _splits(found, patients, options, report)
        content = _files(found, patients, splits, report)
        _say_what_was_left(found, report)
        report.documents = {
            split: content[f'{split}.json'] for split in SPLIT_NAMES
        }
        sources = Counter(x.source for one in found for x in one.lesions)
        report.facts['diameters_from'] = dict(sources)
        content = {'report.json': report.as_dict(), **content}
        write_json_files(
            {temporary / name: value for name, value in content.items()},
            {temporary / 'report.json': 1},
        )
    return report


def _say_what_was_left(found: Sequence[Slice], report: OwnDataReport) -> None:
    """Counts of boxes that are no lesions, for the report."""
    left_out: Counter[str] = Counter()
    for one in found:
        left_out.update(one.image.left_out)
    report.facts['left_out'] = dict(left_out)
    if left_out:
        report.note(
            'left out',
            'categories',
            f'boxes of other categories: {left_out_text(left_out)}',
        )
    crowds = sum(len(one.crowds) for one in found)
    report.facts['ignored_regions'] = crowds
    if crowds:
        report.note(
            'ignored regions',
            'crowds',
            f'{crowds} boxes with `iscrowd` are neither lesion nor background',
        )


def _known_patients(
    listed: Sequence[CocoImage], options: SliceOptions
) -> Patients:
    """The patients that a table, a pattern or the COCO file states."""
    names = {image.file_name: plain_name(image.file_name) for image in listed}
    stated = stated_patients(
        options.patients, options.patient_from, list(names.values())
    )
    if stated is None:
        keys = {image.file_name: image.patient for image in listed}
        return Patients({file: p for file, p in keys.items() if p is not None})
    of_file = {file: stated.of_file[name] for file, name in names.items()}
    return Patients(of_file, stated.splits)


def _sorted_out(
    listed: Sequence[CocoImage],
    known: Mapping[str, str],
    folder: Path,
    options: SliceOptions,
    report: OwnDataReport,
) -> list[CocoImage]:
    """The images, those of folders that are no series on their own."""
    if options.series == YES:
        return list(listed)
    unrelated = dict.fromkeys(
        (image.number[0] for image in listed if image.number), ''
    )
    if options.series == AUTO:
        unrelated = unrelated_folders(
            *(listed, known, folder),
            (lambda path: read_hu(path, options))
            if options.neighbours
            else None,
        )
    count: Counter[str] = Counter()
    images = []
    for image in listed:
        if image.number is not None and image.number[0] in unrelated:
            count[image.number[0]] += 1
            image = replace(image, in_series=False)
        images.append(image)
    for name, number in count.items():
        if unrelated[name] and number > 1:
            report.note(
                'images without a folder' if name == '.' else name,
                'no series',
                f'{number} numbered images are not taken for neighbouring '
                f'slices of one scan, since {unrelated[name]}: each is a '
                'slice on its own. `--series yes` takes them for one scan',
            )
    single = sum(image.series is None for image in images)
    report.facts['single_slices'] = single
    return images


def _all_patients(
    listed: Sequence[CocoImage],
    known: Patients,
    given: Mapping[str, Sequence[CocoImage]],
    options: SliceOptions,
    report: OwnDataReport,
) -> Patients:
    """The patients that are known and those of other names; their splits."""
    unknown = [i for i in listed if i.file_name not in known.of_file]
    names = {i.file_name: plain_name(i.file_name) for i in unknown}
    numbered = [i for i in unknown if i.number is not None]
    guessed, notes = guess_patients(
        list(names.values()),
        {names[i.file_name] for i in numbered if i.in_series},
        {names[i.file_name] for i in numbered if not i.in_series},
    )
    for text in notes:
        report.note('patients', 'patients', text)
    of_file = {file: guessed[name] for file, name in names.items()}
    patients = Patients({**of_file, **known.of_file}, known.splits)
    patients.check_shares(options.split, options.folds)
    return _with_given(patients, given, options)


def _with_given(
    patients: Patients,
    given: Mapping[str, Sequence[CocoImage]],
    options: SliceOptions,
) -> Patients:
    """The patients with the splits of three files, where these are given."""
    if not given:
        return patients
    chosen = (patients.splits, options.split, options.folds)
    if any(choice is not None for choice in chosen):
        raise ValueError(
            '`--coco` with three files gives the splits: leave out `--split`, '
            '`--folds` and the column split.'
        )
    dealt: dict[str, str] = {}
    for split, images in given.items():
        for image in images:
            patient = patients.of_file[image.file_name]
            if dealt.setdefault(patient, split) != split:
                raise ValueError(
                    f'{image.where}: patient {patient!r} must be in one '
                    f'split, but is in {dealt[patient]} and {split}. Where '
                    'folders and names mislead, `--patients` or '
                    '`--patient-from` name the patients.'
                )
    return Patients(patients.of_file, dealt)


def _splits(
    found: Sequence[Slice],
    patients: Patients,
    options: SliceOptions,
    report: OwnDataReport,
) -> Mapping[str, str]:
    images = [patients.of_file[one.image.file_name] for one in found]
    lesions = [
        FoldLesion(
            patient,
            lesion.recist_px.ravel(),
            one.facts['spacing_mm'],
            UNKNOWN_TYPE,
        )
        for patient, one in zip(images, found, strict=True)
        for lesion in one.lesions
    ]
    if not lesions:
        raise ValueError('the COCO files must hold boxes, but have none.')
    return split_patients(
        lesions, images, set(images), patients, options, report
    )


def _files(
    found: Sequence[Slice],
    patients: Patients,
    splits: Mapping[str, str],
    report: OwnDataReport,
) -> dict[str, Any]:
    """Content by file name."""
    documents = empty_documents('slices', report.folds)
    truth: list[dict[str, Any]] = []
    number = 0
    for image_id, one in enumerate(found, start=1):
        patient = patients.of_file[one.image.file_name]
        document = documents[splits[patient]]
        document['images'].append(
            {
                'id': image_id,
                **one.facts,
                'patient': patients.numbers[patient],
            }
        )
        for lesion in (*one.lesions, *one.crowds):
            number += 1
            entry = annotation(
                *(number, image_id, lesion.box_px, lesion.recist_px),
                recist_from=lesion.source,
                iscrowd=int(lesion in one.crowds),
            )
            document['annotations'].append(entry)
            if lesion.mask is not None and lesion not in one.crowds:
                truth.append(
                    truth_entry(one.facts['file_name'], entry, lesion.mask)
                )
    content = {f'{split}.json': d for split, d in documents.items()}
    # Readers of true masks need one of each lesion.
    if len(truth) == sum(len(one.lesions) for one in found):
        info = {'source': 'slices_to_coco', 'frame': FRAME}
        content['truth.json'] = {'info': info, 'lesions': truth}
    return content
