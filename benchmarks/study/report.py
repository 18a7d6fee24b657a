"""The report of the study: tables, plots and differences, no verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.study.plots import missing_figure
from benchmarks.study.results import NAMES, Results, compare_methods
from benchmarks.study.tables import mining_table, run_table, shape_table
from benchmarks.study.texts import (
    INTRODUCTION,
    MINED_NOTE,
    RUNS_NOTE,
    SECTIONS,
    SUMMARY_NOTE,
    Part,
    detectable,
)
from mmuldor.evaluation.comparison.compare import Settings
from mmuldor.evaluation.comparison.resampled_froc import mean_curve
from mmuldor.evaluation.comparison.sentences import ends_text
from mmuldor.evaluation.comparison.tables import markdown
from mmuldor.evaluation.froc_plot import froc_figure
from mmuldor.io.json_files import replacing
from mmuldor.visualization.panels import save_figure


def section(title: str, text: str, comparison: dict | None) -> str:
    """A comparison as a section: table, differences, conclusion."""
    parts = [f'## {title}', text]
    if comparison is None:
        return '\n\n'.join([*parts, 'not run'])
    seeds = ', '.join(map(str, comparison['seeds']))
    parts.append(f'Seeds {seeds}.')
    if comparison['not_run']:
        parts.append(f'Not run: {", ".join(comparison["not_run"])}.')
    parts.append(markdown(comparison, ()).rstrip())
    return '\n\n'.join(parts)


def summary(comparisons: Mapping[str, dict | None]) -> str:
    """The differences of all comparisons, by title."""
    lines = []
    for title, found in comparisons.items():
        differences = found['differences'] if found else []
        measured = '; '.join(map(_difference, differences))
        lines.append(f'* **{title}.** {measured or "Not run"}.')
    return '\n'.join(lines)


def _difference(entry: Mapping) -> str:
    """A difference of means and its interval, in percentage points.

    No verdict: no comparison was named before the results were seen.
    """
    name = f'{entry["second"]} - {entry["first"]}'
    if entry['mean'] is None:
        end = min(entry['fps_at_end'])
        return f'{name} has no mean, since a curve ends at {end:.1f} FPs'
    ends = ends_text(entry['mean_interval'])
    return f'{name} {100 * entry["mean"]:+.1f} {ends}'


def write_study(
    folder: Path,
    out: Path,
    settings: Settings,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Write ``phantom-study.md`` and its plots from the results.

    Args:
        folder: The results.
        out: The Markdown file; plots go into a folder beside it.
        settings: Of the statistics.
        say: Called with what is being computed.
    """
    results = Results.load(folder)
    plots = out.with_suffix('')
    parts: list[str] = []
    comparisons: dict[str, dict | None] = {}
    by_missing: dict[int, dict] = {}
    for part in SECTIONS:
        say(part.title)
        found = compare_methods(
            results, part.methods, part.missing, settings, part.names
        )
        comparisons[part.title] = found
        parts.append(section(part.title, part.text, found))
        if part.plot and found:
            save_figure(_curves(results, part, found), plots / part.plot)
            parts.append(f'![FROC curves]({plots.name}/{part.plot})')
        if found and part.by_missing:
            by_missing[part.missing] = found
        if found and part.detectable:
            parts.append(detectable(found))
    if by_missing:
        save_figure(missing_figure(by_missing), plots / 'missing.png')
        parts.append(f'![By missing share]({plots.name}/missing.png)')
    parts += [
        '## What was mined',
        MINED_NOTE,
        mining_table(results.records.values()),
    ]
    parts += ['## Masks against the true ones', shape_table(results, settings)]
    parts += ['## Every run', RUNS_NOTE, run_table(results)]
    number = sum(len(c['differences']) for c in comparisons.values() if c)
    introduction = INTRODUCTION.format(settings=settings, number=number)
    head = [
        introduction.rstrip(),
        '## In short',
        SUMMARY_NOTE,
        summary(comparisons),
    ]
    with replacing(out) as temporary:
        text = '\n\n'.join([*head, *parts]) + '\n'
        temporary.write_text(text, encoding='utf-8')


def _curves(results: Results, part: Part, comparison: dict) -> Figure:
    images = len(results.testset.patients)
    curves = {}
    for method in part.methods:
        runs = (
            results.runs(method, part.missing, comparison['seeds'])
            if results.seeds(method, part.missing)
            else []
        )
        if runs:
            name = {**NAMES, **part.names}[method]
            curves[name] = mean_curve(runs, images)
    return froc_figure(curves)
