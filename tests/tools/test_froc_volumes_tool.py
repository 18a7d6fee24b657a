import json

import pytest

from tools.froc_volumes import main

VOLUME = {
    'name': 'a',
    'split': 'test',
    'file': '/scans/a.nii.gz',
    'shape': [10, 20, 20],
    'spacing_mm': [1, 1, 1],
}
BOX = [2, 2, 2, 8, 8, 8]
# Its centre is right, its IoU is 8 / 216.
SPECK = [4, 4, 4, 6, 6, 6]


@pytest.fixture
def files(tmp_path):
    volumes = tmp_path / 'volumes.json'
    volumes.write_text(
        json.dumps({'volumes': [{**VOLUME, 'lesions': [{'box_mm': BOX}]}]})
    )
    found = tmp_path / 'found' / 'a' / 'lesions.json'
    found.parent.mkdir(parents=True)
    lesions = [{'box_mm': SPECK, 'score': 0.5}]
    found.write_text(json.dumps({**VOLUME, 'lesions': lesions}))
    return volumes, found


def run(files, *flags):
    folder = files[1].parents[1]
    words = ('--volumes', files[0], '--dets', folder, *flags)
    main([str(word) for word in words])


@pytest.mark.parametrize(
    ('flags', 'sensitivity'),
    [((), 0), (('--hit', 'center'), 1), (('--iou-thr', '0.03'), 1)],
)
def test_rule_of_a_hit(files, tmp_path, flags, sensitivity, capsys):
    out = tmp_path / 'froc.json'
    run(files, '--out', out, '--plot', tmp_path / 'froc.png', *flags)
    report = json.loads(out.read_text())
    assert report['sensitivity'] == [sensitivity] * 7
    assert report['cpm'] == report['max_sensitivity'] == sensitivity
    assert report['fps_per'] == 'volume'
    assert (
        '1 volumes (0 without lesions), 1 lesions' in capsys.readouterr().out
    )
    assert (tmp_path / 'froc.png').read_bytes()[1:4] == b'PNG'


def test_list(files, capsys):
    main(['--volumes', str(files[0]), '--list'])
    assert capsys.readouterr().out == '/scans/a.nii.gz\n'


@pytest.mark.parametrize(
    'words', [('--dets', 'a'), ('--out', 'a'), ('--plot', 'a.png')]
)
def test_a_list_alone(files, words):
    with pytest.raises(ValueError, match=f'{words[0]} must be used without'):
        main(['--volumes', str(files[0]), '--list', *words])


def test_a_list_of_a_phantom(files):
    document = json.loads(files[0].read_text())
    document['volumes'][0]['file'] = ''
    files[0].write_text(json.dumps(document))
    with pytest.raises(ValueError, match='must name its scan as `file`'):
        main(['--volumes', str(files[0]), '--list'])


def test_user_mistakes(files, capsys):
    with pytest.raises(ValueError, match=r'give the detections'):
        main(['--volumes', str(files[0])])
    before = files[1].read_text()
    for flag, name in (('--out', files[0]), ('--out', files[1])):
        with pytest.raises(ValueError, match=r'another file than the inputs'):
            run(files, flag, name)
    assert files[1].read_text() == before
    with pytest.raises(SystemExit):
        run(files, '--iou-thr', '2')
    assert 'argument --iou-thr: must be a frac' in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"of the split 'val'"):
        run(files, '--split', 'val')


def test_files_of_two_models_are_told(files, tmp_path, capsys):
    volumes, _ = files
    other = {**VOLUME, 'name': 'b', 'lesions': [{'box_mm': BOX}]}
    document = json.loads(volumes.read_text())
    document['volumes'].append(other)
    volumes.write_text(json.dumps(document))
    for name, thresholds in (('same', (0.05, 0.05)), ('two', (0.05, 0.6))):
        for volume, threshold in zip('ab', thresholds, strict=True):
            place = tmp_path / name / volume / 'lesions.json'
            place.parent.mkdir(parents=True)
            text = {
                **VOLUME,
                'name': volume,
                'lesions': [{'box_mm': BOX, 'score': 0.7}],
                'provenance': {'score_thr': threshold},
            }
            place.write_text(json.dumps(text))
        words = ['--volumes', volumes, '--dets', tmp_path / name]
        out = tmp_path / f'{name}.json'
        main([str(word) for word in (*words, '--out', out)])
        printed = capsys.readouterr().out
        noted = json.loads(out.read_text())['note']
        assert ('not all of one model and run' in printed) == (name == 'two')
        assert ('threshold of slices 0.05, here 0.6' in noted) == bool(noted)
        assert bool(noted) == (name == 'two')
