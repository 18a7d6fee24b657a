"""Write a review of mined negatives: contact sheets and a CSV."""

from __future__ import annotations

import os
from pathlib import Path

from mmuldor.io.annotations import load_annotations
from mmuldor.io.paths import out_folder
from mmuldor.io.progress import progress_bar
from mmuldor.mining.bank import load_bank
from mmuldor.mining.review.contact_sheet import COLUMNS, ROWS, contact_sheets
from mmuldor.mining.review.verdicts import examples_of, write_review
from mmuldor.visualization.examples import with_existing_images
from mmuldor.visualization.panels import save_figure


def export_review(
    out: str | os.PathLike,
    bank: str | os.PathLike,
    ann: str | os.PathLike,
    images: str | os.PathLike,
) -> int:
    """Write ``page_001.png`` and so on, then ``review.csv``.

    Args:
        out: Folder; made where missing.
        bank: Bank file of a round.
        ann: Annotation JSON that was mined.
        images: Folder of its images.

    Returns:
        The number of examples.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong, or ``review.csv`` holds verdicts
            already.
    """
    out = out_folder(out)
    if (out / 'review.csv').exists():
        raise ValueError(
            f"'{out / 'review.csv'}' is there already and may hold verdicts. "
            'Choose another folder.'
        )
    document = load_annotations(ann)
    examples = examples_of(load_bank(bank), document)
    with_existing_images(document, ann, Path(images))
    pages = -(-len(examples) // (COLUMNS * ROWS))
    sheets = contact_sheets(examples, document, images)
    for number, figure in enumerate(
        progress_bar(sheets, 'drawing pages', pages), start=1
    ):
        save_figure(figure, out / f'page_{number:03d}.png')
    write_review(out / 'review.csv', examples)
    return len(examples)
