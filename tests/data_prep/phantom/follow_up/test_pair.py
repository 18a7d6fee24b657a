"""Pairs of scans with known truth."""

import json
from dataclasses import replace

import nibabel
import numpy as np
import pytest

from data_prep import make_phantom
from data_prep.phantom.anatomy.body import Body
from data_prep.phantom.follow_up import dataset
from data_prep.phantom.follow_up.motion import DIAPHRAGM_MM, Motion
from data_prep.phantom.follow_up.pair import make_pair
from data_prep.phantom.follow_up.settings import PairSettings
from tests.support.follow_up.small_pairs import SMALL, small_pair

STILL = Motion(np.zeros(3), np.eye(3), np.zeros(3), 0.0, 60.0, -120.0)


def test_nothing_moves():
    points = np.random.default_rng(0).uniform(-200, 500, (5, 3))
    np.testing.assert_allclose(STILL.to_baseline(points), points)


def test_a_shift():
    moved = replace(STILL, shift_mm=np.array([1.0, 2, 3]))
    assert moved.to_baseline(np.array([11.0, 22, 33])) == pytest.approx(
        [10, 20, 30]
    )
    assert moved.rigid()[:3, 3] == pytest.approx([1, 2, 3])


def test_a_quarter_turn_about_the_middle():
    # x to y about (0, 0, 5): the follow-up's (0, 10, 5) was (10, 0, 5).
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    turned = replace(STILL, rotation=turn, center_mm=np.array([0.0, 0, 5]))
    found = turned.to_baseline(np.array([0.0, 10, 5]))
    np.testing.assert_allclose(found, [10, 0, 5], atol=1e-12)
    back = turned.rigid() @ [10, 0, 5, 1]
    np.testing.assert_allclose(back[:3], [0, 10, 5], atol=1e-12)


def test_breathing_is_largest_in_front_of_the_diaphragm():
    breathing = replace(STILL, breath_mm=20.0)

    def moved(y, z):
        point = np.array([0.0, y, z])
        return (breathing.to_baseline(point) - point).tolist()

    assert moved(-120, DIAPHRAGM_MM) == pytest.approx([0, 7, 20])
    # At the spine 15 % of it, 75 mm higher exp(-1 / 2) of it.
    assert moved(60, DIAPHRAGM_MM)[2] == pytest.approx(3)
    assert moved(-120, DIAPHRAGM_MM + 75)[2] == pytest.approx(12.13, abs=0.01)
    assert moved(-120, DIAPHRAGM_MM + 75)[1] == pytest.approx(4.25, abs=0.01)


def test_a_motion_stays_in_its_ranges():
    rng = np.random.default_rng(0)
    body = Body.draw(rng)
    for _ in range(20):
        found = Motion.draw(rng, body, 300.0, PairSettings())
        assert np.linalg.norm(found.shift_mm) <= 40
        assert np.trace(found.rotation) >= 1 + 2 * np.cos(np.radians(5.01))
        assert abs(found.breath_mm) <= 20


def test_the_same_seed_gives_the_same_pair():
    first, second = small_pair(0), make_pair(0, SMALL)
    assert np.array_equal(first.baseline.hu, second.baseline.hu)
    assert np.array_equal(first.follow_up.hu, second.follow_up.hu)


def test_lesions_of_a_pair():
    pair = small_pair(0)
    kept = [x for x in pair.lesions if x.baseline and x.follow_up]
    assert len(kept) == 3
    assert sum(x.follow_up is None for x in pair.lesions) == 1
    assert sum(x.baseline is None for x in pair.lesions) == 1
    away = pair.lesions[0].center_mm - pair.lesions[1].center_mm
    # 3 mm beside the ring, and pixels of 2.4 mm.
    assert 10 <= np.linalg.norm(away) <= 35


def test_true_lesions_lie_where_the_motion_says():
    pair = small_pair(0)
    seen = 0
    for before, after in zip(pair.in_baseline, pair.in_follow_up, strict=True):
        if before is None or after is None:
            continue
        seen += 1
        back = pair.motion.to_baseline(after.center_lps_mm)
        # Pixels of 6 mm and slices of 6 mm; shapes are lopsided.
        assert np.linalg.norm(back - before.center_lps_mm) < 9
    assert seen >= 2


def test_a_lesion_is_seen_in_its_voxels():
    pair = small_pair(0)
    liver = [
        (k, lesion)
        for k, lesion in enumerate(pair.in_baseline)
        if lesion is not None
    ]
    for _, lesion in liver:
        mask = lesion.detections[0].mask
        rows, columns = mask.pixels()
        assert lesion.box_mm[5] > lesion.box_mm[2]
        assert len(rows) == lesion.detections[0].area_px
        assert pair.baseline.hu[lesion.key_slice, rows, columns].std() > 0


def test_files(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, 'make_pair', lambda seed, _: small_pair(seed))
    seen = dataset.make_pairs(tmp_path / 'pairs', 1, 0)
    folder = tmp_path / 'pairs' / 'pair_001'
    truth = json.loads((folder / 'truth.json').read_text())
    numbers = {'baseline': [], 'follow_up': []}
    for lesion in truth['lesions']:
        for name in numbers:
            numbers[name].append(lesion[f'{name}_number'])
    for name, listed in numbers.items():
        document = json.loads((folder / name / 'lesions.json').read_text())
        assert document['source'] == str(folder / f'{name}.nii.gz')
        found = [lesion['number'] for lesion in document['lesions']]
        assert [n for n in listed if n is not None] == found
        scan = nibabel.load(folder / f'{name}.nii.gz')
        assert list(scan.shape) == document['shape'][::-1]
    assert seen == sum(
        None not in pair for pair in zip(*numbers.values(), strict=True)
    )
    with pytest.raises(FileExistsError, match='holds something'):
        dataset.make_pairs(tmp_path / 'pairs', 1, 0)


def test_the_command(tmp_path, monkeypatch, capsys):
    sizes = []

    def small(seed, settings):
        sizes.append((seed, settings.size))
        return small_pair(0)

    monkeypatch.setattr(dataset, 'make_pair', small)
    out = tmp_path / 'pairs'
    arguments = ['--follow-up-pairs', '2', '--seed', '7', '--size', '96']
    make_phantom.main([str(out), *arguments])
    assert sizes == [(7, 96), (8, 96)]
    assert sorted(path.name for path in out.iterdir()) == [
        'pair_001',
        'pair_002',
    ]
    assert 'wrote 2 pairs of scans' in capsys.readouterr().out
