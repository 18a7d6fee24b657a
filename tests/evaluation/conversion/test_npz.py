import io
import json
import zipfile

import numpy as np
import pytest

from mmuldor.evaluation.conversion import npz
from mmuldor.evaluation.ground_truth import load_ground_truth
from mmuldor.evaluation.results import load_detections
from mmuldor.evaluation.slice_froc import evaluate_slice_files
from tools.convert_results import main

ARRAYS = {
    'names': np.array(['s/001.png', 's/002.png', 's/003.png']),
    'counts': np.array([2, 0, 1], dtype=np.int32),
    'dets': np.array(
        [[0, 1, 9, 8, 0.9], [5, 5, 6, 6, 0.2], [1, 2, 3, 4, 0.4]]
    ),
    'gt_counts': np.array([1, 0, 1]),
    'gts': np.array([[0, 1, 9, 8], [1, 2, 3, 4.5]]),
}


@pytest.fixture
def write(tmp_path):
    def write(**changes):
        arrays = {**ARRAYS, **changes}
        given = {k: v for k, v in arrays.items() if v is not None}
        np.savez(tmp_path / 'd.npz', **given)
        return str(tmp_path / 'd.npz')

    return write


def test_detections_and_lesions_of_one_file(write, tmp_path, capsys):
    ann, out = str(tmp_path / 'ann.json'), str(tmp_path / 'dets.json')
    main([write(), '--write-ann', ann, '--out', out])
    said = capsys.readouterr().out
    assert 'wrote 3 detections' in said
    assert '1 of 3 images have none' in said
    truth = load_ground_truth(ann)
    assert truth.names == {1: 's/001.png', 2: 's/002.png', 3: 's/003.png'}
    assert truth.lesion_boxes.tolist() == ARRAYS['gts'].tolist()
    assert truth.lesion_images.tolist() == [1, 3]
    found = load_detections(out, truth.all_images)
    assert found.boxes.tolist() == ARRAYS['dets'][:, :4].tolist()
    assert found.scores.tolist() == [0.9, 0.2, 0.4]
    assert found.image_ids.tolist() == [1, 1, 3]


def test_images_are_found_by_name(write, tmp_path):
    images = [
        {'id': 9 - number, 'file_name': f's_00{number}.png'}
        for number in (1, 2, 3)
    ]
    (tmp_path / 'ann.json').write_text(
        json.dumps({'images': images, 'annotations': []})
    )
    out = tmp_path / 'dets.json'
    main(
        [
            *(write(gts=None), '--ann', str(tmp_path / 'ann.json')),
            *('--out', str(out), '--offset-px', '1'),
        ]
    )
    results = json.loads(out.read_text())
    assert [entry['image_id'] for entry in results] == [8, 8, 6]
    assert results[0]['bbox'] == [-1, 0, 9, 7]


def test_an_offset_moves_the_lesions_too(write, tmp_path):
    ann, out = str(tmp_path / 'ann.json'), str(tmp_path / 'dets.json')
    words = ('--write-ann', ann, '--out', out, '--offset-px', '0.5')
    main([write(), *words])
    assert load_ground_truth(ann).lesion_boxes[0].tolist() == [
        -0.5, 0.5, 8.5, 7.5,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        ({'dets': None}, "'dets' is not among names, counts, gt_counts, gts"),
        ({'counts': np.array([2, 0, 2])}, r'`dets` must be .* \(4, 5\)'),
        ({'counts': np.array([2, 0])}, '`names` and `counts` must be'),
        ({'counts': np.array([4, -1, 0])}, 'of 0 or more for each image'),
        ({'names': np.array([1, 2, 3])}, 'must be a text and a number of 0'),
        ({'dets': np.full((3, 5), np.nan)}, r'row 0 is \[nan'),
        ({'names': np.array([{}, {}, {}])}, 'must be an npz file .*pickle'),
        ({'dets': np.array([[5, 5, 1, 1, 0.5]] * 3)}, r'dets\[0\]: .*x1 <= x'),
        ({'gts': None}, "'gts' is not among"),
        ({'gts': np.array([[0, 0, 1, 1], [5, 5, 1, 1]])}, '`gts`.* row 1 is'),
    ],
)
def test_wrong_arrays(write, tmp_path, changes, match):
    ann, out = str(tmp_path / 'ann.json'), str(tmp_path / 'dets.json')
    with pytest.raises(ValueError, match=match):
        main([write(**changes), '--write-ann', ann, '--out', out])
    assert not (tmp_path / 'dets.json').exists()
    assert not (tmp_path / 'ann.json').exists()


def test_other_files(write, tmp_path, monkeypatch):
    path = tmp_path / 'd.npz'
    path.write_bytes(b'no archive')
    with pytest.raises(ValueError, match=r'd\.npz must be an npz file'):
        npz.npz_annotations(path)
    with zipfile.ZipFile(path, 'w') as archive:
        for key in ('names', 'gt_counts', 'gts'):
            archive.writestr(f'{key}.npy', b'no array')
    with pytest.raises(ValueError, match=r'd\.npz must be an npz file'):
        npz.npz_annotations(path)
    write()
    monkeypatch.setattr(npz, 'MAX_FILE_BYTES', 100)
    with pytest.raises(ValueError, match='unpack to at most 100 bytes'):
        npz.npz_annotations(path)
    with pytest.raises(ValueError, match='`--write-ann` is for npz results'):
        main(['a.csv', '--format', 'csv', '--write-ann', 'a', '--out', 'b'])


def test_an_array_that_promises_too_much(write, tmp_path):
    """Its header says a terabyte; a few bytes are there."""
    file = io.BytesIO()
    np.save(file, np.zeros((2, 4)))
    data = file.getvalue().replace(b'(2, 4)', b'(9999999999999, 4)'[:6])
    path = tmp_path / 'd.npz'
    with zipfile.ZipFile(path, 'w') as archive:
        for key in ('names', 'gt_counts', 'gts'):
            archive.writestr(f'{key}.npy', data)
    with pytest.raises(ValueError, match=r'd\.npz'):
        npz.npz_annotations(path)


def test_real_detections(real_data, tmp_path):
    """The figures of the test split that their own evaluation gave."""
    ann, out = str(tmp_path / 'ann.json'), str(tmp_path / 'dets.json')
    path = real_data / 'froc' / 'mulan_b_test.npz'
    if not path.exists():
        pytest.skip(f'no {path}')
    main([str(path), '--write-ann', ann, '--out', out])
    summary = evaluate_slice_files(ann, out).summary
    expected = {0.5: 0.7545, 1: 0.8327, 2: 0.8844, 4: 0.9241, 8: 0.9489}
    found = dict(zip(summary.fp_rates, summary.sensitivity, strict=True))
    for rate, sensitivity in expected.items():
        assert round(found[rate], 4) == sensitivity
    assert round(summary.mean, 4) == 0.8489
