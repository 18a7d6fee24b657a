"""Checkpoints run nothing, whichever way they reach MMEngine."""

import codecs
import functools
import http.server
import os
import sys
import threading
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader

from mmuldor.upstream.checkpoint_loaders import unsafe_checkpoints
from mmuldor.upstream.safe_checkpoints import load_safely
from tests.faults.memory import at_most
from tools.mine_hard_negatives import main as mine
from tools.publish_model import main as publish
from tools.test import main as run_test
from tools.train import main as train


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.fixture
def trace(tmp_path):
    return tmp_path / 'it_ran'


@pytest.fixture
def hostile(tmp_path, trace):
    path = tmp_path / 'hostile.pth'
    torch.save({'state_dict': {}, 'meta': Hostile(trace)}, path)
    return path


@pytest.fixture
def config_file(mini_config, tmp_path):
    path = tmp_path / 'config.py'
    mini_config.dump(path)
    return path


def refused(main, *arguments, capsys):
    """What a tool says; one line on stderr, exit code 1."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    (line,) = [s for s in said.splitlines() if s.startswith('error: ')]
    assert 'Traceback' not in said
    return line


def options(**settings):
    return ['--cfg-options', *(f'{k}={v}' for k, v in settings.items())]


def load_from(config, file):
    config.load_from = str(file)


def pretrained(config, file):
    config.model.backbone.init_cfg = dict(
        type='Pretrained', checkpoint=str(file)
    )


def inflated(config, file):
    config.model.backbone.init_cfg = dict(
        type='mmuldor.InflatedInit', checkpoint=str(file)
    )


def resume(config, file):
    config.resume, config.load_from = True, str(file)


@pytest.mark.parametrize(
    'way',
    [
        load_from,
        pretrained,
        pytest.param(inflated, marks=pytest.mark.slow),
        pytest.param(resume, marks=pytest.mark.slow),
    ],
)
def test_training_runs_nothing(
    way, mini_config, hostile, trace, tmp_path, capsys
):
    way(mini_config, hostile)
    mini_config.dump(tmp_path / 'config.py')
    line = refused(train, tmp_path / 'config.py', capsys=capsys)
    assert 'hostile.pth' in line
    assert 'mkdir' in line
    assert '--allow-unsafe-checkpoint' in line
    assert not trace.exists()


@pytest.mark.parametrize('tool', [run_test, mine, publish])
def test_other_tools_run_nothing(
    tool, config_file, hostile, trace, tmp_path, capsys
):
    out = tmp_path / 'out'
    config = [] if tool is publish else [config_file]
    line = refused(tool, *config, hostile, '--out', out, capsys=capsys)
    assert 'hostile.pth' in line
    assert 'mkdir' in line
    assert not trace.exists()
    assert not out.exists()


@pytest.mark.slow
def test_the_option_does_what_its_name_says(
    config_file, hostile, trace, capsys
):
    arguments = [config_file, hostile, '--allow-unsafe-checkpoint']
    line = refused(run_test, *arguments, capsys=capsys)
    assert 'lacks' in line
    assert trace.exists()
    trace.rmdir()
    refused(run_test, *arguments[:2], capsys=capsys)
    assert not trace.exists()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serves tmp_path; torch.hub keeps its files elsewhere."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    handler = functools.partial(
        http.server.SimpleHTTPRequestHandler, directory=tmp_path
    )
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield f'http://127.0.0.1:{found.server_port}'
        found.shutdown()


def test_urls_run_nothing(server, hostile, trace):
    with pytest.raises(ValueError, match=r'hostile\.pth.*mkdir'):
        CheckpointLoader.load_checkpoint(f'{server}/hostile.pth')
    assert not trace.exists()


def test_weights_by_url_are_read(server, tmp_path):
    # As torchvision's: tensors alone, in the format from before 1.6.
    torch.save(
        {'conv1.weight': torch.ones(2, 3)},
        tmp_path / 'resnet-0676ba61.pth',
        _use_new_zipfile_serialization=False,
    )
    url = f'{server}/resnet-0676ba61.pth'
    loaded = CheckpointLoader.load_checkpoint(url)
    assert torch.equal(loaded['conv1.weight'], torch.ones(2, 3))
    with pytest.raises(OSError, match=r'nothing\.pth.*could not be fetched'):
        CheckpointLoader.load_checkpoint(f'{server}/nothing.pth')


@pytest.mark.parametrize(
    'url',
    ['torchvision://resnet50', 'open-mmlab://x', 's3://x/y', 'pavi://x'],
)
def test_other_schemes_are_refused(url):
    with pytest.raises(ValueError, match=r'must be a file or start with'):
        CheckpointLoader.load_checkpoint(url)


def test_a_config_in_a_checkpoint_is_not_run(tmp_path, trace):
    path = tmp_path / 'x.pth'
    code = f'import os\nos.mkdir({str(trace)!r})\n'
    torch.save({'state_dict': {}, 'meta': {'config': code, 'epoch': 1}}, path)
    # Runner.resume runs `meta['config']` where it is there.
    assert CheckpointLoader.load_checkpoint(str(path))['meta'] == {'epoch': 1}


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


def test_members_of_an_archive_stay_inside(tmp_path, trace):
    """Nothing is unpacked to the disk, whatever the members are called."""
    path = tmp_path / 'folder' / 'slip.pth'
    path.parent.mkdir()
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('../it_ran', b'x')
        archive.writestr('/tmp/it_ran', b'x')
        archive.writestr('archive/data.pkl', b'\x80\x02}q\x00.')
    with pytest.raises(ValueError, match=r'slip\.pth'):
        load_safely(path)
    assert not trace.exists()
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
def test_weights_that_do_not_fit(name, config_file, tmp_path, capsys):
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
        capsys=capsys,
    )
    assert 'unfit.pth' in line
    assert match in line
    assert not (tmp_path / 'r.json').exists()


@pytest.mark.slow
def test_weights_alone_cannot_be_resumed(config_file, tmp_path, capsys):
    path = tmp_path / 'weights.pth'
    torch.save({'state_dict': of_model(config_file)}, path)
    line = refused(train, config_file, '--resume', path, capsys=capsys)
    assert 'weights.pth' in line
    assert 'to resume' in line or 'of a training' in line


def test_a_name_in_a_checkpoint_cannot_leave_the_folder(tmp_path, capsys):
    path, out = tmp_path / 'x.pth', tmp_path / 'a' / 'out'
    torch.save(
        {
            'state_dict': {'a': torch.ones(3)},
            'meta': {'experiment_name': '../../stolen_20261124_101112'},
        },
        path,
    )
    line = refused(publish, path, '--out', out, capsys=capsys)
    assert '--name' in line
    assert not (tmp_path / 'a').exists()
    publish([str(path), '--out', str(out), '--name', 'mine'])
    assert len(list(out.iterdir())) == 2


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


def test_the_switch_is_turned_back(hostile, trace):
    with pytest.raises(ZeroDivisionError), unsafe_checkpoints():
        raise ZeroDivisionError
    with pytest.raises(ValueError, match=r'mkdir'):
        CheckpointLoader.load_checkpoint(str(hostile))
    assert not trace.exists()
    assert 'mmuldor.apis' in sys.modules
