import pytest

from mmuldor.apis.configs.loading import read_config

CONFIG = 'mmuldor::mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'


@pytest.mark.parametrize(
    ('key', 'wanted'),
    [
        ('data_root', 'copied to test_dataloader.dataset.data_root'),
        ('resize.scale', 'copied to test_dataloader.dataset.pipeline.2,'),
        (
            'train_pipeline.0.num_slices',
            'copied to train_dataloader.dataset.',
        ),
        ('model.test_cfg.score_thr', "nothing reads 'score_thr'"),
        ('lr', "nothing reads 'lr'"),
        ('tta.flip', "Did you mean 'flips'"),
    ],
)
def test_what_nothing_reads_is_refused(key, wanted):
    with pytest.raises(ValueError, match=wanted):
        read_config(CONFIG, {key: 1})


@pytest.mark.parametrize(
    'key',
    [
        'model.test_cfg.rcnn.nms.class_agnostic',
        'model.test_cfg.rcnn.nms.max_num',
        'model.test_cfg.rcnn.nms.score_threshold',
        'model.test_cfg.rcnn.nms.offset',
        'env_cfg.cudnn_benchmark',
        'test_dataloader.dataset.pipeline.0.num_slices',
        'sync_bn',
    ],
)
def test_what_is_read_is_set(key):
    config = read_config(CONFIG, {key: 1})
    for word in key.split('.'):
        config = config[int(word) if word.isdigit() else word]
    assert config == 1


@pytest.fixture
def own(tmp_path):
    """A function that writes a config with a name of its own."""

    def write(line, modules='mmuldor'):
        path = tmp_path / 'own.py'
        path.write_text(
            f"""{line}
custom_imports = dict(imports={modules.split()}, allow_failed_imports=True)
default_scope = 'mmdet'
train_dataloader = dict(batch_size=2, num_workers=2)
"""
        )
        return path

    return write


def test_no_number_is_said_to_be_a_copy(own):
    path = own('batch = 2')
    with pytest.raises(ValueError, match="nothing reads 'batch'") as error:
        read_config(path, {'batch': 4})
    assert 'copied' not in str(error.value)


def test_code_of_a_user_may_read_names_of_a_config(own):
    path = own('margin = 2', 'mmuldor os.path')
    assert read_config(path, {'margin': 4}).margin == 4
    with pytest.raises(ValueError, match="nothing reads 'margn'"):
        read_config(path, {'margn': 4})
