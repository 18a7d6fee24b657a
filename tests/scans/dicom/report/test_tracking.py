import numpy as np
from pydicom.uid import UID

from mmuldor.scans.dicom.report.tracking import tracking_uids

CENTERS = [np.array([10.2, -3.4, 100.0]), np.array([10.2, -3.4, 90.0])]


def test_the_same_in_each_run():
    first = tracking_uids('1.2.3', CENTERS)
    assert first == tracking_uids('1.2.3', CENTERS)
    assert all(UID(uid).is_valid for uid in first)
    assert len(set(first)) == 2
    assert not set(first) & set(tracking_uids('1.2.4', CENTERS))


def test_a_lesion_is_known_by_its_place_not_by_its_number():
    first, second = tracking_uids('1.2.3', CENTERS)
    # Another threshold leaves out the first; its pixels differ by rounding.
    moved = CENTERS[1] + [0.2, -0.05, 0.3]
    assert tracking_uids('1.2.3', [moved]) == [second]
    assert tracking_uids('1.2.3', [moved + np.array([1, 0, 0])]) != [second]
    assert tracking_uids('1.2.3', CENTERS[::-1]) == [second, first]


def test_two_lesions_at_one_place():
    first, second = tracking_uids('1.2.3', [CENTERS[0]] * 2)
    assert first != second
    assert tracking_uids('1.2.3', CENTERS[:1]) == [first]


def test_other_scans_have_none():
    assert tracking_uids(None, CENTERS) == [None, None]
    assert tracking_uids('1.2.3', []) == []
