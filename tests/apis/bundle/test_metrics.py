"""Figures of the card, out of what the tools really write."""

import shlex

import pytest
from mmengine.runner import CheckpointLoader

from mmuldor.apis.bundle.metrics import metrics_of
from mmuldor.io.json_files import write_json
from mmuldor.upstream.checkpoint_loaders import unsafe_checkpoints
from tests.evaluation.comparison.outcomes import compared, outcome
from tools import infer, publish_model, report


def test_a_row_of_a_comparison(tmp_path):
    path = tmp_path / 'comparison.json'
    both = compared(a=[outcome(10)], b=[outcome(16, fps_before=20)])
    write_json(path, both)
    found = metrics_of(path, 'a')
    low, high = both['rows'][0]['interval'][0]
    # Ten of twenty lesions before the first FP.
    assert found['sensitivity at 0.5 FPs per image'] == (
        f'50.00 % ({100 * low:.2f} to {100 * high:.2f})'
    )
    assert found['tested on'] == '20 images, 20 lesions, 20 patients'
    for row in (None, 'c'):
        with pytest.raises(ValueError, match=r'comparison\.json.*`--row` mus'):
            metrics_of(path, row)
    write_json(path, {**both, 'rows': both['rows'][:1]})
    assert metrics_of(path) == found


@pytest.mark.parametrize(
    ('key', 'value'),
    [('rows', [{}]), ('rows', None), ('images', '20'), ('settings', {})],
)
def test_no_comparison(tmp_path, key, value):
    path = tmp_path / 'comparison.json'
    write_json(path, {**compared(a=[outcome(10)]), key: value})
    with pytest.raises(ValueError, match=r'comparison\.json must be what'):
        metrics_of(path)


FROC = {
    'fp_rates': [0.5, 2, 4, 16],
    'sensitivity': [0.5, 0.7, 0.8, 0.8],
    'fps_at_end': 4.0,
    'counts': {'images': 10, 'lesions': 20},
}


def test_a_card_has_no_values_from_beyond_the_end_of_a_curve(tmp_path):
    path = tmp_path / 'froc.json'
    write_json(path, FROC)
    found = metrics_of(path)
    assert [key for key in found if key.startswith('sensitivity')] == [
        'sensitivity at 0.5 FPs per image',
        'sensitivity at 2 FPs per image',
    ]
    assert found['tested on'] == '10 images, 20 lesions'


def test_a_row_of_what_has_none(tmp_path):
    path = tmp_path / 'froc.json'
    write_json(path, FROC)
    for file, where in ((None, 'without'), (path, r'with .*froc\.json')):
        with pytest.raises(ValueError, match=f"but got 'a' {where}. Leave"):
            metrics_of(file, 'a')


def test_results_are_no_evaluation(tmp_path):
    path = tmp_path / 'results.json'
    write_json(path, [])
    with pytest.raises(ValueError, match='but is a list'):
        metrics_of(path)
    write_json(path, {'images': []})
    with pytest.raises(ValueError, match="but 'fp_rates' is missing"):
        metrics_of(path)


@pytest.mark.parametrize('end', [None, '4'])
def test_a_curve_without_an_end(tmp_path, end):
    path = tmp_path / 'froc.json'
    write_json(path, {**FROC, 'fps_at_end': end})
    with pytest.raises(ValueError, match=r'froc\.json.*`fps_at_end`.*again'):
        metrics_of(path)


def words_of(root, tool):
    """The last command of the demo that runs a tool."""
    text = (root / 'tools/demo.sh').read_text().replace('\\\n', ' ')
    lines = [line for line in text.splitlines() if f'tools/{tool}' in line]
    return shlex.split(lines[-1])[2:]


def test_the_demo_ends_with_its_bundle(root):
    published = publish_model.parse_args(words_of(root, 'publish_model.py'))
    reported = report.parse_args(words_of(root, 'report.py'))
    assert (root / published.config).is_file()
    assert published.froc == f'{reported.out}/comparison.json'
    names = [run.partition('=')[0] for run in reported.run]
    assert published.row in names
    found = infer.parse_args(words_of(root, 'infer.py'))
    assert (found.model, found.config) == ('$model', None)


@pytest.mark.parametrize('allowed', [False, True])
def test_a_bundle_may_start_a_training(bundle, allowed):
    with unsafe_checkpoints(allowed):
        loaded = CheckpointLoader.load_checkpoint(str(bundle))
    assert loaded['meta'] == {}
    assert 'backbone.conv1.weight' in loaded['state_dict']
