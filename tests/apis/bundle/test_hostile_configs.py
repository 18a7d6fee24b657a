"""What a bundle's config may not say; nothing of it is imported or built."""

import inspect
import re
import sys
from pathlib import Path

import pytest
from mmengine.registry import MODELS, TASK_UTILS

from mmuldor.apis.bundle import load
from mmuldor.apis.bundle.allowed_types import may_be_named
from mmuldor.apis.bundle.load import load_bundle
from tests.apis.bundle.harmless import nothing_done


def at(path):
    """The dict or list at a path of keys, and its last key."""
    *parents, last = path.split('.')

    def place(config):
        for key in parents:
            config = config[int(key) if isinstance(config, list) else key]
        return config, int(last) if isinstance(config, list) else last

    return place


def setting(path, value):
    def change(config):
        place, key = at(path)(config)
        place[key] = value

    return change


# What reads files, or runs text.
DEEDS = re.compile(
    r'(?<![.\w])(open|eval|exec|__import__)\(|\b(import_module|from_pretrained|'
    r'load_checkpoint|fromfile|load_url|urlopen|Popen|system)\(|'
    r'\b(torch|pickle|np|mmengine)\.load\(|\b\w*checkpointer\.load\('
)
# They read what `pretrained` or `init_cfg` name, which a bundle cannot.
KNOWN = {'detectors_resnet', 'pvt', 'swin'}


def test_no_class_that_a_bundle_may_name_reads_files():
    found = set()
    for registry in (MODELS, TASK_UTILS):
        for place in (registry, *registry.children.values()):
            place.import_from_location()
            found |= {
                item.__module__
                for item in place.module_dict.values()
                if may_be_named(registry, item)
            }
    assert len(found) > 150
    files = {inspect.getfile(sys.modules[name]): name for name in found}
    deeds = {
        name.rpartition('.')[2]
        for file, name in files.items()
        if DEEDS.search(Path(file).read_text(encoding='utf-8'))
    }
    assert deeds == KNOWN


@pytest.fixture
def refused(with_config, monkeypatch):
    """Loads the bundle with a changed config; the line that refuses it."""

    def built(*_, **__):
        raise AssertionError('weights are read before the config is checked')

    monkeypatch.setattr(load, 'from_bytes', built)

    def run(change):
        path = with_config(change)
        with (
            pytest.raises(ValueError, match=r'changed\.mmuldor') as error,
            nothing_done(),
        ):
            load_bundle(path)
        said = str(error.value)
        assert 'Do not use it, or publish the model again.' in said
        return said

    return run


def test_mmengine_alone_would_import_it():
    assert MODELS.get('subprocess.Popen').__name__ == 'Popen'


@pytest.mark.parametrize(
    'name',
    [
        'subprocess.Popen',
        'os.system',
        'builtins.exec',
        'mmengine.config.Config.fromfile',
        # `evil.registry` would be imported.
        'evil.Net',
        'mmuldor.evil.Net',
        'antigravity',
        '',
        'MaskRCNN.',
        '.MaskRCNN',
        '../evil',
    ],
)
@pytest.mark.parametrize(
    'path',
    [
        'model.type',
        'model.backbone.type',
        'model.rpn_head.anchor_generator.type',
        'model.roi_head.bbox_head.loss_cls.type',
        'model.backbone.norm_cfg',
        'pipeline.1.type',
    ],
)
def test_names_that_are_not_registered(refused, path, name):
    value = {'type': name} if path.endswith('norm_cfg') else name
    said = refused(setting(path, value))
    assert f'`{path.removesuffix(".type")}' in said
    assert 'antigravity' not in sys.modules


@pytest.mark.parametrize(
    ('path', 'value', 'match'),
    [
        # Evaluated by mmcv, taken from a module by mmdet.
        ('model.test_cfg.rcnn.nms.type', '__import__("os")', 'nms or soft_nm'),
        ('model.test_cfg.rpn.nms.type', 'exit', 'must be nms or soft_nms'),
        (
            'model.roi_head.bbox_roi_extractor.roi_layer.type',
            *('nms', 'must be RoIAlign or RoIPool'),
        ),
        # Registered, but for something else.
        ('model.backbone.type', 'MaxIoUAssigner', 'registered for `backbone`'),
        ('model.backbone.type', 'mmuldor.HNEMHook', 'registered for `backbo'),
        ('model.type', 'ResNet', 'must be a detector'),
        ('model.type', None, '`model.type` must be a name, but is None'),
        ('model.type', ['MaskRCNN'], 'must be a name'),
        ('model.type', {'a': 1}, 'must be a name'),
        # Registered, but they read files or run a config.
        ('model.type', 'KnowledgeDistillationSingleStageDetector', 'alone'),
        ('model.type', 'GLIP', 'must be a class that'),
        ('model.type', 'Detectron2Wrapper', 'must be a class that'),
        # Cyrillic letters that look the same.
        ('model.type', 'M\u0430skRCNN', 'must be registered for `model`'),
        ('model.type', 'mmdet.M\u0430skRCNN', 'must be registered for `m'),
        ('model.type', 'mmdet.mmdet.MaskRCNN', 'must be registered for `m'),
        ('model.type', 'torch.optim.SGD', 'must be registered for `model`'),
        ('model.type', 7, '`model.type` must be a name, but is 7'),
        ('model.neck', {'type': {'_object_': 'os'}}, 'letters and digits'),
        ('model.neck', {'type': 'BertModel'}, 'must be a class that'),
        ('model.neck', [{'type': 'BertModel'}], 'model.neck.0.type'),
        (
            'model.neck',
            *({'__tuple__': [{'type': 'os.system'}]}, 'model.neck.0.type'),
        ),
        ('pipeline.1.type', 'LoadImageFromFile', 'must be a class that'),
        ('pipeline.1.type', 'mmuldor.AddHardNegatives', 'must be a class'),
        ('pipeline.0.type', 'LoadImageFromFile', 'must begin with mmuldor.L'),
        ('pipeline.1.type', 'Albu', 'must be a class that'),
        ('pipeline.1.type', 'TestTimeAug', 'must be a class that'),
        ('model.anything', {'type': 'ResNet'}, 'where no bundle has one'),
        # Names of files, addresses and code.
        ('model.backbone.init_cfg', {'type': 'Pretrained'}, 'names a file'),
        ('model.backbone.init_cfg', 'weights', 'names a file or code'),
        ('model.backbone.pretrained', 'weights', 'names a file or code'),
        ('model.teacher_config', 'evil', 'names a file or code'),
        ('pipeline.0.store', 'store', 'names a file or code'),
        ('pipeline.1.backend_args', {'backend': 'http'}, 'names a file or co'),
        ('model.backbone.style', 'a/b', 'no file, address or text'),
        ('model.backbone.style', 'evil.py', 'no file, address or text'),
        ('model.backbone.style', '/etc/passwd', 'no file, address or text'),
        ('model.backbone.style', 'http://x', 'no file, address or text'),
        ('model.backbone.style', '{{ fileDirname }}', 'no file, address'),
        ('model.backbone.style', '$HOME', 'no file, address or text'),
        # Words that MMEngine reads.
        ('_base_', 'evil', 'it must hold model, pipeline'),
        ('custom_imports', {'imports': ['evil']}, 'it must hold model'),
        ('custom_hooks', [], 'it must hold model'),
        ('default_scope', 'evil', 'it must hold model'),
        ('model._scope_', 'evil', 'must be a name of letters and digits'),
        ('model.backbone._scope_', 'mmdet', 'must be a name of letters'),
        ('model._delete_', True, 'must be a name of letters and digits'),
        ('model._base_', 'evil', 'must be a name of letters and digits'),
        ('model.__class__', 1, 'must be a name of letters and digits'),
        ('model.custom_imports', {'imports': ['evil']}, 'names a file or co'),
        ('model.neck', {'__tuple__': 1}, 'must be a list alone'),
        ('model.neck', {'__tuple__': [], 'type': 'FPN'}, 'a list alone'),
        # Sizes.
        ('model.backbone.base_channels', 10**9, 'up to 65,536, but is 1000'),
        ('model.backbone.base_channels', -(10**9), 'an integer up to 65,536'),
        ('model.backbone.base_channels', 1e308, 'a finite number up to'),
        # RegNet makes so many values before torch knows of any.
        ('model.backbone.arch', {'depth': 1e9}, 'a finite number up to 65,5'),
        ('model.test_cfg.rcnn.max_per_img', 10**4, 'up to 2,048'),
        # Without end, to mmdet.
        ('model.test_cfg.rcnn.max_per_img', -1, 'from 1 up to 2,048, but is '),
        ('model.test_cfg.rpn.max_per_img', None, 'a number, but is None'),
        (
            *('model.roi_head.bbox_roi_extractor.featmap_strides', [1e-9]),
            'a finite number from 1 up to 1,024, but is 1e-09',
        ),
        ('model.neck.level_paddings', [60000], 'from 0 up to 64, but is 6000'),
        ('model.roi_head.seg_scale_factor', 99, 'from 0 up to 16, but is 99'),
        ('model.backbone.base_channels', 1e5, 'up to 65,536, but is 100000.0'),
        ('pipeline.0.num_slices', 4095, 'from 0 up to 127, but is 4095'),
        ('pipeline.2.max_size', 60000, 'from 0 up to 2,048, but is'),
        ('pipeline.0.num_slices', 'many', '128 channels at most, but makes'),
        ('pipeline.1', {'type': 'Resize', 'scale_factor': 2}, 'not be there'),
        ('pipeline.1.type', 'FixShapeResize', 'must be a class that'),
        ('pipeline.1.windows', [[0, 1]] * 17, 'at most 16 values, but has 17'),
        ('tta', {'slice_offsets_mm': [0] * 33}, 'at most 32 values'),
        (
            *('tta', {'slice_offsets_mm': {'__tuple__': [0] * 33}}),
            'at most 32 values',
        ),
        ('model.neck', [0] * 5000, 'at most 4,096 values'),
        ('model.neck', {'__tuple__': [0] * 5000}, 'at most 4,096 values'),
        # Parts of another form.
        ('model', [], '`model` must be a dict'),
        ('model.train_cfg', {'rpn': 1}, 'must be null: it is for training'),
        ('pipeline', [], 'must be a list of dicts'),
        ('pipeline', [1, 2], 'must be a list of dicts'),
        ('lesion_types', 'evil', '`lesion_types` must be'),
        ('tta', {'evil': 1}, '`tta` must hold flips'),
        ('tta', {'flips': 'up'}, '`tta.flips` must be a list'),
        ('tta', {'iou_thr': 'up'}, '`tta.iou_thr` must be a number'),
        ('channels_last', 1, '`channels_last` must be true or false'),
    ],
)
def test_what_a_config_may_not_say(refused, path, value, match):
    assert match in refused(setting(path, value))


def test_an_image_of_any_number_of_channels(refused):
    def change(config):
        config['pipeline'][0]['num_slices'] = 9
        config['pipeline'][1]['windows'] = [[0, 1]] * 15

    assert '128 channels at most, but makes 135' in refused(change)


def test_a_config_without_end(refused):
    def change(config):
        for _ in range(40):
            config['model']['neck'] = [config['model']['neck']]

    assert 'is nested too deeply' in refused(change)


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('[' * 100_000, 'nested too deeply'),
        ('{"model": 1, "model": 2}', "'model' comes twice"),
        ('{"model": NaN}', 'it must hold model'),
        ('null', 'it must hold model'),
        ('{', r'config.json must be JSON, but line 1 column'),
        ('\xff', 'config.json must be JSON in UTF-8'),
        ('1' * 5000, 'config.json must be JSON'),
    ],
)
def test_no_json(rewrite, text, match):
    def change(parts):
        parts['config.json'] = text.encode('latin1')

    with pytest.raises(ValueError, match=match) as error:
        load_bundle(rewrite(change))
    assert 'changed.mmuldor' in str(error.value)


@pytest.mark.parametrize('number', ['NaN', 'Infinity', '1e999'])
def test_numbers_without_end(rewrite, number):
    def change(parts):
        text = parts['config.json'].decode()
        assert '0.7' in text
        parts['config.json'] = text.replace('0.7', number).encode()

    with pytest.raises(ValueError, match=r'must be a finite number up to'):
        load_bundle(rewrite(change))


def test_a_keyword_that_no_class_takes(with_config):
    path = with_config(setting('model.backbone.evil', 1))
    with pytest.raises(ValueError, match=r'argument `evil` that ResNet does'):
        load_bundle(path)
