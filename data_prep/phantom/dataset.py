"""The plan of a whole dataset, its processes and its files."""

from __future__ import annotations

import csv
import io
import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from mmuldor.io.json_files import replacing, write_json
from mmuldor.io.volume_annotations import FRAME

from ..common.dl_info import COLUMNS
from ..common.progress import Progress, no_progress
from .patient import PatientPlan, PatientRecord, make_patient
from .settings import Settings

CSV_NAME, IMAGES_NAME, TRUTH_NAME = 'DL_info.csv', 'Images_png', 'truth.json'
VOLUMES_NAME = 'volumes.json'
MARKER_NAME = 'PHANTOM.txt'
MARKER = (
    'Synthetic CT slices of no patient, made by mmuldor.\n'
    'truth.json holds the true masks, which the CSV does not.\n'
)
# Key slices of a patient: the number in each of the studies.
STUDIES = ((1,), (2,), (1, 1), (2, 1))
STUDY_SHARES = (0.74, 0.14, 0.08, 0.04)


def plan_patients(counts: Sequence[int], seed: int) -> list[PatientPlan]:
    """Patients with their key slices; a patient is in one split only."""
    rng = np.random.default_rng((seed, 0))
    drafts = []
    for split, count in enumerate(counts, start=1):
        while count:
            studies = STUDIES[rng.choice(len(STUDIES), p=STUDY_SHARES)]
            if sum(studies) > count:
                studies = (1,)
            drafts.append((split, studies))
            count -= sum(studies)
    order = rng.permutation(len(drafts))
    return [PatientPlan(index, *drafts[k]) for index, k in enumerate(order, 1)]


def prepare_folder(out: Path, overwrite: bool) -> None:
    """Make sure that `out` is empty, or an older phantom that may be replaced.

    Raises:
        FileExistsError: If it holds something, and `overwrite` is not set or
            what it holds was not made by this module.
    """
    if out.exists() and not out.is_dir():
        raise FileExistsError(
            f'`out` must be a folder, but {str(out)!r} is a file.'
        )
    if out.is_dir() and any(out.iterdir()):
        if not overwrite:
            raise FileExistsError(
                f'`out` must be empty, but {str(out)!r} holds files. Name '
                'another folder, or add --overwrite to replace an older '
                'phantom.'
            )
        if not (out / MARKER_NAME).is_file():
            raise FileExistsError(
                f'{str(out)!r} holds files and no {MARKER_NAME}, so it is no '
                'phantom and is not overwritten. Name another folder.'
            )
        for name in (CSV_NAME, TRUTH_NAME, VOLUMES_NAME):
            (out / name).unlink(missing_ok=True)
        shutil.rmtree(out / IMAGES_NAME, ignore_errors=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARKER_NAME).write_text(MARKER, encoding='utf-8')


def make_dataset(
    out: Path,
    counts: Sequence[int],
    seed: int,
    settings: Settings,
    *,
    overwrite: bool = False,
    workers: int = 1,
    progress: Progress = no_progress,
) -> dict[str, int]:
    """Write a phantom: slices, DL_info.csv, truth.json and volumes.json.

    Args:
        out: Folder to write to.
        counts: Key slices of train, val and test.
        seed: Of everything; the files depend on it, on `counts` and on
            `settings`, not on `workers`.
        settings: How it looks.
        overwrite: Whether an older phantom in `out` is replaced.
        workers: Processes.
        progress: Wraps the patients while they are made.

    Returns:
        How many patients, images, rows, lesions and confusers there are.
    """
    prepare_folder(out, overwrite)
    plans = plan_patients(counts, seed)
    make = partial(
        make_patient, seed=seed, settings=settings, images=out / IMAGES_NAME
    )
    made = _map(make, plans, workers)
    records = list(progress('Making patients', len(plans), made))
    truth = _truth(records, counts, seed, settings)
    write_json(out / TRUTH_NAME, truth)
    write_json(out / VOLUMES_NAME, _volumes(records))
    # Last, so that a set with a CSV is a whole one.
    _write_csv(out / CSV_NAME, records)
    return {
        'patients': len(plans),
        'images': int(sum(counts)),
        'rows': sum(len(record.rows) for record in records),
        'lesions': len(truth['lesions']),
        'confusers': len(truth['confusers']),
    }


def _map(
    make: Callable, plans: list[PatientPlan], workers: int
) -> Iterator[PatientRecord]:
    """Patients in their order, made by one process or several."""
    if workers <= 1:
        yield from map(make, plans)
        return
    # Spawned, since a progress bar's thread and a fork do not mix.
    context = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(
        workers, context, initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        try:
            yield from pool.map(make, plans)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _truth(
    records: list[PatientRecord],
    counts: Sequence[int],
    seed: int,
    settings: Settings,
) -> dict:
    """truth.json; rows become the data rows of the CSV, from 1."""
    lesions, confusers, before = [], [], 1
    for record in records:
        for lesion in record.lesions:
            row = lesion['row']
            row = None if row is None else row + before
            lesions.append({**lesion, 'row': row})
        confusers += record.confusers
        before += len(record.rows)
    info = {
        'source': 'make_phantom',
        'frame': 'pixel centres at integers',
        'seed': seed,
        'counts': dict(zip(('train', 'val', 'test'), counts, strict=True)),
        'settings': asdict(settings),
    }
    return {'info': info, 'lesions': lesions, 'confusers': confusers}


def _volumes(records: list[PatientRecord]) -> dict:
    """volumes.json: the slices around each key slice, with 3-D boxes."""
    volumes = [volume for record in records for volume in record.volumes]
    return {
        'info': {'frame': FRAME},
        'volumes': [
            {'id': number, **volume}
            for number, volume in enumerate(volumes, start=1)
        ],
    }


def _write_csv(path: Path, records: list[PatientRecord]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(COLUMNS)
    for record in records:
        writer.writerows(row.fields for row in record.rows)
    with replacing(path) as temporary:
        temporary.write_bytes(text.getvalue().encode('utf-8'))
