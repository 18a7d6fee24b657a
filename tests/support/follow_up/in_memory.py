"""A follow-up in memory whose numbers a person can compute."""

import numpy as np

from mmuldor.functional.follow_up.matching import LesionPair
from mmuldor.functional.follow_up.quality import Quality
from mmuldor.scans.follow_up.recist import assess
from mmuldor.scans.follow_up.result import (
    FollowUp,
    Place,
    SliceMap,
    TimePoint,
)
from mmuldor.scans.lesions import Lesion, SliceDetection
from mmuldor.scans.volume import Volume

GOOD = Quality(
    correlation=0.97,
    correlation_rigid=0.9,
    correlation_before=0.5,
    body_dice=0.98,
    common_share=0.9,
    implausible_share=0.0,
    rotation_deg=2.0,
    shift_mm=(0.0, 0.0, 10.0),
    deformation_median_mm=2.0,
    deformation_max_mm=9.0,
)


def lesion(key_slice, long_mm, short_mm, volume_ml, kind=None):
    """A lesion of 10 mm around (20, 20) mm on a slice of 1 mm voxels."""
    box = np.array([15.0, 15, key_slice - 0.5, 25, 25, key_slice + 0.5])
    detection = SliceDetection(key_slice, box[[0, 1, 3, 4]], 0.9, None, kind)
    return Lesion(
        0.9,
        key_slice,
        box,
        np.array([20.0, 20, key_slice]),
        long_mm,
        short_mm,
        None,
        volume_ml,
        [detection],
        lesion_type=kind,
    )


def time_point(name, lesions):
    """A scan of air of 40 mm, 1 mm voxels, with these lesions."""
    volume = Volume(
        np.full((40, 40, 40), -1000, np.int16), np.eye(4), f'{name}.nii.gz'
    )
    records = [
        {
            'number': number,
            'tracking_uid': f'2.25.{len(name)}{number}',
            'lesion_type': item.lesion_type,
            'key_slice': item.key_slice,
            'center_lps_mm': item.center_lps_mm.tolist(),
            'long_mm': item.long_mm,
            'short_mm': item.short_mm,
            'volume_ml': item.volume_ml,
        }
        for number, item in enumerate(lesions, start=1)
    ]
    series = dict.fromkeys(('study_uid', 'series_uid'))
    return TimePoint(f'found_{name}', volume, lesions, records, series)


def small_follow_up():
    """One lesion matched, one gone, one new, and one uncertain pair."""
    baseline = time_point(
        'first',
        [
            lesion(10, 20.0, 12.0, 2.0, 'liver'),
            lesion(20, 15.0, 10.0, 1.0),
            lesion(30, None, None, None),
        ],
    )
    follow_up = time_point(
        'second',
        [
            lesion(15, 25.0, 15.0, 5.0, 'liver'),
            lesion(35, 8.0, 8.0, 0.5),
            lesion(5, 12.0, 9.0, 0.8),
        ],
    )
    pairs = [
        LesionPair('matched', 0, 0, '', 1.5),
        LesionPair('gone', 1, None),
        LesionPair('uncertain', 2, 1, 'why', 7.0, (1,), ()),
        LesionPair('new', None, 2),
    ]
    place = Place(np.array([20.0, 20, 16]), np.array([20.0, 20, 16]), True)
    slices = np.arange(40) + 5.0
    slices[35:] = np.nan
    targets = [0, 1]
    return FollowUp(
        baseline,
        follow_up,
        np.eye(4),
        GOOD,
        '',
        3.0,
        pairs,
        [place] * 3,
        [place] * 3,
        SliceMap(slices, slices - 10),
        targets,
        assess(baseline, follow_up, pairs, targets),
        ['a note'],
    )
