import pytest

from mmuldor.apis.configs.loading import read_config

CONFIG = 'mmuldor::mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'


@pytest.mark.parametrize(
    ('key', 'wanted'),
    [
        ('data_root', 'set test_dataloader.dataset.data_root'),
        ('resize.scale', 'set test_dataloader.dataset.pipeline.2,'),
        ('train_pipeline.0.num_slices', 'set train_dataloader.dataset.pipe'),
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
