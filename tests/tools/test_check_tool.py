"""`tools/check.py` finds what would cost hours later."""

import json

import pytest
import torch
from mmengine.model import BaseModel

from mmuldor.apis.checks.config import check_config
from mmuldor.apis.configs import precision
from tools.check import main


def found(config, tmp_path, level=None):
    return [
        finding.text
        for finding in check_config(config, tmp_path / 'check')
        if level in (None, finding.level)
    ]


def edit(path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_good_config_has_no_error(mini_config, tmp_path):
    texts = found(mini_config, tmp_path)
    assert found(mini_config, tmp_path, 'error') == []
    for split, count in (('train', 6), ('val', 2), ('test', 2)):
        assert any(t.startswith(f'{split}: {count} images') for t in texts)
    assert 's an iteration of 2 images' in texts[-1]
    assert len(list((tmp_path / 'check').glob('*.png'))) == 2


def test_a_missing_slice_and_a_damaged_one(mini_config, mini_data, tmp_path):
    (mini_data / 'Images_png/000101_01_01/005.png').unlink()
    cut = mini_data / 'Images_png/000202_01_01/004.png'
    cut.write_bytes(cut.read_bytes()[:-20])
    errors = found(mini_config, tmp_path, 'error')
    assert len(errors) == 2
    assert errors[0].startswith('val: ')
    assert '000101_01_01' in errors[0]
    assert str(cut) in errors[1]


def test_a_patient_in_two_splits(mini_config, mini_data, tmp_path):
    def change(document):
        document['images'][0]['patient'] = 3

    edit(mini_data / 'test.json', change)
    (error,) = found(mini_config, tmp_path, 'error')
    assert error.startswith('1 patients are in train and in test')
    assert 'example 3' in error


def test_the_evaluator_of_another_split(mini_config, mini_data, tmp_path):
    mini_config.test_evaluator.ann_file = str(mini_data / 'val.json')
    (error,) = found(mini_config, tmp_path, 'error')
    assert error.startswith('test_evaluator.ann_file')


def test_classes_that_the_head_does_not_have(mini_config, tmp_path):
    mini_config.model.roi_head.bbox_head.num_classes = 1
    mini_config.model.roi_head.mask_head.num_classes = 1
    (error,) = found(mini_config, tmp_path, 'error')
    assert '`model.roi_head.bbox_head.num_classes` is 1' in error


@pytest.mark.parametrize('key', ['load_from', 'init_cfg'])
def test_weights_that_are_not_there(mini_config, tmp_path, key):
    if key == 'load_from':
        mini_config.load_from = 'nowhere.pth'
    else:
        mini_config.model.backbone.init_cfg = dict(
            type='Pretrained', checkpoint='nowhere.pth'
        )
    (error,) = found(mini_config, tmp_path, 'error')
    assert error.startswith(key)
    assert 'nowhere.pth' in error


def test_stored_masks_for_the_validation_loss(mini_config, tmp_path):
    mini_config.val_loss_pipeline[2].shape = 'segmentation'
    (error,) = found(mini_config, tmp_path, 'error')
    assert error.startswith('val, for the validation loss: ')
    assert 'val.json: a lesion of 000101_01_01/005.png' in error
    mini_config.default_hooks.val_loss = None
    assert found(mini_config, tmp_path, 'error') == []


def test_lesions_that_no_anchor_fits(mini_config, tmp_path):
    mini_config.model.rpn_head.anchor_generator.base_sizes = [300] * 5
    texts = found(mini_config, tmp_path, 'warning')
    (text,) = (text for text in texts if text.startswith('anchors: '))
    assert 'lesions reach 0% IoU 0.5' in text


def test_the_tool_ends_with_an_error(mini_config, tmp_path, capsys):
    mini_config.load_from = 'nowhere.pth'
    path = tmp_path / 'config.py'
    mini_config.dump(path)
    with pytest.raises(SystemExit) as ended:
        main([str(path), '--out', str(tmp_path / 'pictures')])
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert '1 of these must be corrected' in printed.err
    assert 'nowhere.pth' in printed.out


def test_time_and_memory_of_mixed_precision(
    mini_config, tmp_path, capsys, monkeypatch
):
    path = tmp_path / 'config.py'
    mini_config.dump(path)
    arguments = [str(path), '--amp', '--out', str(tmp_path / 'check')]
    monkeypatch.setattr(precision, 'has_amx', lambda: True)
    main(arguments)
    assert '(cpu, mixed precision): ' in capsys.readouterr().out
    monkeypatch.setattr(precision, 'has_amx', lambda: False)
    with pytest.raises(SystemExit):
        main(arguments)
    assert '`--amp` needs a GPU' in capsys.readouterr().err


def test_a_batch_too_large_for_the_gpu(mini_config, tmp_path, monkeypatch):
    def fail(*_):
        raise torch.cuda.OutOfMemoryError('CUDA out of memory.')

    monkeypatch.setattr(BaseModel, 'train_step', fail)
    (error,) = found(mini_config, tmp_path, 'error')
    assert error.startswith('a batch of 2 images does not fit')
    assert '`--amp`' in error
