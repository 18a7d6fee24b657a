"""Two scans registered and their lesions matched."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mmuldor.scans.follow_up.follow import follow
from mmuldor.scans.follow_up.judging import judge
from mmuldor.scans.follow_up.registration import register
from mmuldor.scans.follow_up.result import TimePoint
from mmuldor.scans.follow_up.run import follow_results
from tests.support.follow_up.small_pairs import small_pair


def point_of(volume, lesions):
    records = [
        {
            'number': number,
            'tracking_uid': f'1.{number}',
            'lesion_type': lesion.lesion_type,
            'key_slice': lesion.key_slice,
            'long_mm': lesion.long_mm,
            'short_mm': lesion.short_mm,
            'volume_ml': lesion.volume_ml,
        }
        for number, lesion in enumerate(lesions, start=1)
    ]
    return TimePoint('found', volume, lesions, records, {'series_uid': None})


@pytest.fixture(scope='module')
def points():
    pair = small_pair(0)
    volumes = (pair.baseline, pair.follow_up)
    return [
        point_of(*args) for args in zip(volumes, pair.found(), strict=True)
    ]


@pytest.fixture(scope='module')
def followed(points):
    return follow(*points)


def test_the_motion_is_found(followed):
    pair = small_pair(0)
    assert followed.problem == ''
    middle = pair.motion.center_mm
    true = pair.motion.rigid()[:3] @ [*middle, 1]
    found = followed.rigid_lps[:3] @ [*middle, 1]
    # Voxels of 6 mm.
    assert np.linalg.norm(true - found) < 6


def test_true_pairs_are_matched(followed):
    facts = small_pair(0).facts()['lesions']
    true = {
        (entry['baseline_number'], entry['follow_up_number'])
        for entry in facts
        if entry['baseline_number'] and entry['follow_up_number']
    }
    found = {
        (pair.baseline + 1, pair.follow_up + 1)
        for pair in followed.pairs
        if pair.status == 'matched'
    }
    assert len(true) >= 2
    assert found == true
    statuses = {pair.status for pair in followed.pairs}
    assert {'gone', 'new'} <= statuses | {'outside'}


def test_places_in_the_other_scan(followed):
    facts = small_pair(0).facts()['lesions']
    for entry in facts:
        numbers = entry['baseline_number'], entry['follow_up_number']
        if None in numbers:
            continue
        place = followed.in_follow_up[numbers[0] - 1]
        true = followed.follow_up.lesions[numbers[1] - 1].center_lps_mm
        assert np.linalg.norm(place.center_lps_mm - true) < 10
        volume = followed.follow_up.volume
        assert volume.to_patient(place.index)[0] == pytest.approx(
            place.center_lps_mm
        )


def test_slices_follow_each_other(followed):
    slices = followed.slices.to_follow_up
    known = slices[~np.isnan(slices)]
    assert len(known) > len(slices) / 2
    # Slices of 6 mm in both scans: one on for each one on, nearly.
    assert (np.diff(known) > 0).all()
    assert np.diff(known).mean() == pytest.approx(1, abs=0.1)


@pytest.mark.slow
def test_the_same_scan_twice(points):
    found = follow(points[0], points[0])
    assert found.notes == ['baseline and follow-up are the same scan']
    assert {pair.status for pair in found.pairs} == {'matched'}
    assert max(pair.distance_mm for pair in found.pairs) < 1
    assert found.response.change_mm == 0
    assert found.quality.correlation > 0.99


@pytest.mark.slow
def test_the_same_result_again(points):
    first, second = (
        register(points[0].volume, points[1].volume) for _ in range(2)
    )
    assert np.array_equal(first.rigid_lps, second.rigid_lps)
    assert np.array_equal(first.field, second.field)


def test_another_part_of_the_body_matches_nothing(points):
    """The lowest slices against the uppermost ones."""
    first, second = points
    low, high = (point.volume for point in points)
    below = replace(low, hu=low.hu[:10])
    affine = high.affine.copy()
    affine[:3, 3] += affine[:3, 2] * (len(high.hu) - 10)
    above = replace(high, hu=high.hu[-10:], affine=affine)
    found = follow(point_of(below, first.lesions[:1]),
                   point_of(above, second.lesions[:1]))  # fmt: skip
    assert found.problem
    assert [pair.status for pair in found.pairs] == ['uncertain'] * 2
    assert all('registration' in pair.reason for pair in found.pairs)
    assert found.in_follow_up == [None]
    assert np.isnan(found.slices.to_follow_up).all()


@pytest.mark.slow
def test_lesions_outside_of_the_other_scan(points):
    """A follow-up of the upper half alone."""
    first, second = points
    volume = second.volume
    start = len(volume.hu) // 2
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, 2] * start
    upper = replace(volume, hu=volume.hu[start:], affine=affine)
    found = follow(first, point_of(upper, []))
    assert found.problem == ''
    heights = [lesion.center_lps_mm[2] for lesion in first.lesions]
    lowest = int(np.argmin(heights))
    assert found.pairs[lowest].status == 'outside'
    assert not found.in_follow_up[lowest].inside


def test_no_body(points):
    empty = replace(points[0].volume, hu=np.full((4, 40, 40), -1000, np.int16))
    with pytest.raises(ValueError, match='show a body'):
        follow(points[0], point_of(empty, []))


def test_wrong_targets(points):
    for wrong, message in (([99], 'got 99'), ([0], 'got 0')):
        with pytest.raises(ValueError, match=message):
            follow(*points, targets=wrong)


def test_files(pair_folder, tmp_path):
    steps = []

    def progress(items, total, text):
        steps.append(text)
        return items

    out = tmp_path / 'out'
    follow_results(
        pair_folder / 'baseline',
        pair_folder / 'follow_up',
        out,
        progress=progress,
    )
    assert steps[0] == 'reading'
    assert 'registering' in steps
    document = json.loads((out / 'follow_up.json').read_text())
    assert document['registration']['status'] == 'good'
    assert document['provenance']['simpleitk']
    assert document['baseline']['scan'].endswith('baseline.nii.gz')
    assert sorted(path.name for path in out.iterdir()) == [
        'follow_up.csv',
        'follow_up.html',
        'follow_up.json',
        'follow_up.png',
    ]
    slices = document['slices']['to_follow_up']
    assert len(slices) == document['baseline']['shape'][0]


@pytest.mark.slow
def test_an_oblique_grid(points):
    """The same voxels in a patient who is turned and moved."""
    first = points[0].volume
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler('zx', [8, 4], degrees=True).as_matrix()
    turn[:3, 3] = 15, -20, 30
    second = replace(first, affine=turn @ first.affine)
    found = register(first, second)
    middle = np.array([*found.baseline.body_center_mm(-np.inf, np.inf), 1])
    away = (found.rigid_lps - turn) @ middle
    assert np.linalg.norm(away) < 1.5
    angle = Rotation.from_matrix(
        found.rigid_lps[:3, :3] @ turn[:3, :3].T
    ).magnitude()
    assert np.degrees(angle) < 0.5


@pytest.mark.slow
@pytest.mark.parametrize('small', [0, 1])
def test_a_small_field_of_view(small):
    """A circle that cuts the body, in one of the scans."""
    pair = small_pair(0)
    volumes = [pair.baseline, pair.follow_up]
    hu = volumes[small].hu[:, 14:50, 16:52].copy()
    y, x = np.mgrid[:36, :36] - 17.5
    hu[:, np.hypot(x, y) > 18] = -1024
    affine = volumes[small].affine.copy()
    affine[:3, 3] = volumes[small].to_patient(np.array([16, 14, 0]))[0]
    volumes[small] = replace(volumes[small], hu=hu, affine=affine)
    found, quality = judge(register(*volumes))
    assert quality.problem == ''
    middle = [*pair.motion.center_mm, 1]
    away = (found.rigid_lps - pair.motion.rigid()) @ middle
    assert np.linalg.norm(away) < 8


@pytest.mark.slow
def test_a_deformation_that_harms_is_left_out(points):
    found = register(points[0].volume, points[0].volume)
    noise = np.random.default_rng(0).normal(0, 9, found.field.shape)
    harmed = replace(found, field=noise.astype(np.float32))
    judged, quality = judge(harmed)
    assert not judged.field.any()
    assert quality.deformation_max_mm == 0
    assert quality.correlation == quality.correlation_rigid


@pytest.mark.slow
def test_a_part_of_the_scan(points):
    """A field of view of a quarter of the slices, cut on a side as well."""
    pair = small_pair(0)
    first, second = points
    volume = second.volume
    start, count = len(volume.hu) // 3, len(volume.hu) // 3
    affine = volume.affine.copy()
    affine[:3, 3] += affine[:3, 2] * start + affine[:3, 0] * 12
    part = replace(
        volume, hu=volume.hu[start : start + count, :, 12:], affine=affine
    )
    found = register(first.volume, part)
    middle = [*pair.motion.center_mm, 1]
    away = (found.rigid_lps - pair.motion.rigid()) @ middle
    assert np.linalg.norm(away) < 8
