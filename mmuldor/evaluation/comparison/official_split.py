"""Whether published rows may stand beside a comparison.

They are of DeepLesion's official test split. Another choice of images, such
as a sample, a fold or a phantom, is easier or harder and says nothing of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mmuldor.evaluation.comparison.published import (
    Published,
    select_published,
)
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.slice_names import slice_name
from mmuldor.io.json_values import shortened

OPTION = '--published-anyway'
# Of DL_info.csv (Train_Val_Test 3) without its 15 noisy rows, and of the
# results that two detectors' authors published for it.
IMAGES, LESIONS, PATIENTS = 4817, 4912, 663
# With the noisy rows: images that have no other lesion are there too.
_IMAGES_WITH_NOISY = 4831
# SHA-256 of the sorted names, `000001_01_01/109.png`, joined by line feeds.
DIGEST = 'af8322c2bc4079e88baf5f34a784e54141790439372bfa43a430411ec6a3ea74'
SPLIT = (
    f"DeepLesion's official test split ({IMAGES:,} key slices, {LESIONS:,} "
    'lesions, IoU 0.5)'
)


@dataclass(frozen=True)
class Literature:
    """Published rows beside a comparison.

    Attributes:
        rows: The rows to show.
        differs: How the compared images differ from the official split, ''
            where they do not.
        note: What must be said of the rows, or of their absence; '' where
            none was wanted.
    """

    rows: list[Published] = field(default_factory=list)
    differs: str = ''
    note: str = ''

    @property
    def points(self) -> dict[str, dict[float, float]]:
        """Percent by FPs per image by title, of rows that have points."""
        return {row.title: row.percent for row in self.rows if row.percent}

    def as_dict(self) -> dict:
        """As JSON, for ``comparison.json``."""
        return {
            'rows': [row.key for row in self.rows],
            'official_test_split': not self.differs,
            'differs': self.differs or None,
            'note': self.note or None,
        }


def literature_beside(
    keys: Sequence[str],
    document: dict,
    truth: GroundTruth,
    *,
    anyway: bool = False,
) -> Literature:
    """The published rows that may stand beside results on these images.

    Args:
        keys: See :func:`select_published`.
        document: The annotation file.
        truth: Its lesions that count.
        anyway: Show the rows too where the images are not those of the
            official split.

    Raises:
        ValueError: If a key is unknown.
    """
    rows = select_published(list(keys))
    differs = difference(document, truth)
    if not rows:
        return Literature(differs=differs)
    if not differs:
        note = f'Published rows are of the same images: {SPLIT}.'
        return Literature(rows, note=note)
    if not anyway:
        note = (
            f'Published rows are left out: they are of {SPLIT}, but these '
            f'results are of {differs}. `{OPTION}` shows them.'
        )
        return Literature(differs=differs, note=note)
    note = (
        f'Published rows are not comparable with the others: they are of '
        f'{SPLIT}, the others of {differs}.'
    )
    return Literature(rows, differs, note)


def difference(document: dict, truth: GroundTruth) -> str:
    """How images and lesions differ from the official split, '' if not.

    Images are told by their names, in any spelling that
    :func:`mmuldor.evaluation.slice_names.slice_name` knows.

    Args:
        document: The annotation file.
        truth: Its lesions that count.
    """
    names = [truth.names.get(image_id) for image_id in truth.images.tolist()]
    found = [name and slice_name(name) for name in names]
    slices = [name for name in found if name]
    lesions, crowds = len(truth.lesion_images), len(truth.crowd_boxes)
    parts = []
    if len(slices) < len(names) or digest(slices) != DIGEST:
        parts.append(_other_images(len(names), len(slices)))
    if lesions != LESIONS:
        parts.append(_number(lesions, 'lesion'))
    if crowds:
        parts.append(f'{_number(crowds, "ignored region")} (iscrowd)')
    return ', '.join(parts) + _title(document) if parts else ''


def digest(slices: Iterable[str]) -> str:
    """What identifies a set of slices, by their names."""
    return hashlib.sha256('\n'.join(sorted(slices)).encode()).hexdigest()


def _other_images(images: int, named: int) -> str:
    text = _number(images, 'image')
    if not named:
        return f"{text} without names of DeepLesion's slices"
    if named < images:
        return f"{text}, {named:,} of them with names of DeepLesion's slices"
    if images == IMAGES:
        return f'{images:,} other images'
    if images == _IMAGES_WITH_NOISY:
        return f'{text} (as many as with the noisy lesions)'
    return text


def _number(count: int, noun: str) -> str:
    return f'{count:,} {noun}' if count == 1 else f'{count:,} {noun}s'


def _title(document: dict) -> str:
    """Dataset and split in brackets, where the annotation file states them.

    A phantom is converted as DeepLesion is, so that name is no statement.
    """
    info = document.get('info')
    if not isinstance(info, dict):
        return ''
    stated = {key: info.get(key) for key in ('dataset', 'split')}
    titles = [
        f'{key} {shortened(value)}'
        for key, value in stated.items()
        if isinstance(value, str) and value not in ('', 'DeepLesion')
    ]
    return f' ({", ".join(titles)})' if titles else ''
