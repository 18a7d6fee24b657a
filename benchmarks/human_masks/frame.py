"""What edges, display pixels and published detections say of the frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.human_masks.display_grid import (
    SIDE_PX,
    find_display,
    remainder,
)
from benchmarks.human_masks.edges import EdgeSettings, all_shifts, frame_of
from benchmarks.human_masks.intervals import PatientBootstrap
from benchmarks.human_masks.lesions import load_real_lesions, load_rows
from benchmarks.human_masks.published_boxes import (
    SHIFTS,
    Published,
    load_published,
)

EDGE_SETTINGS = (
    EdgeSettings(1.0, 2.0),
    EdgeSettings(0.7, 2.0),
    EdgeSettings(1.5, 2.0),
    EdgeSettings(1.0, 1.5),
    EdgeSettings(1.0, 3.0),
)


def measure_edges(data: Path) -> list[dict]:
    """dx, dy and growth of the RECIST frame by edges in real slices."""
    lesions = list(load_real_lesions(data))
    found = []
    for settings in EDGE_SETTINGS:
        directions, shifts, growths, patients = all_shifts(lesions, settings)
        bootstrap = PatientBootstrap(patients)
        frame = bootstrap.of(
            lambda w, d=directions, s=shifts, g=growths: frame_of(d, s, g, w)
        )
        found.append(
            {
                'sigma_px': settings.sigma_px,
                'reach_px': settings.reach_px,
                'lesions': len(lesions),
                'patients': len(set(patients)),
                'spread_px': float(np.std(shifts)),
                'frame': frame,
            }
        )
    return found


def measure_display(data: Path) -> dict:
    """The grid of display pixels in the rows of DL_info.csv."""
    rows = [r for r in load_rows(data / 'deeplesion_sample') if r.width == 512]
    # As the file has them, from 1.
    ends = np.array([row.recist_px for row in rows]) + 1
    x, y = (ends[:, first:4:2].reshape(-1) for first in (0, 1))
    patients = np.repeat([f'{row.patient:06d}' for row in rows], 2)
    pixels, of_x, of_y = find_display(x, y, patients)
    bootstrap = PatientBootstrap(patients)
    step = SIDE_PX / pixels
    found: dict = {'display_pixels': pixels, 'step_px': step}
    for name, values, z in (('x', x, of_x), ('y', y, of_y)):
        centre, share = remainder(values, np.ones(len(values)), pixels)

        def near(weights, values=values, centre=centre):
            gap = remainder(values - centre, weights, pixels)[0]
            return np.array(centre + gap)

        found[name] = {
            'share': share, 'z': z, 'remainder_px': bootstrap.of(near),
        }  # fmt: skip
    # What the remainder would be if 1 or 0.5 were added to whole steps.
    for name, added in (('plus_1', 1.0), ('plus_half', 0.5)):
        found[f'remainder_{name}_px'] = float(
            (added + step / 2) % step - step / 2
        )
    return found


def measure_published(data: Path) -> list[dict]:
    """FROC against shifted boxes, and where the hits lie."""
    return [_published(one) for one in load_published(data)]


def _published(one: Published) -> dict:
    gaps, patients = one.displacements()
    bootstrap = PatientBootstrap(patients)
    return {
        'name': one.name,
        'hits': len(gaps),
        'dx_px': bootstrap.mean(gaps[:, 0]),
        'dy_px': bootstrap.mean(gaps[:, 1]),
        'froc': [one.froc(shift) for shift in SHIFTS],
    }
