"""The README's commands on a phantom of a few images."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools import mine_hard_negatives, test, train

CONFIG = 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py'


def run(root, *command, code=0):
    """Run one of the project's scripts; returns what it printed."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope='module')
def phantom(tmp_path_factory):
    """A converted phantom: 6 training, 2 validation, 3 test images."""
    root = Path(__file__).resolve().parents[2]
    folder = tmp_path_factory.mktemp('phantom')
    run(
        root,
        *('data_prep/make_phantom.py', folder, '--seed', 3, '--overwrite'),
        *('--splits', 6, 2, 3, '--size', 128, '--neighbours', 1),
    )
    run(
        root,
        *('data_prep/deeplesion_to_coco.py', '--csv', folder / 'DL_info.csv'),
        *('--images', folder / 'Images_png', '--out', folder),
    )
    return folder


def options(phantom):
    """``--cfg-options`` that put a config on the phantom, briefly."""
    settings = {
        'train_cfg.max_epochs': 2,
        'train_cfg.val_interval': 2,
        'model.backbone.base_channels': 8,
        'model.neck.in_channels': '[8,16,32,64]',
        'default_hooks.hnem.min_score': 0.0,
        'default_hooks.hnem.score_thr': 0.0,
        'default_hooks.hnem.mine_before_training': False,
    }
    for split in ('train', 'val', 'test'):
        settings[f'{split}_dataloader.dataset.data_root'] = phantom
    for split in ('val', 'test'):
        settings[f'{split}_evaluator.ann_file'] = phantom / f'{split}.json'
    return ['--cfg-options', *(f'{k}={v}' for k, v in settings.items())]


@pytest.fixture(scope='module')
def trained(phantom):
    """The work dir of a short HNEM training on the phantom."""
    root = Path(__file__).resolve().parents[2]
    work = phantom / 'work'
    run(
        root,
        *('tools/train.py', CONFIG, '--work-dir', work),
        *options(phantom),
    )
    return work


def test_train_mine_test_report(root, phantom, trained):
    checkpoint = (trained / 'last_checkpoint').read_text()
    assert checkpoint.endswith('epoch_2.pth')
    bank = json.loads((trained / 'hard_negatives/epoch_000.json').read_text())
    assert bank['counts']['images'] == 6
    assert bank['counts']['mined'] > 0

    mined = trained / 'mined.json'
    said = run(
        root,
        *('tools/mine_hard_negatives.py', CONFIG, trained / 'epoch_1.pth'),
        *('--out', mined, '--work-dir', trained / 'mining'),
        *options(phantom),
    )
    assert f'mined {bank["counts"]["mined"]}' in said
    # The same weights and epoch mine the same examples as in training.
    assert json.loads(mined.read_text())['images'] == bank['images']

    results, shown = trained / 'results.json', trained / 'shown'
    log = run(
        root,
        *('tools/test.py', CONFIG, checkpoint, '--out', results),
        *('--show-dir', shown, '--work-dir', trained / 'test'),
        *options(phantom),
    )
    assert 'froc/sens@0.5' in log
    assert 'NMS and RoIAlign: ' in log
    assert len(list(shown.glob('*.png'))) == 3
    entry = json.loads(results.read_text())[0]
    assert entry['category_id'] in (1, 2)
    assert entry['segmentation']['size'] == [128, 128]

    out = trained / 'froc.json'
    ann = phantom / 'test.json'
    run(
        root,
        *('tools/froc.py', '--ann', ann, '--dets', results, '--out', out),
    )
    (metrics,) = [
        json.loads(line)
        for path in (trained / 'test').glob('*/*.json')
        for line in path.read_text().splitlines()
        if 'froc/sens@4' in line
    ]
    froc = json.loads(out.read_text())
    by_rate = dict(zip(froc['fp_rates'], froc['sensitivity'], strict=True))
    assert by_rate[4] == pytest.approx(metrics['froc/sens@4'], abs=1e-9)

    report = trained / 'report'
    run(
        root,
        *('tools/report.py', '--ann', ann, '--out', report),
        *('--images', phantom / 'Images_png', '--run', f'HNEM={results}'),
        *('--with-fp', 'HNEM', '--train-ann', phantom / 'train.json'),
        *('--bank-dir', trained / 'hard_negatives'),
        *('--truth', phantom / 'truth.json'),
    )
    rows = json.loads((report / 'table.json').read_text())
    assert [row['name'] for row in rows] == ['HNEM', 'HNEM + FP']
    assert rows[0]['sensitivity'] == froc['sensitivity']
    page = (report / 'index.html').read_text()
    for name in ('froc.svg', 'mined_epoch_000.png', 'side_by_side.png'):
        assert name in page
        assert (report / name).stat().st_size > 1000


@pytest.mark.parametrize(
    ('tool', 'arguments', 'match'),
    [
        (train, ['configs/nothing.py'], "'configs/nothing.py' does"),
        (test, [CONFIG, 'nothing.pth'], "'nothing.pth' does not"),
        (
            train,
            [CONFIG, '--cfg-options', 'load_from=no.pth'],
            "checkpoint 'no.pth' does not exist",
        ),
        (
            mine_hard_negatives,
            [CONFIG, 'README.md', '--out', 'bank.json'],
            "'README.md' must be a checkpoint",
        ),
        (
            test,
            [CONFIG, 'README.md', '--out', 'tests'],
            "'README.md' must be a checkpoint",
        ),
    ],
)
def test_a_mistake_ends_with_one_line(
    root, tmp_path, monkeypatch, capfd, tool, arguments, match
):
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit) as ended:
        tool.main([*arguments, '--work-dir', str(tmp_path / 'work')])
    assert ended.value.code == 1
    check_line(''.join(capfd.readouterr()), match)


def test_a_mistake_in_a_command_ends_with_one_line(root, tmp_path):
    said = run(
        root,
        *('tools/train.py', CONFIG, '--work-dir', tmp_path / 'work'),
        *('--cfg-options', 'train_dataloader.dataset.data_root=/nowhere'),
        code=1,
    )
    check_line(said, "'/nowhere/train.json'")


def check_line(said, match):
    (line,) = [s for s in said.splitlines() if s.startswith('error: ')]
    assert match in line
    assert 'Traceback' not in said
