"""Results that are taken for those of a scan, and those that are not."""

import json

import pytest

from mmuldor.apis.many_scans.done import lesions_if_done

EXPECTED = {
    'mmuldor': '0.1.0',
    'torch': '2.13.0',
    'device': 'cpu',
    'crop_to_body': True,
    'checkpoint': {'name': 'w.pth', 'sha256': 'ab'},
    'calibration': None,
    'score_thr': 0.3,
    'views': {'flips': ('horizontal',)},
    'source_files': {'files': 1, 'bytes': 9, 'newest': '2026-01-01'},
}


@pytest.fixture
def folder(tmp_path):
    for name in ('lesions.csv', 'labels.nii.gz', 'report.html', 'infer.log'):
        (tmp_path / name).touch()
    write(tmp_path, EXPECTED)
    return tmp_path


def write(folder, provenance, source='in/a.nii'):
    document = {'source': source, 'lesions': [{}, {}]}
    if provenance is not None:
        document['provenance'] = provenance
    (folder / 'lesions.json').write_text(json.dumps(document))


def test_whole_results_of_the_same_run(folder):
    assert lesions_if_done(folder, 'in/a.nii', EXPECTED) == 2
    assert lesions_if_done(folder, 'in/../in/a.nii', EXPECTED) == 2


def test_what_may_differ(folder):
    elsewhere = {
        **EXPECTED,
        'torch': '2.4.0',
        'device': 'cuda:0',
        'crop_to_body': False,
        'checkpoint': {'name': 'renamed.pth', 'sha256': 'ab'},
    }
    assert lesions_if_done(folder, 'in/a.nii', elsewhere) == 2


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('mmuldor', '0.2.0'),
        ('checkpoint', {'name': 'w.pth', 'sha256': 'cd'}),
        ('calibration', {'name': 'c.json', 'sha256': 'ef'}),
        ('score_thr', 0.4),
        ('views', None),
        ('source_files', {'files': 1, 'bytes': 8, 'newest': '2026-01-01'}),
        ('step_mm', 2.0),
    ],
)
def test_other_models_settings_and_files_are_done_again(folder, key, value):
    changed = {**EXPECTED, key: value}
    assert lesions_if_done(folder, 'in/a.nii', changed) is None


def test_another_scan_of_that_name_is_done_again(folder):
    assert lesions_if_done(folder, 'other/a.nii', EXPECTED) is None


@pytest.mark.parametrize(
    'damage',
    [
        lambda folder: (folder / 'lesions.json').unlink(),
        lambda folder: (folder / 'labels.nii.gz').unlink(),
        lambda folder: (folder / 'lesions.json').write_text('{"source":'),
        lambda folder: (folder / 'lesions.json').write_text('[]'),
        lambda folder: write(folder, None),
        lambda folder: write(folder, []),
        lambda folder: write(folder, EXPECTED, 7),
    ],
)
def test_results_that_are_not_whole_or_older(folder, damage):
    damage(folder)
    assert lesions_if_done(folder, 'in/a.nii', EXPECTED) is None
