"""Checkpoints that ask for too much, are damaged, or do not fit."""

import codecs
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmuldor.upstream.safe_checkpoints import load_safely
from tests.support.memory import at_most
from tools.test import main as run_test
from tools.train import main as train


class Called:
    """Calls something when it is unpickled."""

    def __init__(self, function, *arguments):
        self.called = function, arguments

    def __reduce__(self):
        return self.called


def hex_of_hex(times):
    """Doubles with each time."""
    inner = b'a' * 100
    for _ in range(times):
        inner = Called(codecs.encode, inner, 'hex')
    return inner


MANY = 600_000_000
# A kilobyte each, of what torch itself lets through.
MUCH_OF_LITTLE = {
    'bytearray': Called(bytearray, MANY),
    'hex': hex_of_hex(22),
    'converted': Called(
        torch._utils._rebuild_device_tensor_from_cpu_tensor,
        torch.zeros(1).expand(MANY // 4),
        *(torch.float64, 'cpu', False),
    ),
    'a wide number': Called(
        np.float64(1).__reduce__()[0], Called(np.dtype, f'V{MANY}')
    ),
    'whatever it is called by': Called(
        torch._tensor._rebuild_from_type_v2,
        *(bytearray, bytearray, (MANY,), {}),
    ),
    'of an optimizer': {'state': [torch.zeros(1).expand(10**6, 10**6)]},
}


@pytest.mark.parametrize('name', MUCH_OF_LITTLE)
def test_a_little_file_takes_little_memory(name, tmp_path):
    path = tmp_path / 'little.pth'
    torch.save({'state_dict': {}, 'optimizer': MUCH_OF_LITTLE[name]}, path)
    assert path.stat().st_size < 10_000
    with (
        at_most(100e6),
        pytest.raises(ValueError, match=r'little\.pth.*(GLOBAL|stored whole)'),
    ):
        load_safely(path)
    # Torch's own list is whole again.
    torch.save(bytearray(9), path)
    assert torch.load(path, weights_only=True) == bytearray(9)


def test_a_pickle_reaches_no_more_of_the_log(tmp_path):
    """`register_statistics` would change it for the whole process."""
    path = tmp_path / 'x.pth'
    reached = Called(getattr, HistoryBuffer, 'register_statistics')
    torch.save({'state_dict': {}, 'meta': reached}, path)
    with pytest.raises(ValueError, match=r'x\.pth.*getattr'):
        load_safely(path)


def test_the_state_of_a_training_is_read(tmp_path):
    """Log buffers, numbers and arrays of NumPy, an optimizer's state."""
    path = tmp_path / 'x.pth'
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.AdamW([weight])
    weight.sum().backward()
    optimizer.step()
    buffer = HistoryBuffer(max_length=4)
    buffer.update(np.float64(0.5), 2)
    saved = {
        'state_dict': OrderedDict(a=weight, b=torch.ones(2).half()),
        'optimizer': optimizer.state_dict(),
        'message_hub': {'log_scalars': OrderedDict(loss=buffer)},
        'meta': {'seed': np.int64(7), 'mean': np.arange(3.0), 'flag': None},
    }
    torch.save(saved, path)
    loaded = load_safely(path)
    assert torch.equal(loaded['state_dict']['a'], weight)
    state = loaded['optimizer']['state'][0]
    assert torch.equal(state['exp_avg'], optimizer.state[weight]['exp_avg'])
    kept = loaded['message_hub']['log_scalars']['loss']
    assert kept.statistics('mean', 1) == 0.25
    assert loaded['meta']['seed'] == 7
    assert loaded['meta']['mean'].tolist() == [0, 1, 2]


def test_an_archive_that_unpacks_to_more_than_it_holds(tmp_path):
    plain, packed = tmp_path / 'plain.pth', tmp_path / 'bomb.pth'
    torch.save({'state_dict': {'a': torch.zeros(4_000_000)}}, plain)
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as target,
    ):
        for part in source.infolist():
            target.writestr(part.filename, source.read(part))
    assert packed.stat().st_size < 100_000
    with pytest.raises(ValueError, match=r'bomb\.pth.*unpack to 16,'):
        load_safely(packed)


def test_a_tensor_larger_than_what_is_stored(tmp_path):
    path = tmp_path / 'x.pth'
    wide = torch.zeros(1).expand(10**6, 10**6)
    torch.save({'state_dict': {'a': wide}}, path)
    with pytest.raises(ValueError, match=r'x\.pth.*`a` must be stored whole'):
        load_safely(path)


def test_a_sparse_tensor(tmp_path):
    path = tmp_path / 'x.pth'
    torch.save({'state_dict': {'a': torch.eye(3).to_sparse_csr()}}, path)
    with pytest.raises(ValueError, match=r'x\.pth'):
        load_safely(path)


def test_members_of_an_archive_stay_inside(tmp_path):
    """Nothing is unpacked to the disk, whatever the members are called."""
    path = tmp_path / 'folder' / 'slip.pth'
    path.parent.mkdir()
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('../it_ran', b'x')
        archive.writestr('/tmp/it_ran', b'x')
        archive.writestr('archive/data.pkl', b'\x80\x02}q\x00.')
    with pytest.raises(ValueError, match=r'slip\.pth'):
        load_safely(path)
    assert not (tmp_path / 'it_ran').exists()
    assert [p.name for p in path.parent.iterdir()] == ['slip.pth']


SPOILT = {
    'empty': lambda data: b'',
    'half': lambda data: data[: len(data) // 2],
    'no end': lambda data: data[:-100],
    'noise': lambda data: b'PK' + bytes(range(256)) * 20,
    'one byte': lambda data: data[:70] + b'\xff' * 20 + data[90:],
    'text': lambda data: b'<!doctype html>',
    'old pickle': lambda data: b'\x80\x02' + bytes(100),
    'deep pickle': lambda data: b'\x80\x02' + b'(' * 10**5,
    'tar': lambda data: b'data.pkl' + bytes(1016),
}


@pytest.mark.parametrize('name', SPOILT)
def test_damaged_checkpoints(name, tmp_path):
    path = tmp_path / 'damaged.pth'
    torch.save({'state_dict': {'a': torch.ones(3)}}, path)
    path.write_bytes(SPOILT[name](path.read_bytes()))
    with pytest.raises(ValueError, match=r'damaged\.pth'):
        load_safely(path)


def of_model(config_file):
    """A checkpoint that fits the config."""
    from mmengine.config import Config
    from mmengine.registry import MODELS, init_default_scope

    init_default_scope('mmdet')
    return MODELS.build(Config.fromfile(config_file).model).state_dict()


UNFIT = {
    'NaN': (lambda w: w.fill_(float('nan')), 'NaN'),
    'other shape': (lambda w: w[:1].clone(), 'shape'),
    'integers': (lambda w: w.int(), 'int32'),
    'no tensor': (lambda w: [1.0], 'list'),
    'missing': (None, 'lacks'),
}


@pytest.mark.slow
@pytest.mark.parametrize('name', UNFIT)
def test_weights_that_do_not_fit(name, config_file, tmp_path, refused):
    change, match = UNFIT[name]
    state = of_model(config_file)
    key = 'backbone.layer1.0.conv1.weight'
    weight = state.pop(key)
    if change:
        state[key] = change(weight)
    path = tmp_path / 'unfit.pth'
    torch.save({'state_dict': state}, path)
    line = refused(
        *(run_test, config_file, path, '--out', tmp_path / 'r.json'),
    )
    assert 'unfit.pth' in line
    assert match in line
    assert not (tmp_path / 'r.json').exists()


@pytest.mark.slow
def test_weights_alone_cannot_be_resumed(config_file, tmp_path, refused):
    path = tmp_path / 'weights.pth'
    torch.save({'state_dict': of_model(config_file)}, path)
    line = refused(train, config_file, '--resume', path)
    assert 'weights.pth' in line
    assert 'to resume' in line or 'of a training' in line


def options(**settings):
    return ['--cfg-options', *(f'{k}={v}' for k, v in settings.items())]


@pytest.mark.slow
def test_a_training_goes_on_from_its_own_checkpoint(config_file, tmp_path):
    """Optimizer, log buffers with NumPy scalars, random state: all is read."""
    work = tmp_path / 'work'
    short = options(**{'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 1})
    train([str(config_file), *map(str, short)])
    first = work / 'epoch_1.pth'
    saved = load_safely(first)
    assert {'optimizer', 'message_hub', 'meta'} <= set(saved)
    longer = options(**{'train_cfg.max_epochs': 2})
    train([str(config_file), '--resume', str(first), *map(str, longer)])
    assert load_safely(work / 'epoch_2.pth')['meta']['epoch'] == 2
    run_test([str(config_file), str(work / 'epoch_2.pth')])
