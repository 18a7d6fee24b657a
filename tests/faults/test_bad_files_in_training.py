"""What the data set's own checks cannot see, found by a loader's process."""

import json

import pytest
import torch

from tests.faults.spoiling import good
from tools.mine_hard_negatives import main as mine
from tools.test import main as run_test
from tools.train import main as train


@pytest.fixture
def config_file(mini_config, tmp_path):
    """The small config, with processes that load."""
    for split in ('train', 'val', 'test'):
        mini_config[f'{split}_dataloader'].num_workers = 1
    path = tmp_path / 'config.py'
    mini_config.dump(path)
    return path


@pytest.fixture
def weights(mini_config, tmp_path):
    from mmengine.registry import MODELS, init_default_scope

    init_default_scope('mmdet')
    state = MODELS.build(mini_config.model).state_dict()
    torch.save({'state_dict': state}, tmp_path / 'w.pth')
    return tmp_path / 'w.pth'


def damage(path):
    """Change a byte of the pixels; head and tail stay."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x55
    path.write_bytes(data)


def line_of(main, *arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert 'Traceback' not in said
    (line,) = [s for s in said.splitlines() if s.startswith('error: ')]
    return line


@pytest.mark.slow
@pytest.mark.parametrize('tool', [train, run_test, mine])
def test_a_slice_damaged_inside(
    tool, config_file, weights, mini_data, tmp_path, capsys
):
    number = 201 if tool is run_test else 3
    bad = mini_data / f'Images_png/{number:06d}_01_01/005.png'
    damage(bad)
    out = tmp_path / 'out.json'
    more = [] if tool is train else [weights, '--out', out]
    line = line_of(tool, config_file, *more, capsys=capsys)
    assert str(bad) in line
    assert 'checksum' in line
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ('place', 'value'),
    [
        ('images.0.file_name', '../../x.png'),
        ('images.0.spacing_mm', [1e6, 1e6]),
        ('images.1.id', 1),
        ('annotations.0.bbox', [0, 0, float('nan'), 1]),
        ('annotations.0.recist_px', [0.0] * 8),
    ],
)
def test_annotations_of_a_training(
    place, value, config_file, mini_data, capsys
):
    path = mini_data / 'train.json'
    document = json.loads(path.read_text())
    group, index, key = place.split('.')
    document[group][int(index)][key] = value
    path.write_text(json.dumps(document))
    line = line_of(train, config_file, capsys=capsys)
    assert str(path) in line
    assert key in line


@pytest.mark.slow
@pytest.mark.parametrize('kind', ['bank', 'exclude'])
def test_lists_of_a_training(kind, mini_config, tmp_path, capsys):
    path = tmp_path / f'{kind}.json'
    path.write_bytes(good.good_bytes(kind, tmp_path)[:-9])
    if kind == 'exclude':
        mini_config.default_hooks.hnem.exclude = str(path)
    else:
        for step in mini_config.train_dataloader.dataset.pipeline:
            if step['type'] == 'mmuldor.AddHardNegatives':
                step['bank'] = str(path)
    config = tmp_path / 'config.py'
    mini_config.dump(config)
    line = line_of(train, config, capsys=capsys)
    assert str(path) in line
    assert 'must be JSON' in line
