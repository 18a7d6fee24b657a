"""Findings, false positives, second hits and what was missed."""

import numpy as np

from mmuldor.scans.viewer.truth import box_mark, matches
from mmuldor.scans.volume import Volume
from tests.scans.viewer.pages import AFFINE, SHAPE, lesion


def test_types_of_match():
    found = [
        lesion(4, (6, 8, 20, 16), 0.9),
        lesion(5, (6, 8, 20, 16), 0.8),
        lesion(20, (30, 22, 41, 33), 0.5),
    ]
    # The first one's own box, which reaches over the second one's slice; one
    # that nothing hits.
    first = found[0].box_mm.copy()
    first[5] += 2.5
    truth = np.array([first, [1, 1, 40, 9, 9, 50]])
    words, missed = matches(found, truth)
    assert words == ['finding', 'second hit', 'false positive']
    assert missed == [1]
    assert matches([], truth) == ([], [0, 1])
    assert matches(found, np.zeros((0, 6)))[0] == ['false positive'] * 3


def test_a_missed_box_on_its_slices():
    volume = Volume(np.zeros(SHAPE, np.int16), AFFINE)
    # 8 to 16 mm are columns 10 to 20, 12 to 24 mm rows 10 to 20, and 24 to
    # 31 mm of 2.5 mm slices 10 to 12.
    mark = box_mark(np.array([8, 12, 24, 16, 24, 31]), volume)
    assert mark['slice'] == 11
    assert [found['slice'] for found in mark['detections']] == [10, 11, 12]
    assert mark['detections'][0]['box'] == [10, 10, 20, 20]
    # -20.5 + 15 x 0.8, -90 + 15 x 1.2, 8 + 27.5 mm.
    assert mark['center_mm'] == [-8.5, -72.0, 35.5]
    # Between two slices, and above the last one.
    thin = box_mark(np.array([8, 12, 24, 16, 24, 24.5]), volume)
    assert [found['slice'] for found in thin['detections']] == [10]
    above = box_mark(np.array([8, 12, 70, 16, 24, 90]), volume)
    assert above['slice'] == 29
    assert [found['slice'] for found in above['detections']] == [28, 29]
