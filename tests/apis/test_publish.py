"""Published weights, their card, and checkpoints that are not safe."""

import hashlib
import os
import re

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmuldor.apis.publish import publish_model
from mmuldor.io.json_files import write_json
from mmuldor.upstream.safe_checkpoints import load_safely
from tools.publish_model import main


@pytest.fixture
def checkpoint(tmp_path):
    """What MMEngine saves, in small."""
    buffer = HistoryBuffer()
    buffer.update(np.float64(0.5))
    path = tmp_path / 'epoch_3.pth'
    torch.save(
        {
            'meta': {
                'epoch': 3,
                'seed': 7,
                'cfg': "work_dir = 'w'\n",
                'experiment_name': 'mask-rcnn_r18_20261124_101112',
                'dataset_meta': {'classes': ('lesion', 'false_positive')},
            },
            'state_dict': {
                'module.a.weight': torch.arange(6.0).reshape(2, 3),
                'module.a.bias': torch.zeros(2),
            },
            'optimizer': {'state': {0: torch.zeros(1000)}},
            'message_hub': {'log_scalars': {'train/loss': buffer}},
        },
        path,
    )
    return path


def test_only_the_weights_are_left(checkpoint, tmp_path):
    file, _ = publish_model(checkpoint, tmp_path / 'out')
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert file.name == f'mask-rcnn_r18-{digest[:8]}.pth'
    # The form in which torch.hub looks for the checksum.
    assert re.search(r'-([a-f0-9]*)\.', file.name).group(1) == digest[:8]
    published = torch.load(file, weights_only=True)
    assert set(published) == {'state_dict', 'meta'}
    assert torch.equal(
        published['state_dict']['a.weight'], torch.arange(6.0).reshape(2, 3)
    )
    assert published['meta']['dataset_meta']['classes'] == (
        'lesion',
        'false_positive',
    )
    assert len(content) < checkpoint.stat().st_size


def test_out_must_be_a_folder(checkpoint, tmp_path):
    (tmp_path / 'out').touch()
    with pytest.raises(
        ValueError, match=r'`--out` must be a folder, but .*out'
    ):
        publish_model(checkpoint, tmp_path / 'out')


def test_the_same_bytes_again(checkpoint, tmp_path):
    first, _ = publish_model(checkpoint, tmp_path / 'a')
    second, _ = publish_model(checkpoint, tmp_path / 'b')
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_the_card(checkpoint, tmp_path):
    froc = tmp_path / 'froc.json'
    write_json(
        froc,
        {
            'fp_rates': [0.5, 4.0],
            'sensitivity': [0.5, 0.84375],
            'fps_at_end': 5.0,
            'counts': {'images': 1200, 'lesions': 30},
        },
    )
    main(
        [
            *(str(checkpoint), '--pair', '--out', str(tmp_path / 'out')),
            *('--name', 'uldor', '--froc', str(froc)),
            *('--data', 'DeepLesion', '--licence', 'CC BY 4.0'),
        ]
    )
    (card,) = (tmp_path / 'out').glob('uldor-*.md')
    text = card.read_text()
    for line in (
        '| classes | lesion, false_positive |',
        '| parameters | 8 |',
        '| training data | DeepLesion |',
        '| seed | 7 |',
        '| licence | CC BY 4.0 |',
        '| sensitivity at 4 FPs per image | 84.38 % |',
        '| tested on | 1,200 images, 30 lesions |',
        "work_dir = 'w'",
    ):
        assert line in text
    assert 'Not a medical device' in text


def test_a_card_without_metrics_says_so(checkpoint, tmp_path):
    _, card = publish_model(checkpoint, tmp_path / 'out')
    assert 'Not measured.' in card.read_text()


class Hostile:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_hostile_checkpoint_runs_nothing(tmp_path):
    path, trace = tmp_path / 'x.pth', tmp_path / 'trace'
    torch.save({'state_dict': {}, 'meta': Hostile(trace)}, path)
    with pytest.raises(ValueError, match=r'x\.pth.*mkdir'):
        load_safely(path)
    assert not trace.exists()


class Getter:
    """Asks for an attribute while it is unpickled."""

    def __init__(self, owner, name):
        self.owner, self.name = owner, name

    def __reduce__(self):
        return getattr, (self.owner, self.name)


@pytest.mark.parametrize(
    ('owner', 'name'),
    [(np.ndarray, 'tofile'), (HistoryBuffer, '__init__')],
)
def test_attributes_are_not_to_be_had(tmp_path, owner, name):
    path = tmp_path / 'x.pth'
    torch.save({'state_dict': {}, 'meta': Getter(owner, name)}, path)
    with pytest.raises(ValueError, match=r'getattr of .* is not allowed'):
        load_safely(path)


@pytest.mark.parametrize(
    ('content', 'match'),
    [
        (b'', r'must be a checkpoint'),
        (b'PK\x03\x04 cut off', r'must be a checkpoint'),
        (b'not a pickle', r'must be a checkpoint'),
    ],
)
def test_no_checkpoint(tmp_path, content, match):
    path = tmp_path / 'x.pth'
    path.write_bytes(content)
    with pytest.raises(ValueError, match=match):
        load_safely(path)


@pytest.mark.parametrize(
    ('saved', 'match'),
    [
        ([1, 2], r'must hold a dict, but holds a list'),
        ({'meta': {}}, r'must hold `state_dict`.*NoneType'),
        ({'state_dict': {'a': 1}}, r'must hold `state_dict`.*tensors'),
        ({'state_dict': {1: torch.ones(1)}}, r'must hold `state_dict`'),
    ],
)
def test_no_weights(tmp_path, saved, match):
    path = tmp_path / 'x.pth'
    torch.save(saved, path)
    with pytest.raises(ValueError, match=match):
        publish_model(path, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_missing_files(checkpoint, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"'no\.pth' does not"):
        publish_model('no.pth', tmp_path)
    with pytest.raises(FileNotFoundError, match=r'no\.json'):
        publish_model(checkpoint, tmp_path / 'out', froc='no.json')


COUNTS = {'images': 1, 'lesions': 1}


@pytest.mark.parametrize(
    'report',
    [
        {'sensitivity': [1]},
        {'fp_rates': [1], 'sensitivity': [True], 'counts': COUNTS},
        {'fp_rates': ['1'], 'sensitivity': [1], 'counts': COUNTS},
        {'fp_rates': [1], 'sensitivity': [1], 'counts': {'images': 1}},
        {'fp_rates': [1, 2], 'sensitivity': [1], 'counts': COUNTS},
        {'fp_rates': [1], 'sensitivity': [10**400], 'counts': COUNTS},
    ],
)
def test_no_froc_file(checkpoint, tmp_path, report):
    write_json(tmp_path / 'froc.json', {**report, 'fps_at_end': 9})
    with pytest.raises(ValueError, match=r'froc\.json must be what'):
        publish_model(
            checkpoint, tmp_path / 'out', froc=tmp_path / 'froc.json'
        )


def test_texts_of_a_checkpoint_stay_texts_on_the_card(tmp_path):
    code = 'a = """\n```\n<b>out</b>\n````\n"""'
    meta = {
        'cfg': code,
        'epoch': '1 |\n| 2 |',
        'dataset_meta': {'classes': ['<img src=x>']},
    }
    path = tmp_path / 'x.pth'
    torch.save({'state_dict': {'a': torch.ones(1)}, 'meta': meta}, path)
    _, card = publish_model(path, tmp_path / 'out')
    text = card.read_text()
    assert '| epoch | 1 &#124; &#124; 2 &#124; |\n' in text
    assert '<img' not in text
    # A block ends at the first fence that is as long as its own.
    assert text.endswith(f'`````python\n{code}\n`````\n')
