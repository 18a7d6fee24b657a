"""The texts of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import mmuldor
from mmuldor.evaluation.comparison.sentences import difference_sentence
from mmuldor.evaluation.comparison.tables import figure_text
from mmuldor.io.annotations import lesions_of
from mmuldor.io.markdown import markdown_cell
from mmuldor.report.page import Picture, Section

READING = (
    'Sensitivity is the share of annotated lesions that are found, in '
    'percent, when the score threshold is set so that the method raises the '
    'given number of false alarms (false positives, FPs) per image on '
    'average. Further up and to the left is better.',
    'A curve ends, with a dot, where the method has no more detections to '
    'give; from there on nothing is known, and the table is blank.',
)


def lead_paragraph(rows: Sequence[dict]) -> str:
    """One sentence: what the page shows."""
    counts = rows[0]['counts']
    return (
        'Universal lesion detection in CT slices in the manner of ULDor '
        '(Mask R-CNN on pseudo masks, with mined hard negatives): '
        'sensitivity and false positives on '
        f'{_count(counts["images"], "image")} with '
        f'{_count(counts["lesions"], "annotated lesion")}.'
    )


def table_note(rows: Sequence[dict]) -> str:
    """What the figures of the table are, in one line."""
    counts = rows[0]['counts']
    return (
        'Sensitivity in % at average false positives per image; '
        f'{_extent(counts["images"], counts["lesions"])}, hit at IoU >= '
        f'{rows[0]["iou_thr"]:g}. "at FPs": FPs per image at which the '
        'maximum sensitivity is first reached.'
        + ''.join(
            f' Note on {markdown_cell(name)}: {text}.'
            for name, text in _notes(rows)
        )
    )


def _notes(rows: Sequence[dict]) -> list[tuple[str, str]]:
    """What is to be known of single rows: their name, a sentence."""
    notes = []
    for row in rows:
        if row['fps_at_end'] < row['fp_rates'][-1]:
            end = f'{row["fps_at_end"]:.2f} FPs per image'
            text = f'the curve ends at {end}'
            notes.append((row['name'], text))
        notes += [(row['name'], note) for note in row['notes']]
    return notes


def fact_list(
    rows: Sequence[dict],
    document: dict,
    train: dict | None,
    banks: Mapping[str, dict],
    notes: Sequence[tuple[str, str]],
) -> list[tuple[str, str]]:
    """Names and values of the facts table; the user's notes come first."""
    counts = rows[0]['counts']
    facts = [(str(key), str(value)) for key, value in notes]
    facts.append(('tested on', _extent(counts['images'], counts['lesions'])))
    if counts['noisy_lesions_dropped']:
        facts.append(
            ('noisy lesions dropped', f'{counts["noisy_lesions_dropped"]:,}')
        )
    if counts['ignored_regions']:
        facts.append(
            ('ignored regions (iscrowd)', f'{counts["ignored_regions"]:,}')
        )
    if document['missing_images']:
        facts.append(('missing images', f'{document["missing_images"]:,}'))
    if train:
        used = sum(not lesion['noisy'] for lesion in lesions_of(train))
        extent = _extent(len(train['images']), used)
        facts.append(('trained on', extent))
    if banks:
        facts.append(('mining rounds', f'{len(banks)}'))
    facts += [(f'note on {name}', text) for name, text in _notes(rows)]
    facts.append(('a hit is', f'IoU of boxes >= {rows[0]["iou_thr"]:g}'))
    facts.append(('mmuldor', mmuldor.__version__))
    return facts


def build_sections(
    rows: Sequence[dict],
    comparison: dict,
    banks: Mapping[str, dict],
    with_truth: bool,
    fps_per_image: float,
) -> list[Section]:
    """The page below the table and the plot.

    Args:
        rows: The rows of the table.
        comparison: The same with intervals.
        banks: Bank files by the name of their picture.
        with_truth: Whether true outlines are drawn.
        fps_per_image: Where the methods are compared in pictures.
    """
    sections = [
        interval_section(comparison),
        pseudo_mask_section('pseudo_masks.png', with_truth),
        side_by_side_section('side_by_side.png', fps_per_image),
    ]
    if banks:
        sections.append(mined_section(banks))
    return [*sections, protocol_section(rows)]


def protocol_section(rows: Sequence[dict]) -> Section:
    """How the figures were computed."""
    convention = rows[0]['convention']
    text = (
        'FROC in the convention of the DeepLesion literature: a detection is '
        'a hit when the IoU of its box with an annotated box is at least '
        f'{rows[0]["iou_thr"]:g}; {convention}. Rows that end in "+ FP" '
        "append the detections of the model's false-positive class after "
        'all others. table.json holds every figure at full precision, held '
        'beyond the end of a curve.'
    )
    return Section('Evaluation protocol', [text])


def interval_section(comparison: dict) -> Section:
    """Intervals of the means, and what is known of differences."""
    settings = comparison['settings']
    rows = '; '.join(
        f'{row["name"]} {figure_text(row["mean"], row["mean_interval"])}'
        for row in comparison['rows']
        if row['mean'] is not None
    )
    texts = [
        'With few images every figure varies by chance. Mean sensitivity over '
        f'0.5, 1, 2 and 4 FPs with {100 * settings["level"]:g} % intervals '
        f'({settings["num_resamples"]:,} resamples of '
        f'{_count(comparison["patients"], "patient")}), one training each: '
        f'{rows or "no curve reaches 4 FPs"}.',
        *map(difference_sentence, comparison['differences']),
        *comparison['warnings'],
    ]
    return Section('Confidence intervals', texts)


def pseudo_mask_section(file: str, with_truth: bool) -> Section:
    """Fig. 2: pseudo masks."""
    text = (
        'Radiologists measured each lesion by two diameters (RECIST), '
        'without its outline. A mask to train on is built from the four '
        'endpoints: a quarter of an ellipse between each two neighbours. '
        'Lesions are chosen at random from small to large; below each one '
        'its two diameters.'
    )
    keys = ['diameter', 'endpoint', 'mask']
    if with_truth:
        text += ' On a phantom the true outline is known and drawn white.'
        keys.append('truth')
    picture = Picture(file, 'CT crops with diameters and pseudo masks')
    return Section('Pseudo masks', [text], [picture], keys)


def side_by_side_section(file: str, fps_per_image: float) -> Section:
    """Fig. 4: methods side by side."""
    text = (
        'One row per image, one column per method. Each method shows the '
        'detections above its own threshold, the one that gives it '
        f'{fps_per_image:g} false positives per image on average over the '
        'whole split. Images are drawn at random, in turn from those where '
        'the methods differ, where all find every lesion, where they differ '
        'and where all miss every lesion.'
    )
    picture = Picture(file, 'CT slices with the detections of every method')
    return Section(
        'The methods side by side',
        [text],
        [picture],
        ['reference', 'detection'],
    )


def mined_section(banks: Mapping[str, dict]) -> Section:
    """Fig. 3: what was mined; ``banks`` by the file of their picture."""
    text = (
        'After each round of training the model is run over its own training '
        'images. Confident detections that are no annotated lesion (hard '
        'negatives) join the next round as a class of their own. S1 is the '
        'score, S2 the overlap (IoU) of the predicted mask with the pseudo '
        'mask. Look closely: not every lesion in the data is annotated, so '
        'some of them may be real.'
    )
    pictures = [
        Picture(
            file,
            f'Training slices with what was mined {_when(bank)}',
            f'Round {_when(bank)}',
            _bank_counts(bank),
        )
        for file, bank in banks.items()
    ]
    keys = ['reference', 'mined']
    return Section('What was mined', [text], pictures, keys)


def _when(bank: dict) -> str:
    epoch = bank['epoch'] + 1
    return f'after epoch {epoch}' if epoch else 'before training'


# Counts that are shown only where they are not 0.
_RARE = ('ignored', 'excluded')


def _bank_counts(bank: dict) -> str:
    counts = bank.get('counts', {})
    words = {
        'images': 'images',
        'with_hit': 'with a hit',
        'without_hit': 'without',
        'mined': 'examples mined',
        'skipped': 'candidates skipped (on an annotated lesion)',
        'ignored': 'ignored (may be lesions, by their high scores)',
        'excluded': 'excluded by a reader',
    }
    found = [
        f'{counts[key]:,} {text}'
        for key, text in words.items()
        if key in counts and (counts[key] or key not in _RARE)
    ]
    return ', '.join(found) + '.' if found else ''


def _extent(images: int, lesions: int) -> str:
    return f'{_count(images, "image")}, {_count(lesions, "lesion")}'


def _count(number: int, noun: str) -> str:
    return f'{number:,} {noun}' if number == 1 else f'{number:,} {noun}s'
