"""Compare results files: table, FROC plot, JSON."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from types import MappingProxyType

import numpy as np

from mmuldor.evaluation.comparison.compare import Progress, Settings, compare
from mmuldor.evaluation.comparison.figures import Method
from mmuldor.evaluation.comparison.named_runs import NamedRuns, find_results
from mmuldor.evaluation.comparison.official_split import literature_beside
from mmuldor.evaluation.comparison.published import select_published
from mmuldor.evaluation.comparison.resampled_froc import (
    RankedDetections,
    mean_curve,
)
from mmuldor.evaluation.comparison.strata import strata_of
from mmuldor.evaluation.comparison.tables import latex, markdown
from mmuldor.evaluation.folds import (
    FoldAnnotations,
    Paths,
    as_paths,
    load_fold_annotations,
)
from mmuldor.evaluation.froc_plot import froc_figure
from mmuldor.evaluation.ground_truth import (
    GroundTruth,
    patients_of,
    patients_text,
)
from mmuldor.evaluation.runs import FP_SUFFIX, check_with_fp, evaluate_with_fp
from mmuldor.evaluation.slice_froc import (
    SliceEvaluation,
    evaluate_results,
)
from mmuldor.functional.froc import FROCCurve
from mmuldor.io.annotations import check_annotations
from mmuldor.io.categories import left_out_text
from mmuldor.io.json_files import replacing, write_json
from mmuldor.io.markdown import markdown_cell
from mmuldor.io.paths import out_folder, printable
from mmuldor.io.progress import progress_bar
from mmuldor.visualization.panels import save_figure


def compare_runs(
    out: str | os.PathLike,
    methods: Sequence[str],
    ann: Paths,
    *,
    with_fp: Iterable[str] = (),
    published: Sequence[str] = ('none',),
    published_anyway: bool = False,
    settings: Settings | None = None,
    lesion_category: Sequence[str] | None = None,
) -> str:
    """Compare results files and write the comparison.

    Writes ``comparison.json``, ``table.md``, ``table.tex``, ``froc.png`` and
    ``froc.pdf``; nothing before all inputs are read.

    Args:
        out: Folder; made where missing.
        methods: ``NAME=PATH``, a results file or a work dir. A name that
            comes again names another run of the same method;
            ``NAME@SEED=PATH`` pairs it with the run of that seed of others.
            With several folds, each comes once a fold.
        ann: Annotation JSON of the tested split, or of each fold's.
        with_fp: Names of methods that get a row ``NAME + FP`` too.
        published: Keys of rows of the literature, which are shown if the
            images are DeepLesion's official test split.
        published_anyway: Show them beside other images too.
        settings: Of the statistics.
        lesion_category: Names or ids of the categories of lesions, where the
            annotation file has several.

    Returns:
        The Markdown text.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong.
    """
    settings, out = settings or Settings(), out_folder(out)
    # Before large files are read.
    select_published(list(published))
    files = find_results(methods, len(as_paths(ann)))
    folds = load_fold_annotations(ann, lesion_category=lesion_category)
    document = folds.document
    # Foreign COCO files hold boxes alone: no strata.
    if any('recist_px' in lesion for lesion in document['annotations']):
        check_annotations(document, folds.source)
    truth = GroundTruth.of(document, folds.source)
    evaluations = _evaluate(folds, truth, files, list(with_fp))
    literature = literature_beside(
        published, document, truth, anyway=published_anyway
    )
    seeds = {name: runs.seeds() for name, runs in files.items()}
    # A method may itself have the name of another one with the suffix.
    seeds = {name + FP_SUFFIX: own for name, own in seeds.items()} | seeds
    comparison = compare_evaluations(
        document, truth, evaluations, settings, seeds, progress_bar
    )
    comparison['left_out'] = dict(truth.left_out)
    comparison['ignored_regions'] = len(truth.crowd_boxes)
    comparison['published'] = literature.as_dict()
    notes = _notes(evaluations)
    comparison['notes'] = [f'{name}: {note}' for name, note in notes]
    figure = froc_figure(
        {name: _curve(runs) for name, runs in evaluations.items()},
        published=literature.points,
        note=literature.note if literature.differs else '',
    )
    shown = (comparison, literature.rows, literature.note)
    text = markdown(*shown) + _not_used(truth)
    text += ''.join(
        f'\nNote: {markdown_cell(name)}: {note}.\n' for name, note in notes
    )
    _write(out, comparison, text, latex(*shown), figure)
    return text


def compare_evaluations(
    document: dict,
    truth: GroundTruth,
    evaluations: Mapping[str, Sequence[SliceEvaluation]],
    settings: Settings,
    seeds: Mapping[str, Sequence[str]] = MappingProxyType({}),
    progress: Progress = lambda items, text: items,
) -> dict:
    """Compare methods by the evaluations of their runs.

    Args:
        document: The annotations of the tested split.
        truth: Its lesions.
        evaluations: Runs of each method, in the order of the rows.
        settings: Of the statistics.
        seeds: Labels of the runs of a method that has some.
        progress: See :func:`mmuldor.evaluation.comparison.compare.compare`.

    Returns:
        See there.
    """
    return compare(
        [
            Method(
                name,
                [RankedDetections.of(run.matched) for run in runs],
                seeds.get(name, ()),
            )
            for name, runs in evaluations.items()
        ],
        patients_of(document, truth),
        lesion_strata(document, truth),
        settings,
        progress,
        patients_text(document, truth),
    )


def _not_used(truth: GroundTruth) -> str:
    """What of the annotation file is neither lesion nor background."""
    parts = []
    if truth.left_out:
        boxes = left_out_text(truth.left_out)
        parts.append(f'boxes of other categories: {boxes}')
    if len(truth.crowd_boxes):
        parts.append(f'ignored regions (iscrowd): {len(truth.crowd_boxes)}')
    return f'\nNot used: {"; ".join(parts)}.\n' if parts else ''


def _notes(
    evaluations: dict[str, list[SliceEvaluation]],
) -> list[tuple[str, str]]:
    """What is odd about the results: the name of the method, a sentence."""
    notes = []
    for name, runs in evaluations.items():
        for number, run in enumerate(runs, start=1):
            title = f'{name}, run {number}' if len(runs) > 1 else name
            notes += [(title, note) for note in run.notes]
        for (i, one), (j, other) in combinations(enumerate(runs, start=1), 2):
            if one.curve.equals(other.curve):
                text = (
                    f'the FROC of runs {i} and {j} is identical; a training '
                    'that counts as two makes intervals too narrow'
                )
                notes.append((name, text))
    return notes


def _evaluate(
    folds: FoldAnnotations,
    truth: GroundTruth,
    files: dict[str, NamedRuns],
    with_fp: list[str],
) -> dict[str, list[SliceEvaluation]]:
    check_with_fp(with_fp, files)
    found = {}
    for name, named in files.items():
        runs = [folds.load(paths) for paths in named.paths]
        found[name] = [evaluate_results(truth, run) for run in runs]
        if name in with_fp:
            found[name + FP_SUFFIX] = [
                evaluate_with_fp(truth, run) for run in runs
            ]
    return found


def lesion_strata(document: dict, truth: GroundTruth) -> dict[str, np.ndarray]:
    """Strata of the lesions that count; none for foreign COCO files."""
    by_id = {lesion['id']: lesion for lesion in document['annotations']}
    lesions = [by_id[lesion_id] for lesion_id in truth.lesion_ids.tolist()]
    if not all('recist_px' in lesion for lesion in lesions):
        return {}
    return strata_of(document['images'], lesions)


def _curve(runs: Sequence[SliceEvaluation]) -> FROCCurve:
    """The curve of one run; of several the mean, up to the first end."""
    if len(runs) == 1:
        return runs[0].curve
    return mean_curve(
        [RankedDetections.of(run.matched) for run in runs],
        len(runs[0].matched.image_ids),
    )


def _write(out: Path, comparison: dict, text: str, tex: str, figure) -> None:
    save_figure(figure, out / 'froc.png')
    save_figure(figure, out / 'froc.pdf')
    for name, content in (('table.md', text), ('table.tex', tex)):
        with replacing(out / name) as temporary:
            temporary.write_text(printable(content), encoding='utf-8')
    write_json(out / 'comparison.json', comparison, indent=1)
