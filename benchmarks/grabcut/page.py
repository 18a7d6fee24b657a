"""The page of the benchmark."""

from __future__ import annotations

from typing import Any

from benchmarks.grabcut.measure import GRABCUT, PAPER

_HEAD = """# Masks by GrabCut

Written by `python benchmarks/grabcut/run.py`; do not edit. Intervals are 95 %,
of 2,000 resamples of patients.

`data_prep/grabcut_masks.py` refines each lesion's mask by the pixels of its
key slice: GrabCut (Rother et al. 2004), seeded by the RECIST diameters as in
Cai et al. (MICCAI 2018). Of a region twice as large as the diameters' box the
outer half is background for sure, a tenth around the diameters, inside the
quarter ellipses, is lesion for sure; the rest begins as what is nearer. A mask
of less than half or more than twice the area of the quarter ellipses, the
paper's mask, is dropped for these.

"""
_REAL = """## Real key slices

{lesions} lesions of {patients} patients on untouched DeepLesion slices. The
lesions with masks drawn by hand ([human masks](human-masks.md)) come without
pixels, so no Dice is known here: only the area, over that of the quarter
ellipses, and diameters, measured on the mask as on detections, minus the
annotated ones. Measuring pixels adds about half a pixel by itself, as the
quarter ellipses show. {fallbacks} of {lesions} lesions kept the quarter
ellipses; {milliseconds:.0f} ms a lesion on one CPU core.

| mask | area ratio | long, px | short, px | Dice with the paper's |
|---|---:|---:|---:|---:|
"""
_PHANTOM = """
## Phantom

{lesions} lesions of {patients} patients of a phantom
(`{command}`), whose true
masks are known; {fallbacks} kept the quarter ellipses. Its lesions have soft,
irregular edges and a rim, in tissue that is simpler than a patient's, so this
is no proof for real ones. "Fitted" belongs to the frame of `DL_info.csv`,
which the phantom does not have.

| mask | Dice | minus the paper | area over true | long, px | short, px |
|---|---:|---:|---:|---:|---:|
"""


def page(document: dict[str, Any]) -> str:
    """The page in Markdown.

    Args:
        document: ``real`` and ``phantom`` of `measure`, ``command`` of the
            phantom.
    """
    real, phantom = document['real'], document['phantom']
    text = _HEAD + _short(real, phantom)
    text += _REAL.format(**_counts(real))
    columns = ('area_ratio', 'long_px', 'short_px', 'agreement')
    text += _rows(real, columns)
    counts = {**_counts(phantom), 'command': document['command']}
    text += _PHANTOM.format(**counts)
    columns = ('dice', 'dice_minus_paper', 'true_area_ratio')
    return text + _rows(phantom, (*columns, 'long_px', 'short_px'))


def _short(real: dict, phantom: dict) -> str:
    mask, paper = real['masks'][GRABCUT], real['masks'][PAPER]
    true, drawn = phantom['masks'][GRABCUT], phantom['masks'][PAPER]
    return (
        'In short:\n\n'
        f'* Real lesions: the area is {_figure(mask["area_ratio"])} times '
        'that of the quarter\n  ellipses, the long diameter '
        f'{_signed(mask["long_px"])} px and the short\n  one '
        f'{_signed(mask["short_px"])} px from the annotated ones, where\n'
        f'  quarter ellipses have {_signed(paper["long_px"])} and '
        f'{_signed(paper["short_px"])} px.\n'
        f'* Phantom: Dice {_figure(true["dice"])} where quarter ellipses '
        f'have\n  {_figure(drawn["dice"])}: '
        f'{_signed(true["dice_minus_paper"], 3)}.\n'
        '* A training with these masks: not run.\n\n'
    )


def _counts(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, 'milliseconds': 1000 * found['seconds']}


def _rows(found: dict[str, Any], columns: tuple[str, ...]) -> str:
    lines = []
    for name, figures in found['masks'].items():
        cells = [
            _signed(figures[c], 3 if 'dice' in c else 2)
            if c.endswith(('_px', '_minus_paper'))
            else _figure(figures[c])
            for c in columns
        ]
        lines.append(f'| {name} | {" | ".join(cells)} |\n')
    return ''.join(lines)


def _figure(found: dict, digits: int = 3) -> str:
    low, high = found['interval']
    return (
        f'{found["value"]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})'
    )


def _signed(found: dict, digits: int = 2) -> str:
    low, high = found['interval']
    return (
        f'{found["value"]:+.{digits}f} ({low:+.{digits}f} to '
        f'{high:+.{digits}f})'
    )
