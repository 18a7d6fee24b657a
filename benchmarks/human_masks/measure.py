"""All measurements of the benchmark, as the document that it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.human_masks.agreement import (
    FIGURES,
    agreement,
    human_recist_error,
)
from benchmarks.human_masks.frame import (
    measure_display,
    measure_edges,
    measure_published,
)
from benchmarks.human_masks.intervals import PatientBootstrap
from benchmarks.human_masks.lesions import (
    HumanLesion,
    load_human_lesions,
)
from benchmarks.human_masks.tuning import (
    BOTH,
    Grid,
    best_setting,
    cross_validate,
    families,
    folds_of,
)
from mmuldor.evaluation.comparison.strata import by_size, by_type
from mmuldor.functional.recist import MASK_SHAPES, PseudoMask, diameters


def strata_of(lesions: Sequence[HumanLesion]) -> dict[str, np.ndarray]:
    """By the annotated long diameter and by type; those that occur."""
    long_mm = np.array(
        [diameters(v.ends_px * v.spacing_mm)[0] for v in lesions]
    )
    strata = {
        **by_size(long_mm),
        **by_type([lesion.lesion_type for lesion in lesions]),
    }
    return {name: mask for name, mask in strata.items() if mask.any()}


def measure_shapes(
    lesions: Sequence[HumanLesion],
    drawn: Mapping[str, Sequence[PseudoMask]],
    bootstrap: PatientBootstrap,
) -> dict:
    """Agreement of several masks, their paired differences and strata.

    Args:
        lesions: m lesions.
        drawn: By name, how each lesion's mask is drawn, m of them; Dice is
            compared with the first.
        bootstrap: Of these lesions.
    """
    strata, first = strata_of(lesions), None
    rows = {}
    for name, masks in drawn.items():
        each = list(map(agreement, lesions, masks))
        dice = np.array([figures['dice'] for figures in each])
        first = dice if first is None else first
        rows[name] = {
            **{f: bootstrap.mean([v[f] for v in each]) for f in FIGURES},
            'median_area_ratio': float(
                np.median([v['area_ratio'] for v in each])
            ),
            'dice_minus_first': bootstrap.mean(dice - first),
            'strata': {
                stratum: {
                    'dice': bootstrap.mean(dice, mask),
                    'dice_minus_first': bootstrap.mean(dice - first, mask),
                }
                for stratum, mask in strata.items()
            },
        }
    return {
        'rows': rows,
        'strata': {name: int(mask.sum()) for name, mask in strata.items()},
    }


def measure_human(
    lesions: Sequence[HumanLesion], bootstrap: PatientBootstrap
) -> dict:
    """RECIST of the human masks, and where they lie beside the paper's.

    The shift is that of the centres of gravity; growth is the difference of
    the radii of discs with the areas of both masks, px.
    """
    errors = [human_recist_error(lesion) for lesion in lesions]
    shifts, growths = zip(*map(_frame_of_human, lesions), strict=True)
    found = {
        key: bootstrap.mean([error[key] for error in errors])
        for key in ('long_mm', 'short_mm')
    }
    dx, dy = np.transpose(shifts)
    frame = {'dx_px': dx, 'dy_px': dy, 'mean_px': (dx + dy) / 2}
    found |= {key: bootstrap.mean(value) for key, value in frame.items()}
    return {**found, 'growth_px': bootstrap.mean(growths)}


def _frame_of_human(lesion: HumanLesion) -> tuple[np.ndarray, float]:
    outline = PseudoMask().polygon(lesion.ends_px)
    centre, area = _centroid(outline)
    rows, columns = lesion.mask.pixels()
    shift = np.array([columns.mean(), rows.mean()]) - centre
    radius = np.sqrt(lesion.mask.area_px / np.pi) - np.sqrt(area / np.pi)
    return shift, float(radius)


def _centroid(polygon: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre of gravity (2,) and area of a polygon."""
    following = np.roll(polygon, -1, axis=0)
    cross = polygon[:, 0] * following[:, 1] - following[:, 0] * polygon[:, 1]
    area = cross.sum() / 2
    centre = ((polygon + following) * cross[:, None]).sum(axis=0) / (6 * area)
    return centre, abs(float(area))


def tune(
    lesions: Sequence[HumanLesion],
    bootstrap: PatientBootstrap,
    shapes: Sequence[str] = tuple(MASK_SHAPES),
    grid: Grid | None = None,
) -> tuple[dict, dict[str, list[PseudoMask]]]:
    """Offsets and growths by cross-validation, shape by shape.

    Returns:
        Held-out Dice of each shape and family of settings, beside the same
        shape as the paper draws it; and by shape the held-out masks of the
        family with both, one for each lesion.
    """
    grid = grid or Grid.of()
    rows, every = grid.rows, np.arange(len(lesions))
    folds = folds_of([lesion.patient for lesion in lesions])
    found: dict[str, dict] = {}
    masks = {}
    for shape in shapes:
        table = grid.table(lesions, shape)
        chosen, dice = {}, {}
        found[shape] = {}
        for family, allowed in families(rows).items():
            chosen[family] = cross_validate(table, allowed, folds)
            dice[family] = table[chosen[family], every]
            found[shape][family] = {
                'held_out_dice': bootstrap.mean(dice[family]),
                'minus_paper': bootstrap.mean(dice[family] - dice['paper']),
                'chosen': np.unique(rows[chosen[family]], axis=0).tolist(),
                'on_all': best_setting(table, allowed, rows),
            }
        found[shape]['two_offsets_minus_one'] = bootstrap.mean(
            dice[BOTH] - dice['one offset, growth']
        )
        found[shape]['official_split'] = _official_split(
            lesions, bootstrap, table, rows
        )
        masks[shape] = [
            PseudoMask(shape, grow_px=grow, offset_px=(x, y))
            for x, y, grow in rows[chosen[BOTH]].tolist()
        ]
    return {'folds': int(folds.max() + 1), 'shapes': found}, masks


def _official_split(
    lesions: Sequence[HumanLesion],
    bootstrap: PatientBootstrap,
    table: np.ndarray,
    rows: np.ndarray,
) -> dict:
    """Tuned on training and validation lesions, tested on the test split."""
    test = np.array([lesion.split == 'test' for lesion in lesions])
    allowed = families(rows)
    best = best_setting(table[:, ~test], allowed[BOTH], rows)
    setting = [*best['offset_px'], best['grow_px']]
    tuned = table[int((rows == setting).all(axis=1).argmax())]
    paper = table[int(allowed['paper'].argmax())]
    return {
        'tuned_on': int((~test).sum()),
        'tested_on': int(test.sum()),
        'setting': setting,
        'paper': bootstrap.mean(paper, test),
        'dice': bootstrap.mean(tuned, test),
        'minus_paper': bootstrap.mean(tuned - paper, test),
    }


def measure(data: Path) -> dict:
    """The whole document.

    Args:
        data: Folder of the real data.
    """
    lesions = load_human_lesions(data / 'human_masks/key_slices.json')
    patients = [lesion.patient for lesion in lesions]
    bootstrap = PatientBootstrap(patients)
    tuning, masks = tune(lesions, bootstrap)
    drawn: dict[str, Sequence[PseudoMask]] = {
        shape.replace('_', ' '): [PseudoMask(shape)] * len(lesions)
        for shape in MASK_SHAPES
    }
    for shape, tuned in masks.items():
        drawn[f'{shape.replace("_", " ")}, tuned'] = tuned
    return {
        'command': 'python benchmarks/human_masks/run.py',
        'data': {
            'lesions': len(lesions),
            'patients': len(set(patients)),
            'resamples': len(bootstrap.weights),
        },
        'human': measure_human(lesions, bootstrap),
        'shapes': measure_shapes(lesions, drawn, bootstrap),
        'tuning': tuning,
        'edges': measure_edges(data),
        'display': measure_display(data),
        'published': measure_published(data),
    }
