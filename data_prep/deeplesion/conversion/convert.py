"""DL_info.csv and its images to train.json, val.json, test.json, report.json.

Nothing is written before every row and every image has been judged.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmuldor.io.csv_fields import RowError
from mmuldor.io.json_files import write_json_files
from mmuldor.io.paths import out_folder

from ...common.dl_info import (
    LesionRow,
    RawRow,
    git_hash,
    iterate_rows,
    parse_name,
    parse_row,
    read_bytes,
)
from ...common.fold_splits import FoldLesion, check_fold, deal_folds
from ...common.progress import Progress, no_progress
from .coco_documents import add_masks, make_documents
from .conversion_report import DeepLesionReport, describe
from .cross_row_checks import ImageConsistency, check_dataset
from .image_checks import match_images
from .row_checks import RowFinding, check_lesion, repair_lesion
from .split_file import SplitFile

_SHOWN = 3


@dataclass(frozen=True)
class Options:
    """Choices of the command line.

    Attributes:
        missing_images: error, skip or keep.
        bad_rows: error or drop.
        split_file: the user's own split, or None.
        neighbours: slices checked on each side of a key slice.
        workers: threads that check images.
        masks: whether annotations get pseudo masks.
        mask_grow_px: for them, diameters are longer by this at each end.
        mask_offset_px: for them, diameters are moved by x, y.
        folds: number of folds of a cross-validation, None for none.
        fold: the tested one, from 0.
        seed: of the draw of folds.
    """

    missing_images: str = 'error'
    bad_rows: str = 'error'
    split_file: str | os.PathLike | None = None
    neighbours: int = 1
    workers: int = 8
    masks: bool = False
    mask_grow_px: float = 0.0
    mask_offset_px: Sequence[float] = (0.0, 0.0)
    folds: int | None = None
    fold: int | None = None
    seed: int = 0


def convert(
    csv_path: str | os.PathLike,
    images: str | os.PathLike | None,
    out: str | os.PathLike,
    options: Options | None = None,
    progress: Progress = no_progress,
) -> DeepLesionReport:
    """Converts and writes; see `deeplesion_to_coco.py --help`.

    Args:
        csv_path: DL_info.csv.
        images: Images_png or its parent; None only where missing images are
            kept.
        out: folder for the four files.
        options: see `Options`.
        progress: wraps the loops.

    Raises:
        FileNotFoundError: CSV, folder, split file or images missing.
        ValueError: damaged CSV or images; names file, row and column.
    """
    options = options or Options()
    _check_split_options(options)
    csv_path, out = Path(csv_path), out_folder(out)
    data = read_bytes(csv_path)
    report = DeepLesionReport(csv_path.name, git_hash(data))
    rows, image_ids = _read_rows(data, report, options, progress)
    rows = match_images(
        rows,
        images,
        report,
        missing_images=options.missing_images,
        neighbours=options.neighbours,
        workers=options.workers,
        progress=progress,
    )
    if not rows:
        raise ValueError(
            f'{csv_path}: no row is left of {report.rows}; dropped: '
            f'{report.counts()["dropped"]}.'
        )
    rows = _deal(rows, options, report)
    for row, finding in check_dataset(rows):
        report.add(row.raw, finding)
    report.documents = make_documents(rows, image_ids, report)
    files = {out / 'report.json': report.as_dict()}
    for split, document in report.documents.items():
        if options.masks:
            add_masks(document, options.mask_grow_px, options.mask_offset_px)
        files[out / f'{split}.json'] = document
    write_json_files(files, indents={out / 'report.json': 1})
    return report


def _check_split_options(options: Options) -> None:
    check_fold(options.folds, options.fold)
    if options.folds is not None and options.split_file is not None:
        raise ValueError(
            '`--folds` and `--split-file` must not be given together, for '
            'either makes the splits. Leave out one of the two.'
        )


def _deal(
    rows: list[LesionRow], options: Options, report: DeepLesionReport
) -> list[LesionRow]:
    """The rows with the splits of a fold, where folds are wanted."""
    if options.folds is None or options.fold is None:
        return rows
    report.folds = deal_folds(
        [
            FoldLesion(
                row.patient, row.recist_px, row.spacing_mm, row.lesion_type
            )
            for row in rows
            if not row.noisy
        ],
        dict((row.file_name, row.patient) for row in rows).values(),
        [row.patient for row in rows],
        options.folds,
        options.fold,
        options.seed,
    )
    splits = report.folds.splits()
    return [
        dataclasses.replace(row, split=splits[row.patient]) for row in rows
    ]


def _read_rows(
    data: bytes, report: DeepLesionReport, options: Options, progress: Progress
) -> tuple[list[LesionRow], dict[str, int]]:
    """Checks every row; returns the good ones and the id of every image."""
    splits = SplitFile(options.split_file) if options.split_file else None
    facts, image_ids, bad, rows = ImageConsistency(), {}, [], []
    lines = data.count(b'\n') - data.endswith(b'\n')
    raw_rows = iterate_rows(data, report.csv_name)
    for raw in progress('rows', lines, raw_rows):
        report.rows += 1
        _number_image(raw, image_ids)
        row, findings = _check_row(
            raw, facts, splits, with_split=not (splits or options.folds)
        )
        for finding in findings:
            report.add(raw, finding)
        bad += [
            (raw, finding) for finding in findings if finding.kind == 'bad'
        ]
        if row is not None:
            rows.append(row)
    # The release's own oddities are facts: its users cannot repair them.
    if bad and options.bad_rows == 'error' and not report.official:
        raise ValueError(_bad_rows_message(bad, report))
    if splits is not None:
        splits.check_all_used()
    return rows, image_ids


def _number_image(raw: RawRow, image_ids: dict[str, int]) -> None:
    """Images count from 1 by first appearance, dropped rows included."""
    try:
        file_name = parse_name(raw.csv_name)
    except RowError:
        # The checks reject the row for its name.
        return
    image_ids.setdefault(file_name, len(image_ids) + 1)


def _check_row(
    raw: RawRow,
    facts: ImageConsistency,
    splits: SplitFile | None,
    with_split: bool,
) -> tuple[LesionRow | None, list[RowFinding]]:
    """Returns the row to keep, or None, and what is to be reported."""
    try:
        row = parse_row(raw, with_split)
    except RowError as error:
        finding = RowFinding(
            'bad', 'malformed', error.column, error.value, error.must
        )
        return None, [finding]
    findings = list(check_lesion(row))
    row = repair_lesion(row)
    if splits is not None:
        row = dataclasses.replace(row, split=splits.split_of(row))
        if row.split is None:
            findings.append(_not_in_split_file(row))
    if not _fatal(findings):
        findings += facts.check(row)
    fatal = _fatal(findings)
    if fatal:
        # One reason per row, so that the counts add up; bad before drop.
        return None, [min(fatal, key=lambda finding: finding.kind)]
    return facts.accept(row), findings


def _fatal(findings: list[RowFinding]) -> list[RowFinding]:
    return [f for f in findings if f.kind in ('bad', 'drop')]


def _not_in_split_file(row: LesionRow) -> RowFinding:
    return RowFinding(
        'drop',
        'not_in_split_file',
        'Patient_index',
        str(row.patient),
        'the split file does not name it',
    )


def _bad_rows_message(
    bad: list[tuple[RawRow, RowFinding]], report: DeepLesionReport
) -> str:
    ids = {raw.row for raw, _ in bad}
    first = [e for e in report.lists['dropped'] if e['row'] in ids][:_SHOWN]
    shown = '; '.join(describe(report.csv_name, entry) for entry in first)
    more = f'; and {len(ids) - _SHOWN} more' if len(ids) > _SHOWN else ''
    return (
        f'{len(ids)} of {report.rows} rows are bad: {shown}{more}. Repair or '
        'download the file again, or pass `--bad-rows drop` to go on without '
        'them. Nothing was written.'
    )
