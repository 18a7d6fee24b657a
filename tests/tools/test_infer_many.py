"""`tools/infer.py` on several scans with an untrained model."""

import csv
import json
import os

import nibabel
import numpy as np
import pytest

from mmuldor.apis.many_scans import run
from mmuldor.apis.scan_inference import ScanInference
from tests.support.small_configs import narrow_mask_rcnn, save_untrained
from tools.infer import main, parse_args

CAFE = os.fsdecode(b'caf\xe9')


def write_scan(path, seed):
    rng = np.random.default_rng(seed)
    hu = rng.normal(0, 200, (40, 48, 3)).astype(np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([0.9, 0.8, 3.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(hu, affine), path)
    return str(path)


def write_truth(path, space):
    lesion = {'box_mm': [2, 2, 2, 8, 8, 8]}
    volume = {'name': 'a', 'split': 'test', 'shape': [3, 48, 40]}
    volume |= {'spacing_mm': [0.9, 0.8, 3.0], 'lesions': [lesion]}
    path.write_text(json.dumps({'volumes': [volume]}) + space)


@pytest.fixture
def model(tmp_path):
    """Config and checkpoint, as the end of a command line."""
    config = narrow_mask_rcnn()
    config.dump(tmp_path / 'config.py')
    return [
        str(tmp_path / 'config.py'),
        save_untrained(config, tmp_path / 'w.pth'),
    ]


@pytest.fixture
def infer(model, tmp_path):
    """Runs the tool on scans; returns its exit code."""

    def run_tool(*arguments, out='out'):
        options = ['--device', 'cpu', '--score-thr', '0.05']
        with pytest.raises(SystemExit) as ended:
            main([*arguments, *model, '--out', str(tmp_path / out), *options])
        return ended.value.code

    return run_tool


def rows_of(path):
    with open(path, newline='', encoding='utf-8') as file:
        return list(csv.DictReader(file))


def test_bad_scans_do_not_stop_the_others(infer, tmp_path, capsys):
    scans = tmp_path / 'in'
    for seed, name in enumerate(('a', 'b', CAFE)):
        write_scan(scans / f'{name}.nii.gz', seed)
    (scans / 'bad.nii.gz').write_bytes(b'no gzip')
    (scans / 'empty').mkdir()
    (scans / 'README.txt').write_text('not a scan')
    assert infer('--scans-in', str(scans)) == 3
    said = capsys.readouterr().out
    assert '3 of 5 scans done, 2 failed\n' in said
    assert (
        said.rstrip()
        .splitlines()[-2]
        .startswith(
            f'{scans}/bad.nii.gz: failed: {scans}/bad.nii.gz must be a NIfTI'
        )
    )
    assert f'{scans}/empty: failed: ' in said.rstrip().splitlines()[-1]
    out = tmp_path / 'out'
    assert sorted(os.listdir(out)) == [
        *('a', 'all_lesions.csv', 'all_scans.csv', 'b', CAFE),
    ]
    counts = {}
    for name in ('a', 'b', CAFE):
        document = json.loads((out / name / 'lesions.json').read_text())
        assert document['source'] == str(scans / f'{name}.nii.gz')
        counts[name] = len(document['lesions'])
        assert document['provenance']['source_files']['files'] == 1
    assert sum(counts.values()) > 0
    lesions = rows_of(out / 'all_lesions.csv')
    assert len(lesions) == sum(counts.values())
    table = {row['folder']: row for row in rows_of(out / 'all_scans.csv')}
    assert {name: row['status'] for name, row in table.items()} == {
        **dict.fromkeys(('a', 'b', 'caf\\xe9'), 'done'),
        **dict.fromkeys(('bad', 'empty'), 'failed'),
    }
    assert int(table['a']['lesions']) == counts['a']


def test_names_are_unique_and_results_those_of_single_runs(infer, tmp_path):
    paths = [
        write_scan(tmp_path / d / 'scan.nii', k) for k, d in enumerate('ab')
    ]
    assert infer(*paths) == 0
    for path, name in zip(paths, ('a_scan', 'b_scan'), strict=True):
        # The same as of one scan, whose results go into --out itself.
        single = tmp_path / f'single_{name}'
        main_of_one(infer, path, single)
        many = tmp_path / 'out' / name
        assert lesions_in(many) == lesions_in(single)
        assert lesions_in(single)


def main_of_one(infer, path, out):
    """A single scan ends without an exit code of its own."""
    with pytest.raises(pytest.fail.Exception, match='DID NOT RAISE'):
        infer(path, out=out)


def lesions_in(folder):
    return json.loads((folder / 'lesions.json').read_text())['lesions']


def test_skip_done(infer, tmp_path, capsys):
    paths = [write_scan(tmp_path / f'{name}.nii', 0) for name in 'abc']
    file = tmp_path / 'list.txt'
    file.write_text('\n'.join(paths[:2]))
    assert infer('--scans-from', str(file), '--skip-done') == 0
    before = (tmp_path / 'out/a/lesions.json').read_bytes()
    # b changes, c is new.
    write_scan(tmp_path / 'b.nii', 1)
    file.write_text('\n'.join(paths))
    capsys.readouterr()
    assert infer('--scans-from', str(file), '--skip-done') == 0
    assert '2 of 3 scans done, 1 done before\n' in capsys.readouterr().out
    assert (tmp_path / 'out/a/lesions.json').read_bytes() == before
    found = {row['scan'] for row in rows_of(tmp_path / 'out/all_lesions.csv')}
    assert found == set(paths)


def test_a_page_with_other_true_lesions_is_not_done(infer, tmp_path, capsys):
    paths = [write_scan(tmp_path / f'{name}.nii', 0) for name in 'ab']
    truth = tmp_path / 'volumes.json'
    flags = (*paths, '--skip-done', '--truth', str(truth))
    assert infer(*paths) == 0
    for text, done in (('', '2 of 2'), ('', '0 of 2'), (' ', '2 of 2')):
        write_truth(truth, text)
        capsys.readouterr()
        assert infer(*flags) == 0
        assert f'{done} scans done' in capsys.readouterr().out


def test_a_bad_checkpoint_ends_before_any_scan(model, tmp_path, capsys):
    (tmp_path / 'w.pth').write_bytes(b'nothing')
    paths = [write_scan(tmp_path / f'{name}.nii', 0) for name in 'ab']
    with pytest.raises(SystemExit) as ended:
        main([*paths, *model, '--out', str(tmp_path / 'out')])
    assert ended.value.code == 1
    assert 'must be a checkpoint' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_the_folder_of_scans_is_no_output(infer, tmp_path, capsys):
    write_scan(tmp_path / 'in' / 'a.nii', 0)
    scans = tmp_path / 'in'
    assert infer('--scans-in', str(scans), out='in/found') == 1
    assert 'lies in the folder' in capsys.readouterr().err
    assert os.listdir(scans) == ['a.nii']


def test_a_bug_is_listed_with_its_traceback(
    infer, tmp_path, capsys, monkeypatch
):
    def write(self, *args, write=ScanInference.write):
        if args[1].volume.source.endswith('a.nii'):
            raise KeyError('a bug')
        return write(self, *args)

    monkeypatch.setattr(ScanInference, 'write', write)
    paths = [write_scan(tmp_path / f'{name}.nii', 0) for name in 'ab']
    assert infer(*paths) == 3
    said = capsys.readouterr()
    assert f"{paths[0]}: failed: KeyError: 'a bug'" in said.out
    assert 'Traceback' in said.err
    assert sorted(os.listdir(tmp_path / 'out')) == [
        *('all_lesions.csv', 'all_scans.csv', 'b'),
    ]


def test_ctrl_c_says_what_is_done(infer, tmp_path, capsys, monkeypatch):
    def interrupt(number, bar=run.progress_bar):
        def stop(items, total, text):
            if text.startswith('2/3'):
                raise KeyboardInterrupt
            return bar(items, total, text)

        return stop

    monkeypatch.setattr(run, 'progress_bar', interrupt(2))
    paths = [write_scan(tmp_path / f'{name}.nii', 0) for name in 'abc']
    assert infer(*paths) == 130
    said = capsys.readouterr()
    assert '1 of 3 scans done, 2 not begun\n' in said.out
    assert '--skip-done' in said.out
    assert said.err.endswith('interrupted\n')
    out = tmp_path / 'out'
    assert sorted(os.listdir(out)) == ['a', 'all_lesions.csv', 'all_scans.csv']


@pytest.mark.parametrize(
    ('line', 'match'),
    [
        ('c.py w.pth', 'SCAN, CONFIG and CHECKPOINT must be given'),
        ('a.nii c.py', 'the checkpoint is missing'),
        ('a.nii', 'SCAN, CONFIG and CHECKPOINT must be given'),
        ('c.py w.pth a.nii', "SCAN CONFIG CHECKPOINT, but got 'c.py' as num"),
        ('a.nii w.pth c.py', 'SCAN CONFIG CHECKPOINT, but got'),
        ('w.pth c.py a.nii', 'SCAN CONFIG CHECKPOINT, but got'),
        ('w.pth c.py --scans-in d', 'SCAN CONFIG CHECKPOINT, but got'),
        ('a.nii, b.nii c.py w.pth', "without commas, but got 'a.nii,'"),
        ('a.nii m.mmuldor', 'type --model m.mmuldor. See'),
        ('--scans-in d m.mmuldor', 'type --model m.mmuldor. See'),
        ('a.nii m.mmuldor c.py', 'SCAN CONFIG CHECKPOINT, but got'),
        ('a.nii m.mmuldor --model n.mmuldor', 'left out with --model, but'),
        ('a.nii c.py w.pth --scans-in d', 'given in one way'),
        ('c.py w.pth --scans-in d --scans-from l', 'not allowed with'),
        ('a b c.py w.pth --series 1.2', '--series must be used with one scan'),
        ('a c.py w.pth --skip-done', '--skip-done must be used with several'),
        ('a c.py w.pth --launcher pytorch', '--launcher must be used with'),
    ],
)
def test_wrong_lines(line, match, capsys):
    with pytest.raises(SystemExit) as ended:
        parse_args([*line.split(), '--out', 'o'])
    assert ended.value.code == 2
    assert match in capsys.readouterr().err


def test_scans_and_options_may_mix():
    args = parse_args(
        ['a', '--out', 'o', 'b', '--score-thr', '0.5', 'c.py', 'w.pth']
    )
    assert (args.scan, args.config, args.checkpoint) == (
        *(['a', 'b'], 'c.py', 'w.pth'),
    )
    assert not args.one
    assert parse_args(['a', '--out', 'o', 'c.py', 'w.pth']).one
    # A bundle may stand for the weights of a config.
    args = parse_args(['a', '--out', 'o', 'c.py', 'm.mmuldor'])
    assert args.checkpoint == 'm.mmuldor'
