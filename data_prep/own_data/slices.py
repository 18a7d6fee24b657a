"""Convert 16-bit PNG slices with COCO boxes to the layout of DeepLesion."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mmuldor.io.json_files import write_json_files
from mmuldor.io.paths import existing_folder

from ..common.output_folder import atomic_folder
from ..common.progress import Progress, no_progress
from .coco_boxes import CocoImage, read_coco_boxes
from .coco_documents import (
    FRAME,
    IMAGES_NAME,
    SPLIT_NAMES,
    annotation,
    empty_documents,
    truth_entry,
)
from .convert_slice import Slice, convert_image
from .options import SliceOptions, as_json
from .patients import Patients, draw_splits, plain_name, read_patients
from .report import OwnDataReport


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
    folder = existing_folder(images, '`--images`')
    if len(coco) not in (1, len(SPLIT_NAMES)):
        raise ValueError(
            '`--coco` must be one file, or three for train, val and test, '
            f'but got {len(coco)}.'
        )
    files = [read_coco_boxes(path) for path in coco]
    given = dict(zip(SPLIT_NAMES, files, strict=True)) if files[1:] else {}
    listed = [image for file in files for image in file]
    _check_unique(listed)
    patients = _patients(listed, given, options)
    report = OwnDataReport()
    report.facts['options'] = as_json(options)
    with atomic_folder(out) as temporary:
        target = temporary / IMAGES_NAME
        found = [
            convert_image(image, folder, target, options, report)
            for image in progress('converting', len(listed), listed)
        ]
        content = _files(found, patients, _splits(found, patients, options))
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


def _check_unique(listed: Sequence[CocoImage]) -> None:
    seen: dict[str, str] = {}
    for image in listed:
        name = image.target
        if name in seen:
            raise ValueError(
                f'{image.where}: every image must come once, but '
                f'{image.file_name!r} also is {seen[name]}.'
            )
        seen[name] = image.where


def _patients(
    listed: Sequence[CocoImage],
    given: Mapping[str, Sequence[CocoImage]],
    options: SliceOptions,
) -> Patients:
    """The patients of images: by the table, their key, or their series."""
    names = {image.file_name: plain_name(image.file_name) for image in listed}
    if options.patients is not None:
        table = read_patients(options.patients, names.values())
        of_file = {file: table.of_file[name] for file, name in names.items()}
        splits = table.splits
    else:
        of_file = {image.file_name: image.patient for image in listed}
        splits = None
    patients = Patients(of_file, splits)
    patients.check_shares(options.split)
    if not given:
        return patients
    if splits is not None or options.split is not None:
        raise ValueError(
            '`--coco` with three files gives the splits: leave out `--split` '
            'and the column split.'
        )
    dealt: dict[str, str] = {}
    for split, images in given.items():
        for image in images:
            patient = of_file[image.file_name]
            if dealt.setdefault(patient, split) != split:
                raise ValueError(
                    f'{image.where}: patient {patient!r} must be in one '
                    f'split, but is in {dealt[patient]} and {split}.'
                )
    return Patients(of_file, dealt)


def _splits(
    found: Sequence[Slice], patients: Patients, options: SliceOptions
) -> Mapping[str, str]:
    def of(slices):
        return {patients.of_file[one.image.file_name] for one in slices}

    with_lesions = of(one for one in found if one.lesions)
    if not with_lesions:
        raise ValueError('the COCO files must hold boxes, but have none.')
    return patients.splits or draw_splits(
        with_lesions, of(found) - with_lesions, options.split, options.seed
    )


def _files(
    found: Sequence[Slice],
    patients: Patients,
    splits: Mapping[str, str],
) -> dict[str, Any]:
    """Content by file name."""
    documents = empty_documents('slices')
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
        for lesion in one.lesions:
            number += 1
            entry = annotation(
                *(number, image_id, lesion.box_px, lesion.recist_px),
                recist_from=lesion.source,
            )
            document['annotations'].append(entry)
            if lesion.mask is not None:
                truth.append(
                    truth_entry(one.facts['file_name'], entry, lesion.mask)
                )
    content = {f'{split}.json': d for split, d in documents.items()}
    # Readers of true masks need one of each lesion.
    if len(truth) == number:
        info = {'source': 'slices_to_coco', 'frame': FRAME}
        content['truth.json'] = {'info': info, 'lesions': truth}
    return content
