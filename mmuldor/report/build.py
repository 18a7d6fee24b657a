"""The report of a comparison: table, plot, figures and one page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mmuldor.evaluation.comparison.compare import Settings
from mmuldor.evaluation.comparison.compare_runs import compare_evaluations
from mmuldor.evaluation.comparison.tables import markdown
from mmuldor.evaluation.froc_plot import froc_figure
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.runs import EvaluatedRun, load_runs, table_row
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import replacing, write_json
from mmuldor.io.paths import out_folder, printable
from mmuldor.mining.bank import load_bank
from mmuldor.report import sections
from mmuldor.report.mined_figure import mined_figure
from mmuldor.report.page import Picture, build_page
from mmuldor.report.phantom_truth import load_outlines
from mmuldor.report.pseudo_mask_figure import pseudo_mask_figure
from mmuldor.report.side_by_side import side_by_side_figure
from mmuldor.report.table import html_table, markdown_table
from mmuldor.visualization.examples import with_existing_images
from mmuldor.visualization.panels import save_figure


def build_report(
    out: str | os.PathLike,
    ann: str | os.PathLike,
    images: str | os.PathLike,
    runs: Mapping[str, str | os.PathLike],
    *,
    with_fp: Iterable[str] = (),
    train_ann: str | os.PathLike | None = None,
    bank_dir: str | os.PathLike | None = None,
    truth: str | os.PathLike | None = None,
    notes: Sequence[tuple[str, str]] = (),
    title: str = 'Universal lesion detection: report',
    fps_per_image: float = 2.0,
    seed: int = 0,
) -> list[dict]:
    """Evaluate results files and write the report.

    Writes ``table.json``, ``table.md``, ``comparison.json`` and ``.md`` (with
    intervals and paired tests), ``index.html`` and its figures (one
    ``mined_epoch_NNN.png`` a round), each as PDF too; nothing before all
    inputs are read.

    Args:
        out: Folder of the report; made where missing.
        ann: Annotation JSON of the tested split.
        images: Folder of the images, of both splits.
        runs: Results file by name, in the order of the rows.
        with_fp: Names of runs that get a row ``NAME + FP`` too, with their
            false-positive class appended as detections.
        train_ann: Annotation JSON that ``bank_dir`` was mined from.
        bank_dir: Folder of ``epoch_NNN.json`` bank files.
        truth: The true masks of a phantom.
        notes: More facts, name and value.
        title: Heading of the page.
        fps_per_image: Where the methods are compared in pictures.
        seed: Of the choice of examples.

    Returns:
        The rows of ``table.json``.

    Raises:
        FileNotFoundError: If an input, or every image, is missing.
        ValueError: If an input is wrong, or of ``train_ann`` and
            ``bank_dir`` only one is given.
    """
    out, images = out_folder(out), Path(images)
    everything = load_annotations(ann)
    lesions = GroundTruth.of(everything, ann)
    loaded = load_runs(lesions, runs, with_fp)
    document = with_existing_images(everything, ann, images)
    outlines = load_outlines(truth, document) if truth else None
    banks = _load_banks(train_ann, bank_dir)
    train = None
    if banks and train_ann is not None:
        train = load_annotations(train_ann)
    rows = [table_row(run) for run in loaded]
    comparison = compare_evaluations(
        everything,
        lesions,
        {run.name: [run.evaluation] for run in loaded},
        Settings(seed=seed),
    )
    figures = _draw(
        document, images, lesions, loaded, outlines, fps_per_image, seed
    )
    if train is not None and train_ann is not None:
        shown = with_existing_images(train, train_ann, images)
        for file, bank in banks.items():
            figures[file] = mined_figure(bank, shown, images, seed=seed)
    page = build_page(
        title,
        sections.lead_paragraph(rows),
        html_table(rows),
        Picture('froc.svg', 'FROC curves of all rows of the table'),
        sections.READING,
        sections.fact_list(rows, document, train, banks, notes),
        sections.build_sections(
            rows, comparison, banks, outlines is not None, fps_per_image
        ),
    )
    _write(out, rows, comparison, figures, page)
    return rows


def _draw(
    document: dict,
    images: Path,
    lesions: GroundTruth,
    runs: Sequence[EvaluatedRun],
    outlines: Mapping[int, list] | None,
    fps_per_image: float,
    seed: int,
) -> dict[str, Figure]:
    """Figures of the tested split by file name."""
    plot = froc_figure({run.name: run.evaluation.curve for run in runs})
    models = [run for run in runs if not run.evaluation.with_fp_class]
    return {
        'froc.png': plot,
        'froc.svg': plot,
        'pseudo_masks.png': pseudo_mask_figure(
            document, images, outlines=outlines, seed=seed
        ),
        'side_by_side.png': side_by_side_figure(
            document,
            images,
            lesions,
            models,
            fps_per_image=fps_per_image,
            seed=seed,
        ),
    }


def _write(
    out: Path,
    rows: list[dict],
    comparison: dict,
    figures: Mapping[str, Figure],
    page: str,
) -> None:
    for name, figure in figures.items():
        save_figure(figure, out / name)
        if name.endswith('.png'):
            save_figure(figure, (out / name).with_suffix('.pdf'))
    write_json(out / 'table.json', rows, indent=2)
    write_json(out / 'comparison.json', comparison, indent=1)
    _write_text(out / 'comparison.md', markdown(comparison, ()))
    note = f'\n{sections.table_note(rows)}\n'
    _write_text(out / 'table.md', markdown_table(rows) + note)
    # The page comes last: where it is, its pictures are.
    _write_text(out / 'index.html', page)


def _load_banks(
    train_ann: str | os.PathLike | None, bank_dir: str | os.PathLike | None
) -> dict[str, dict]:
    """Banks by the name of their picture, in the order of the rounds."""
    if (train_ann is None) != (bank_dir is None):
        raise ValueError(
            '`train_ann` and `bank_dir` must be given together, but got '
            f'{train_ann} and {bank_dir}.'
        )
    if bank_dir is None:
        return {}
    paths = [
        *Path(bank_dir).glob('initial.json'),
        *sorted(Path(bank_dir).glob('epoch_*.json')),
    ]
    if not paths:
        raise FileNotFoundError(
            f'`bank_dir` must hold epoch_NNN.json files, but {bank_dir} has '
            'none. Give the bank folder in the work folder of a training '
            'with HNEM.'
        )
    return {f'mined_{path.stem}.png': load_bank(path) for path in paths}


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(printable(text), encoding='utf-8')
