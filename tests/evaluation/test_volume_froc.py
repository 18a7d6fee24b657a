"""Hand-made lesions on several volumes, through files, to FROC figures."""

import json

import numpy as np
import pytest

from mmuldor.evaluation.volume_froc import (
    CONVENTION,
    HITS,
    evaluate_volume_files,
    volume_evaluation_dict,
    volume_table,
)
from mmuldor.scans.lesion_files import write_lesions_json
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.volume import Volume

SPACING = (0.8, 0.7, 2.5)
SHAPE = (12, 50, 60)
# By volume: slices, rows and columns of lesions; ends are within.
TRUE = {
    'a': [((2, 5), (10, 19), (20, 29)), ((8, 9), (30, 33), (40, 43))],
    'b': [((0, 3), (5, 14), (5, 14))],
    'c': [],
}


def affine(origin=(-10.0, 20.0, -300.0), spacing=SPACING):
    matrix = np.diag([*spacing, 1.0])
    matrix[:3, 3] = origin
    return matrix


def box_mm(slices, rows, columns):
    """Out to the voxels' borders, from the first one's centre."""
    spans = [columns, rows, slices]
    low = [(a - 0.5) * s for (a, _), s in zip(spans, SPACING, strict=True)]
    high = [(b + 0.5) * s for (_, b), s in zip(spans, SPACING, strict=True)]
    return [*low, *high]


def truth(tmp_path, **changes):
    volumes = [
        {
            'name': name,
            'split': 'val' if name == 'v' else 'test',
            'file': f'/scans/{name}.nii.gz',
            'shape': list(SHAPE),
            'spacing_mm': list(SPACING),
            'affine_lps': affine().tolist(),
            'lesions': [{'box_mm': box_mm(*spans)} for spans in lesions],
            **changes.get(name, {}),
        }
        for name, lesions in {**TRUE, 'v': TRUE['b']}.items()
    ]
    path = tmp_path / 'volumes.json'
    path.write_text(json.dumps({'volumes': volumes}))
    return path


def lesion(slices, rows, columns, score, matrix):
    """As `tools/infer.py` measures one: a box a slice."""
    box = np.array(
        [columns[0] - 0.5, rows[0] - 0.5, columns[1] + 0.5, rows[1] + 0.5]
    )
    found = [
        SliceDetection(k, box, score, None)
        for k in range(slices[0], slices[1] + 1)
    ]
    return measure_lesion(found, matrix)


def write_found(tmp_path, name, found, matrix=None, shape=SHAPE, folder=None):
    matrix = affine() if matrix is None else matrix
    volume = Volume(
        np.zeros(shape, np.int16), matrix, f'/elsewhere/{name}.nii.gz'
    )
    lesions = [lesion(*entry, matrix) for entry in found]
    path = tmp_path / 'found' / (folder or name) / 'lesions.json'
    write_lesions_json(path, lesions, volume)
    return path


# a: its first lesion twice, then an FP; b: an FP before its lesion.
FOUND = {
    'a': [
        (*TRUE['a'][0], 0.9),
        ((2, 4), (10, 19), (20, 29), 0.8),
        ((8, 9), (5, 9), (5, 9), 0.5),
    ],
    'b': [((8, 9), (30, 39), (30, 39), 0.7), (*TRUE['b'][0], 0.6)],
    'c': [],
}


@pytest.fixture
def files(tmp_path):
    for name, found in FOUND.items():
        write_found(tmp_path, name, found)
    return truth(tmp_path), tmp_path / 'found'


def test_by_hand(files):
    done = evaluate_volume_files(
        files[0], [files[1]], split='test', fp_rates=[0.25, 0.5, 4]
    )
    # Three volumes and lesions: 1/3 found, FP, 2/3 found, FP.
    assert done.curve.fps_per_image.tolist() == pytest.approx(
        [0, 0, 0, 1 / 3, 1 / 3, 2 / 3]
    )
    assert done.curve.sensitivity.tolist() == pytest.approx(
        [0, 1 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3]
    )
    assert done.summary.sensitivity == pytest.approx([1 / 3, 2 / 3, 2 / 3])
    assert done.cpm == pytest.approx((2 / 3 + 5 * 2 / 3 - 1 / 3 + 1 / 3) / 7)
    assert done.counts == {
        'volumes': 3,
        'volumes_without_lesions': 1,
        'lesions': 3,
        'detections': 5,
        'files_of_other_volumes': 0,
    }


def test_found_as_they_are_give_an_iou_of_1(tmp_path, files):
    for name, lesions in TRUE.items():
        write_found(tmp_path, name, [(*spans, 0.5) for spans in lesions])
    done = evaluate_volume_files(
        files[0], [files[1]], split='test', iou_thr=0.999
    )
    assert done.summary.max_sensitivity == 1
    assert done.summary.fps_at_max == 0


def test_another_grid_of_the_same_patient(tmp_path, files):
    # Cropped by 3 slices, 4 rows and 5 columns, in half the row distance.
    matrix = affine(
        (-10 + 5 * 0.8, 20 + 4 * 0.7 - 0.175, -300 + 3 * 2.5), (0.8, 0.35, 2.5)
    )
    (slices, rows, columns) = TRUE['a'][1]
    found = (
        (slices[0] - 3, slices[1] - 3),
        (2 * (rows[0] - 4), 2 * (rows[1] - 4) + 1),
        (columns[0] - 5, columns[1] - 5),
        0.5,
    )
    write_found(tmp_path, 'a', [found], matrix, (9, 80, 50))
    done = evaluate_volume_files(
        files[0], [files[1]], split='test', iou_thr=0.999
    )
    # That of b is on the volume's own grid.
    assert done.summary.max_sensitivity == pytest.approx(2 / 3)


def test_names_of_folders_where_sources_say_nothing(tmp_path, files):
    for name in TRUE:
        path = files[1] / name / 'lesions.json'
        document = json.loads(path.read_text())
        document['source'] = '/dicom/1.2.3'
        path.write_text(json.dumps(document))
    done = evaluate_volume_files(files[0], [files[1]], split='test')
    assert done.counts['detections'] == 5


def test_other_splits_are_not_used(tmp_path, files):
    write_found(tmp_path, 'v', [])
    done = evaluate_volume_files(files[0], [files[1]], split='test')
    assert done.counts['files_of_other_volumes'] == 1
    everything = evaluate_volume_files(files[0], [files[1]])
    assert everything.counts['volumes'] == 4


def broken(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        (lambda d: d.update(lesions=3), r'`lesions` must be a list'),
        (lambda d: d.pop('lesions'), r'must be a lesions\.json'),
        (
            lambda d: d['lesions'][0].update(box_mm=[1, 2]),
            r'lesions\[0\]: `box_mm` must be 6 finite numbers',
        ),
        (
            lambda d: d['lesions'][0].update(box_mm=[5, 0, 0, 1, 1, 1]),
            r'but box 0 is',
        ),
        (
            lambda d: d['lesions'][1].update(score=None),
            r'lesions\[1\]: `score` must be a finite number, but got None',
        ),
        (lambda d: d.update(shape=[9, 9]), r'`shape` must be 3 finite'),
        (
            lambda d: d.update(shape=[9, 9, 9], affine_lps=None),
            r'must be of the grid of volume .a.*Run the detector on the same',
        ),
        (
            lambda d: d.update(
                shape=[9, 9, 9], affine_lps=affine((900, 0, 0)).tolist()
            ),
            r'have no part in common.*/scans/a\.nii\.gz',
        ),
    ],
)
def test_wrong_detections(files, change, match):
    broken(files[1] / 'a' / 'lesions.json', change)
    with pytest.raises(ValueError, match=rf'a/lesions\.json.*{match}'):
        evaluate_volume_files(files[0], [files[1]], split='test')


def test_missing_or_twice(tmp_path, files):
    write_found(tmp_path, 'a', [], folder='again')
    with pytest.raises(ValueError, match=r"volume 'a' must come once"):
        evaluate_volume_files(files[0], [files[1]])
    (files[1] / 'again' / 'lesions.json').unlink()
    (files[1] / 'c' / 'lesions.json').unlink()
    with pytest.raises(FileNotFoundError, match=r'1 of 3 have none: c\.'):
        evaluate_volume_files(files[0], [files[1]], split='test')
    with pytest.raises(FileNotFoundError, match=r'nowhere'):
        evaluate_volume_files(files[0], [tmp_path / 'nowhere'])


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        ({'name': ''}, r'volumes\[1\]: `name` must be a text'),
        ({'name': 'a'}, r"'a' comes twice"),
        ({'spacing_mm': [1, 1, 0]}, r"volume 'b'.*must be positive"),
        ({'affine_lps': [[0] * 4] * 4}, r'can be inverted'),
        ({'lesions': [{}]}, r'lesions\[0\]: `box_mm` must be 6 finite'),
    ],
)
def test_wrong_volumes(tmp_path, files, change, match):
    path = truth(tmp_path, b=change)
    with pytest.raises(ValueError, match=rf'volumes\.json.*{match}'):
        evaluate_volume_files(path, [files[1]])


def test_no_lesion_and_no_split(tmp_path, files):
    none = {name: {'lesions': []} for name in ('a', 'b')}
    with pytest.raises(ValueError, match=r'the 3 volumes have none'):
        evaluate_volume_files(
            truth(tmp_path, **none), [files[1]], split='test'
        )
    with pytest.raises(ValueError, match=r"split 'train', but has .* test"):
        evaluate_volume_files(files[0], [files[1]], split='train')


def test_the_whole_report_by_hand(tmp_path, files):
    write_found(tmp_path, 'v', [])
    done = evaluate_volume_files(files[0], [files[1]], split='test')
    # As in `test_by_hand`: 1 / 3 before the first FP at 1 / 3 a volume.
    sensitivity = [1 / 3, 1 / 3, *[2 / 3] * 5]
    assert volume_evaluation_dict(done) == {
        'fp_rates': [0.125, 0.25, 0.5, 1, 2, 4, 8],
        'fps_per': 'volume',
        'sensitivity': pytest.approx(sensitivity),
        'mean': pytest.approx(2 / 3),
        'cpm': pytest.approx(sum(sensitivity) / 7),
        'max_sensitivity': pytest.approx(2 / 3),
        'fps_at_max': pytest.approx(1 / 3),
        'fps_at_end': pytest.approx(2 / 3),
        'counts': done.counts,
        **{'hit': 'iou', 'iou_thr': 0.1, 'note': ''},
        'convention': CONVENTION,
    }
    assert volume_table(done).splitlines() == [
        'FROC per volume: 3 volumes (1 without lesions), 3 lesions, '
        '5 detections, 3-D IoU >= 0.1',
        'FPs per volume  0.125   0.25    0.5      1      2      4      8'
        '    CPM    max',
        'sensitivity %   33.33  33.33  66.67  66.67  66.67  66.67  66.67'
        '  57.14  66.67',
        'CPM: mean over 0.125, 0.25, 0.5, 1, 2, 4, 8 (LUNA16); max first '
        'reached at 0.33 FPs per volume; the curve ends at 0.67 FPs, its last '
        'value is held',
        'not used: 1 files of volumes that are not in the split',
    ]


@pytest.mark.parametrize('hit', ['center', 'radius'])
def test_other_hits_have_no_threshold(files, hit):
    done = evaluate_volume_files(files[0], [files[1]], hit=hit, split='test')
    document = volume_evaluation_dict(done)
    assert (document['hit'], document['iou_thr']) == (hit, None)
    assert volume_table(done).splitlines()[0].endswith(f', {HITS[hit]}')


def test_arguments_are_checked_before_files_are_read():
    with pytest.raises(ValueError, match='strictly increasing'):
        evaluate_volume_files('nothing.json', [], fp_rates=[2, 1])
    with pytest.raises(ValueError, match='`hit` must be one of iou, center'):
        evaluate_volume_files('nothing.json', [], hit='near')
