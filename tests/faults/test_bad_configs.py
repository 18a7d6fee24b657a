"""A mistake in a config ends in one line that names it."""

import re
from pathlib import Path

import pytest

from mmuldor.apis import load_config
from tools.check import main as check
from tools.test import main as run_test
from tools.train import main as train

# What the file holds, and what the line must say.
TEXTS = {
    'syntax': ('model = dict(\n', 'SyntaxError'),
    'no Python': ('\0\1\2', ''),
    'latin-1': (b"# M\xfcller\nmodel = ''\n", ''),
    'missing base': ("_base_ = './nothing.py'\n", 'nothing.py'),
    'base of another package': ("_base_ = 'mmdet::nothing.py'\n", ''),
    'unknown name': ('model = dict(type=nothing)\n', 'nothing'),
    'division by zero': ('a = 1 / 0\n', 'ZeroDivisionError'),
    'missing module': (
        "custom_imports = dict(imports=['no_such_module'])\n",
        'no_such_module',
    ),
    'a list as base': ('_base_ = [7]\n', ''),
    'bases with one key': (
        "_base_ = ['./one.py', './other.py']\n",
        'Duplicate key',
    ),
    'an assertion': ("assert False, 'no luck'\n", 'no luck'),
    'reserved key': ("filename = 'a'\n", 'filename'),
    'deep': ('a = ' + '[' * 5000 + ']' * 5000, ''),
}


@pytest.mark.parametrize('name', TEXTS)
def test_files_that_are_no_configs(name, tmp_path):
    text, says = TEXTS[name]
    path = tmp_path / 'config.py'
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for other in ('one.py', 'other.py'):
        (tmp_path / other).write_text('a = 1\n')
    with pytest.raises(ValueError, match=r'config\.py') as caught:
        load_config(str(path))
    assert says in str(caught.value)


@pytest.mark.slow
def test_a_cycle_of_bases(tmp_path):
    for one, other in (('a', 'b'), ('b', 'c'), ('c', 'a')):
        (tmp_path / f'{one}.py').write_text(f"_base_ = './{other}.py'\n")
    with pytest.raises(ValueError, match=r'a\.py.*itself as `_base_`'):
        load_config(str(tmp_path / 'a.py'))


@pytest.mark.parametrize('suffix', ['yaml', 'yml', 'json', 'pkl', 'txt'])
def test_only_python_files_are_configs(suffix, tmp_path):
    path, trace = tmp_path / f'config.{suffix}', tmp_path / 'it_ran'
    path.write_text(f'a: !!python/object/apply:os.mkdir ["{trace}"]\n')
    with pytest.raises(ValueError, match=r'config\..*must be a \.py file'):
        load_config(str(path))
    assert not trace.exists()


def test_options_that_do_not_fit(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text('a = dict(b=1)\nc = [1]\n')
    for options in ({'a.b.c': 1}, {'c.7': 1}):
        with pytest.raises(ValueError, match=r'config\.py.*--cfg-options'):
            load_config(str(path), cfg_options=options)


def remove(key):
    def change(config):
        *way, last = key.split('.')
        inside = config
        for word in way:
            inside = inside[word]
        getattr(inside, '_cfg_dict', inside).pop(last)

    return change


def put(key, value):
    def change(config):
        *way, last = key.split('.')
        inside = config
        for word in way:
            inside = inside[int(word) if word.isdecimal() else word]
        inside[last] = value

    return change


# How a good config is spoilt, and what the line must say; tool by tool.
MISTAKES = {
    'model': (remove('model'), '`model`'),
    'train_dataloader': (remove('train_dataloader'), '`train_dataloader'),
    'optim_wrapper': (remove('optim_wrapper'), '`optim_wrapper`'),
    'no data set': (remove('train_dataloader.dataset'), 'dataset'),
    'detector': (put('model.type', 'MaskRCNNN'), 'MaskRCNNN'),
    'no type': (remove('model.type'), 'type'),
    'a number': (put('model', 7), '`model`'),
    'backbone': (put('model.backbone.type', 'ResNett'), 'ResNett'),
    'argument': (put('model.backbone.deepth', 18), 'deepth'),
    'depth': (put('model.backbone.depth', 17), '17'),
    'data set': (put('train_dataloader.dataset.type', 'Nothing'), 'Nothing'),
    'transform': (
        put('train_dataloader.dataset.pipeline.0.type', 'LoadNothing'),
        'LoadNothing',
    ),
    'optimizer': (put('optim_wrapper.optimizer.type', 'Adamm'), 'Adamm'),
    'learning rate': (put('optim_wrapper.optimizer.lr', -1), '-1'),
    'loss': (
        put('model.roi_head.bbox_head.loss_cls.type', 'FocalLosss'),
        'FocalLosss',
    ),
    'annotation file': (
        put('train_dataloader.dataset.ann_file', 'nothing.json'),
        'nothing.json',
    ),
}
# These are looked at when a training or a test starts.
FOR_TRAINING = {
    'hook': (put('default_hooks.hnem.type', 'mmuldor.Hoook'), 'Hoook'),
    'argument of a hook': (put('default_hooks.hnem.max_iuo', 1), 'max_iuo'),
    'schedule': (put('param_scheduler.0.type', 'StepLR7'), 'StepLR7'),
    'evaluator': (put('val_evaluator.type', 'mmuldor.FROK'), 'FROK'),
    'loop': (put('train_cfg.type', 'Loop7'), 'Loop7'),
    'load_from': (put('load_from', 7), 'checkpoint'),
    'visualizer': (put('visualizer.type', 'Painter7'), 'Painter7'),
}
FOR_TESTS = {
    'test_dataloader': (remove('test_dataloader'), '`test_dataloader'),
    'test_evaluator': (remove('test_evaluator'), '`test_evaluator`'),
    'tester': (put('test_evaluator.type', 'mmuldor.FROK'), 'FROK'),
    'hooks': (remove('default_hooks.visualization'), 'visualization'),
}
# What is found when a config is read, and the key path that is named.
UP_FRONT = {
    'detector': 'model',
    'no type': 'model',
    'backbone': 'model.backbone',
    'argument': 'model.backbone',
    'data set': 'train_dataloader.dataset',
    'transform': 'train_dataloader.dataset.pipeline.0',
    'optimizer': 'optim_wrapper.optimizer',
    'loss': 'model.roi_head.bbox_head.loss_cls',
    'hook': 'default_hooks.hnem',
    'argument of a hook': 'default_hooks.hnem',
    'schedule': 'param_scheduler.0',
    'evaluator': 'val_evaluator',
    'loop': 'train_cfg',
    'visualizer': 'visualizer',
    'tester': 'test_evaluator',
}


@pytest.mark.parametrize('name', UP_FRONT)
def test_mistakes_that_reading_a_config_finds(name, mini_config, tmp_path):
    change, says = (MISTAKES | FOR_TRAINING | FOR_TESTS)[name]
    change(mini_config)
    path = tmp_path / 'mistaken.py'
    mini_config.dump(path)
    match = rf"config '.*mistaken\.py': `{re.escape(UP_FRONT[name])}` .*{says}"
    with pytest.raises(ValueError, match=match):
        load_config(str(path))


CASES = [
    *((check, *case) for case in MISTAKES.items()),
    *((train, *case) for case in (MISTAKES | FOR_TRAINING).items()),
    *((run_test, *case) for case in FOR_TESTS.items()),
]
FAST = {(check, 'model'), (check, 'backbone'), (run_test, 'tester')}


@pytest.mark.parametrize(
    ('tool', 'name', 'case'),
    [
        pytest.param(
            *(tool, name, case),
            id=f'{tool.__module__}-{name}',
            marks=[] if (tool, name) in FAST else pytest.mark.slow,
        )
        for tool, name, case in CASES
    ],
)
def test_mistakes_at_the_tools(
    tool, name, case, mini_config, tmp_path, capsys
):
    import torch

    change, says = case
    change(mini_config)
    path = tmp_path / 'mistaken.py'
    mini_config.dump(path)
    weights = tmp_path / 'w.pth'
    torch.save({'state_dict': {}}, weights)
    more = [str(weights), '--show-dir', str(tmp_path / 'shown')]
    with pytest.raises(SystemExit) as ended:
        tool([str(path), *(more if tool is run_test else [])])
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert 'Traceback' not in printed.err
    (line,) = [s for s in printed.err.splitlines() if s.startswith('error: ')]
    if name in UP_FRONT:
        # Nothing was written: no log, no dumped config, no picture.
        assert not Path(mini_config.work_dir).exists()
    # The check says on stdout what it finds in a split.
    said = line + ''.join(printed.out.split()) if tool is check else line
    assert 'mistaken.py' in said or 'nothing.json' in said
    assert says in said
