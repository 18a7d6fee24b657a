"""Results folders, also of earlier versions and of other scans."""

import json
import shutil

import numpy as np
import pytest

from mmuldor.scans.follow_up.results_folder import is_results, read_results
from tests.support.follow_up.small_pairs import small_pair


@pytest.fixture
def folder(pair_folder):
    return pair_folder / 'baseline'


def changed(folder, change):
    """Change the document of a folder by a function."""
    path = folder / 'lesions.json'
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_reads_what_infer_writes(folder):
    point = read_results(folder)
    true = small_pair(0).found()[0]
    assert len(point.lesions) == len(true)
    for lesion, record, expected in zip(
        point.lesions, point.records, true, strict=True
    ):
        np.testing.assert_allclose(
            lesion.center_lps_mm, expected.center_lps_mm, atol=1e-2
        )
        assert lesion.long_mm == pytest.approx(expected.long_mm, abs=1e-3)
        assert lesion.key_slice == expected.key_slice
        assert lesion.lesion_type == expected.lesion_type
        assert len(lesion.detections) == len(expected.detections)
        assert record['tracking_uid'].startswith('2.25.')
        assert 'detections' not in record
    assert is_results(folder)
    assert is_results(folder / 'lesions.json')
    assert not is_results(folder.parent)


def test_the_file_itself(folder):
    assert read_results(folder / 'lesions.json').folder == str(folder)


def test_of_an_earlier_version(folder):
    """Neither provenance nor what can be computed from the boxes."""

    def shorten(document):
        del document['provenance'], document['affine_lps']
        for lesion in document['lesions']:
            for key in ('number', 'key_slice', 'center_lps_mm', 'detections',
                        'recist_px', 'lesion_type'):  # fmt: skip
                del lesion[key]

    now = read_results(folder)
    changed(folder, shorten)
    point = read_results(folder)
    assert [record['number'] for record in point.records] == list(
        range(1, len(point.lesions) + 1)
    )
    for lesion, before in zip(point.lesions, now.lesions, strict=True):
        np.testing.assert_allclose(
            lesion.center_lps_mm, before.center_lps_mm, atol=1e-9
        )
        assert len(lesion.detections) == 1
        assert lesion.lesion_type is None


def test_uids(folder):
    """Stated ones are kept; derived ones are the same in each run."""
    first = [r['tracking_uid'] for r in read_results(folder).records]
    assert first == [r['tracking_uid'] for r in read_results(folder).records]
    assert len(set(first)) == len(first)
    changed(folder, lambda d: d['lesions'][0].update(tracking_uid='1.2.3'))
    again = [r['tracking_uid'] for r in read_results(folder).records]
    assert again == ['1.2.3', *first[1:]]


def test_a_lesion_that_a_reader_removed(folder):
    """Numbers are those of the file, not of its order."""
    changed(folder, lambda d: d['lesions'].pop(0))
    assert read_results(folder).records[0]['number'] == 2


def test_no_lesions(folder):
    changed(folder, lambda d: d['lesions'].clear())
    point = read_results(folder)
    assert (point.lesions, point.records) == ([], [])


def test_without_its_scan(folder):
    scan = folder.parent / 'baseline.nii.gz'
    moved = folder.parent / 'moved.nii.gz'
    shutil.move(scan, moved)
    with pytest.raises(FileNotFoundError, match='--baseline-scan'):
        read_results(folder)
    assert read_results(folder, moved).volume.source == str(moved)


def test_a_relative_path_of_the_scan(folder):
    changed(folder, lambda d: d.update(source='baseline.nii.gz'))
    read_results(folder)


def test_of_another_scan(folder):
    other = folder.parent / 'follow_up.nii.gz'
    with pytest.raises(ValueError, match='results of'):
        read_results(folder, other)


def test_a_scan_that_lies_elsewhere(folder):
    changed(folder, lambda d: d['affine_lps'][2].__setitem__(3, 1.0))
    with pytest.raises(ValueError, match='elsewhere in space'):
        read_results(folder)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda d: d.pop('lesions'), 'an object with `lesions`'),
        (lambda d: d.update(source=3), '`source` must be the path'),
        (lambda d: d['lesions'][0].update(box_mm=[1, 2]), r'lesions\[0\]'),
        (lambda d: d['lesions'][0].update(key_slice=10**6), '`key_slice`'),
        (lambda d: d['lesions'][1].update(long_mm=-1), r'lesions\[1\].*long'),
        (lambda d: d['lesions'][0].update(volume_ml='2'), '`volume_ml`'),
        (lambda d: d['lesions'][0].update(score='high'), '`score`'),
    ],
)
def test_wrong_documents(folder, change, message):
    changed(folder, change)
    with pytest.raises(ValueError, match=message):
        read_results(folder)


def test_no_results(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'`python tools/infer\.py'):
        read_results(tmp_path)
