"""`lesions.mrk.json` against the fields of Slicer's schema 1.0.3."""

import json

import nibabel
import numpy as np
import pytest

from mmuldor.functional.masks import CroppedMask
from mmuldor.scans.lesion_files import lesion_records
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.reading import read_scan
from mmuldor.scans.slicer.markups import SCHEMA, write_markups
from mmuldor.scans.volume import Volume

# Fields of the schema: types, values or the length of a list of numbers.
POINT = {
    'id': str,
    'label': str,
    'description': str,
    'position': 3,
    'positionStatus': ('undefined', 'preview', 'defined'),
}
DISPLAY = {
    'visibility': bool,
    'color': 3,
    'selectedColor': 3,
    'propertiesLabelVisibility': bool,
    'pointLabelsVisibility': bool,
    'handlesInteractive': bool,
}
MARKUP = {
    'type': ('Fiducial', 'Line', 'ROI'),
    'name': str,
    'coordinateSystem': ('LPS', 'RAS'),
    'coordinateUnits': ('mm', 'um'),
    'locked': bool,
    'labelFormat': str,
    'controlPoints': list,
    'display': dict,
    'roiType': str,
    'center': 3,
    'orientation': 9,
    'size': 3,
}
# 1 mm columns, 2 mm rows, 3 mm slices; the first voxel at (10, 20, 30).
AFFINE = np.array(
    [[1.0, 0, 0, 10], [0, 2, 0, 20], [0, 0, 3, 30], [0, 0, 0, 1]]
)


def check(fields, found):
    for key, value in found.items():
        rule = fields[key]
        if isinstance(rule, int):
            assert len(value) == rule, key
            assert all(isinstance(v, (int, float)) for v in value), key
        elif isinstance(rule, tuple):
            assert value in rule, key
        else:
            assert isinstance(value, rule), key


def volume_of(affine, shape=(10, 30, 40)):
    return Volume(np.zeros(shape, dtype=np.int16), affine, 'scan')


def lesion(volume, masks=True, lesion_type=None):
    """Columns 4 to 7 and rows 6 to 8 on the slices 5 and 6."""
    mask = CroppedMask(6, 4, np.ones((3, 4), dtype=bool)) if masks else None
    box = np.array([3.5, 5.5, 7.5, 8.5])
    found = [SliceDetection(k, box, 0.876, mask, lesion_type) for k in (5, 6)]
    return measure_lesion(found, volume.affine)


def markups_of(path, lesions, volume):
    records = lesion_records(lesions, volume)
    write_markups(path, records, volume)
    document = json.loads(path.read_text())
    assert set(document) == {'@schema', 'markups'}
    # What Slicer compares.
    assert document['@schema'] == SCHEMA
    assert SCHEMA.endswith('/markups-schema-v1.0.3.json#')
    for markup in document['markups']:
        check(MARKUP, markup)
        check(DISPLAY, markup['display'])
        for point in markup['controlPoints']:
            check(POINT, point)
        rgb = markup['display']['color']
        assert all(0 <= value <= 1 for value in rgb)
        assert markup['coordinateSystem'] == 'LPS'
        assert markup['coordinateUnits'] == 'mm'
    return document['markups'], records


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'lesions.mrk.json'


def test_a_box_and_two_lines(path):
    volume = volume_of(AFFINE)
    (roi, long, short), (record,) = markups_of(
        path, [lesion(volume, lesion_type='liver')], volume
    )
    assert roi['type'] == 'ROI'
    assert roi['name'] == 'Lesion 1 score 0.88 liver'
    assert roi['roiType'] == 'Box'
    # 4 px of 1 mm, 3 px of 2 mm, 2 slices of 3 mm.
    assert roi['size'] == [4, 6, 6]
    # Column 5.5, row 7, slice 5.5.
    assert roi['center'] == [15.5, 34, 46.5] == record['center_lps_mm']
    assert roi['orientation'] == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    (middle,) = roi['controlPoints']
    assert middle['position'] == roi['center']
    assert (long['type'], short['type']) == ('Line', 'Line')
    for line, kind in ((long, 'long'), (short, 'short')):
        ends = np.array([p['position'] for p in line['controlPoints']])
        assert ends.shape == (2, 3)
        length = np.linalg.norm(ends[1] - ends[0])
        assert length == pytest.approx(record[f'{kind}_mm'], abs=0.005)
        # On the key slice 5: 30 + 5 x 3 mm.
        assert ends[:, 2].tolist() == [45, 45]
    # The outline runs 1/8 px inside: 3.75 x 5.5 mm.
    assert long['name'] == 'Lesion 1 long 6.7 mm'
    assert np.hypot(3.75, 5.5) == pytest.approx(6.66, abs=0.01)


def test_without_masks_there_is_a_box_alone(path):
    volume = volume_of(AFFINE)
    markups, _ = markups_of(path, [lesion(volume, masks=False)] * 2, volume)
    assert [m['name'] for m in markups] == [
        'Lesion 1 score 0.88',
        'Lesion 2 score 0.88',
    ]
    assert {m['type'] for m in markups} == {'ROI'}


def test_no_lesion_loads_as_an_empty_list(path):
    (markup,), _ = markups_of(path, [], volume_of(AFFINE))
    assert (markup['type'], markup['name']) == ('Fiducial', 'No lesion found')
    assert markup['controlPoints'] == []


def test_the_box_of_an_oblique_scan_is_turned_with_it(path):
    angle = np.radians(30)
    turn = np.array(
        [
            [np.cos(angle), -np.sin(angle), 0],
            [np.sin(angle), np.cos(angle), 0],
            [0, 0, 1],
        ]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([1, 2, 3])
    volume = volume_of(affine)
    (roi, *_), _ = markups_of(path, [lesion(volume)], volume)
    axes = np.reshape(roi['orientation'], (3, 3))
    assert axes == pytest.approx(turn)
    # One corner of the box is the outer corner of its first voxel.
    corner = roi['center'] - axes @ np.array(roi['size']) / 2
    first = volume.to_patient(np.array([3.5, 5.5, 4.5]))[0]
    assert corner == pytest.approx(first, abs=1e-3)


def test_a_box_is_never_mirrored(path):
    volume = volume_of(AFFINE @ np.diag([1, 1, -1, 1]))
    (roi, *_), _ = markups_of(path, [lesion(volume)], volume)
    axes = np.reshape(roi['orientation'], (3, 3))
    assert np.linalg.det(axes) == pytest.approx(1)
    assert np.abs(axes).tolist() == np.eye(3).tolist()


def test_the_space_is_that_of_the_nifti_file(path, tmp_path):
    """Stored to the right, back and feet; Slicer reads its affine, in RAS."""
    affine = np.array(
        [[0.7, 0, 0, -90], [0, -0.8, 0, 80], [0, 0, -2, 60], [0, 0, 0, 1]]
    )
    rng = np.random.default_rng(0)
    data = rng.integers(-1000, 1000, (30, 40, 12)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(data, affine), tmp_path / 'a.nii.gz')
    volume, _ = read_scan(tmp_path / 'a.nii.gz')
    (roi, *_), _ = markups_of(path, [lesion(volume)], volume)
    # Voxel (i, j, k) of the file is column 29 - i, row j and slice 11 - k:
    # column 5.5, row 7 and slice 5.5 are i 23.5, j 7 and k 5.5.
    right, front, up = (affine @ [23.5, 7, 5.5, 1])[:3]
    assert roi['center'] == pytest.approx([-right, -front, up], abs=1e-3)
