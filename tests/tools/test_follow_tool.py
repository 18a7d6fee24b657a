"""tools/follow.py."""

import json

import pytest

from data_prep.phantom.follow_up.dataset import write_pair
from tests.support.follow_up.small_pairs import small_pair
from tools import follow


@pytest.fixture
def folder(tmp_path):
    write_pair(tmp_path / 'pair', tmp_path / 'pair', small_pair(0))
    return tmp_path / 'pair'


def test_two_results_folders(folder, tmp_path, capsys):
    names = [str(folder / name) for name in ('baseline', 'follow_up')]
    follow.main([*names, '--out', str(tmp_path / 'out'), '--targets', '1'])
    printed = capsys.readouterr().out
    assert 'registered, correlation' in printed
    assert 'matched: baseline 1, follow-up 1, long diameter' in printed
    assert 'RECIST 1.1 arithmetic, not a diagnosis: ' in printed
    document = json.loads((tmp_path / 'out/follow_up.json').read_text())
    targets = document['recist']['targets']
    assert [target['baseline_number'] for target in targets] == [1]


def test_a_scan_without_a_detector(folder, tmp_path, capsys):
    scan = str(folder / 'baseline.nii.gz')
    out = ['--out', str(tmp_path / 'out'), '--device', 'cpu']
    with pytest.raises(SystemExit, match='1'):
        follow.main([scan, str(folder), *out])
    error = capsys.readouterr().err
    assert 'results folders' in error
    assert '--model, or CONFIG CHECKPOINT' in error


@pytest.mark.parametrize(
    'extra',
    [('config.py', 'w.pth'), ('--model', 'm'), ('--device', 'cpu')],
)
def test_a_detector_without_a_scan(folder, tmp_path, capsys, extra):
    names = [str(folder / name) for name in ('baseline', 'follow_up')]
    with pytest.raises(SystemExit, match='1'):
        follow.main([*names, *extra, '--out', str(tmp_path / 'out')])
    assert 'both are results folders' in capsys.readouterr().err


@pytest.mark.parametrize(
    'detector', [('config.py',), ('config.py', 'w.pth', '--model', 'm')]
)
def test_a_detector_that_is_no_detector(tmp_path, capsys, detector):
    with pytest.raises(SystemExit, match='2'):
        follow.main(['a', 'b', *detector, '--out', str(tmp_path)])
    assert 'CONFIG CHECKPOINT, by --model' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        ('a m.mmuldor', 'type --model m.mmuldor. See'),
        ('a b m.mmuldor', 'type --model m.mmuldor. See'),
        ('a', 'are required: FOLLOWUP. See'),
    ],
)
def test_what_is_missing_is_named(capsys, words, expected):
    with pytest.raises(SystemExit, match='2'):
        follow.main([*words.split(), '--out', 'o'])
    assert expected in capsys.readouterr().err


@pytest.mark.slow
def test_scans_are_run_through_the_detector(
    folder, narrow_config, narrow_weights, tmp_path, capsys
):
    """Detections of an untrained model, anywhere in the body."""
    config = tmp_path / 'config.py'
    narrow_config.dump(config)
    out = tmp_path / 'out'
    arguments = [str(folder / 'baseline'), str(folder / 'follow_up.nii.gz')]
    arguments += [str(config), narrow_weights, '--out', str(out)]
    follow.main([*arguments, '--score-thr', '0', '--device', 'cpu'])
    document = json.loads((out / 'follow_up.json').read_text())
    assert document['baseline']['results'] == str(folder / 'baseline')
    assert document['follow_up']['results'] == str(out / 'follow_up')
    found = json.loads((out / 'follow_up' / 'lesions.json').read_text())
    assert document['follow_up']['lesions'] == len(found['lesions']) > 0
