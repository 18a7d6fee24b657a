"""Published figures on DeepLesion's official test split, with their sources.

Key slices, IoU 0.5, sensitivity in percent at false positives (FPs)
per image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Published:
    """One published row.

    Attributes:
        key: Its word on the command line.
        name: What the row is called.
        year: Of the publication, or of the rerun.
        slices: Input slices, as published.
        percent: Sensitivity in percent by FPs per image, what was published.
        mean: Mean of 0.5, 1, 2 and 4 in percent, None where not known.
        source: Where the figures stand.
    """

    key: str
    name: str
    year: int
    slices: str
    source: str
    percent: dict[float, float] = field(default_factory=dict)
    mean: float | None = None

    @property
    def title(self) -> str:
        """Name and year, for tables."""
        return f'{self.name} ({self.year})'

    def blank_at(self, fp_rates: Sequence[float]) -> bool:
        """Whether a figure at these FPs per image, or the mean, is unknown."""
        return self.mean is None or not set(fp_rates) <= self.percent.keys()


_LOGS = 'logs of rsummers11/CADLab'
_SIX = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def _six(*percent: float) -> dict[float, float]:
    return dict(zip(_SIX, percent, strict=True))


_ROWS = (
    Published(
        'vgg16',
        'Faster R-CNN VGG-16, Yan et al.',
        2018,
        '3',
        'ULDor paper, Table 1, its ref. [4]',
        {5.0: 81.1},
    ),
    Published(
        'vgg16-rerun',
        'Faster R-CNN VGG-16, rerun',
        2018,
        '3',
        _LOGS,
        _six(56.90, 67.26, 75.57, 81.62, 85.83, 88.74),
        70.34,
    ),
    Published(
        'rfcn-1',
        'Improved R-FCN, 1 slice',
        2018,
        '1',
        _LOGS,
        _six(48.60, 60.57, 71.19, 79.15, 84.77, 88.42),
        64.88,
    ),
    Published(
        'rfcn-3',
        'Improved R-FCN, 3 slices',
        2018,
        '3',
        _LOGS,
        _six(56.49, 67.65, 76.89, 82.76, 87.03, 89.82),
        70.95,
    ),
    Published(
        '3dce-rerun',
        '3DCE, 3 images of 3 slices, rerun',
        2020,
        '9',
        'log of zentino/ba_evaluation_3dce_mulan; @5 from its detections',
        {**_six(61.14, 71.19, 79.46, 84.43, 87.60, 89.62), 5.0: 85.63},
        74.05,
    ),
    Published(
        '3dce-9',
        '3DCE, 9 slices',
        2018,
        '9',
        _LOGS,
        _six(59.32, 70.68, 79.09, 84.34, 87.81, 89.62),
        73.36,
    ),
    Published(
        '3dce-27',
        '3DCE, 27 slices',
        2018,
        '27',
        _LOGS,
        _six(62.48, 73.37, 80.70, 85.65, 89.09, 91.06),
        75.55,
    ),
    Published(
        'uldor',
        'ULDor (Mask R-CNN + HNEM)',
        2019,
        '',
        'README of urmagicsmine/MVP-Net; @5 from the ULDor paper',
        {0.5: 52.86, 1.0: 64.80, 2.0: 74.84, 4.0: 84.38, 5.0: 86.21},
        69.22,
    ),
    Published(
        'fpn',
        'FPN R-50 on mmdet',
        2019,
        '3',
        'README of shaoqb/multi_scale_booster',
        {0.5: 62.1, 1.0: 72.8, 2.0: 80.7, 4.0: 86.4, 8.0: 89.0},
        75.5,
    ),
    Published(
        'msb',
        'FPN + MSB',
        2019,
        '3',
        'README of shaoqb/multi_scale_booster',
        {0.5: 67.0, 1.0: 76.8, 2.0: 83.7, 4.0: 89.0, 8.0: 91.0},
        79.1,
    ),
    Published(
        'mvp-net',
        'MVP-Net',
        2019,
        '9',
        'README of urmagicsmine/MVP-Net',
        {0.5: 73.83, 1.0: 81.82, 2.0: 87.60, 4.0: 91.30},
        83.64,
    ),
    Published(
        'mulan',
        'MULAN',
        2019,
        '9',
        _LOGS,
        _six(76.12, 83.69, 88.76, 92.30, 94.71, 95.64),
        85.22,
    ),
    Published(
        'ln-detr',
        'LN-DETR',
        2024,
        '2.5-D',
        'abstract of arXiv 2404.03819',
        mean=88.46,
    ),
)
PUBLISHED = {row.key: row for row in _ROWS}
# What the paper's own Table 1 and Fig. 5 compare.
PAPER_ROWS = ('vgg16', 'uldor')


def select_published(keys: list[str]) -> list[Published]:
    """The rows of these keys; 'all' for every one, 'none' for none.

    Raises:
        ValueError: If a key is unknown.
    """
    if keys == ['none']:
        return []
    if keys == ['all']:
        return list(_ROWS)
    alone = {'all', 'none'} & set(keys)
    if alone and len(keys) > 1:
        raise ValueError(
            f'the published rows {alone.pop()} must be the only ones, but got '
            f'{" ".join(keys)}.'
        )
    unknown = [key for key in keys if key not in PUBLISHED]
    if unknown:
        raise ValueError(
            f'a published row must be one of {", ".join(PUBLISHED)}, all or '
            f'none, but got {unknown[0]!r}.'
        )
    return [PUBLISHED[key] for key in dict.fromkeys(keys)]
