"""The numbers of README.md and configs/*/ come from one place."""

import json
import re
from pathlib import Path

import pytest
import yaml

from benchmarks import result_tables
from benchmarks.result_tables import (
    BEGIN,
    DEMO,
    DEMO_RUNS,
    END,
    RATES,
    ROOT,
    _same_config,
    between_marks,
    metafile,
    read_demo,
    trained,
    written,
)


def test_every_file_is_as_it_would_be_written():
    for path, text in written().items():
        assert path.read_text() == text, (
            f'{path.relative_to(ROOT)}: run '
            '`python benchmarks/result_tables.py`'
        )


def cells(text, name):
    """The row between the marks that begins with a name."""
    text = text.partition(BEGIN)[2].partition(END)[0]
    first = f' {re.escape(name)} ' if name else ' '
    (row,) = re.findall(rf'(?m)^\|{first}\| (.*) \|$', text)
    return row.split(' | ')


@pytest.mark.parametrize('name', DEMO_RUNS)
def test_readme_config_folder_and_metafile_agree(name):
    config, _ = DEMO_RUNS[name]
    (path,) = (ROOT / 'configs').glob(f'*/{config}.py')
    readme = cells((ROOT / 'README.md').read_text(), name)
    head = cells((ROOT / 'README.md').read_text(), '')
    of_rate = dict(zip(head, readme, strict=True))
    folder = cells(path.with_name('README.md').read_text(), config)
    assert folder[1:7] == [of_rate[f'{rate:g}'] for rate in RATES]
    assert folder[7] == of_rate['mean 0.5-4']
    models = yaml.safe_load(path.with_name('metafile.yml').read_text())
    (model,) = (m for m in models['Models'] if m['Name'] == config)
    metrics = model['Results'][0]['Metrics']
    # Rounded to two digits there and to one here.
    found = [float(cell) for cell in folder[1:7]]
    assert list(metrics.values()) == pytest.approx(found, abs=0.0551)
    assert list(metrics) == [f'sens@{rate:g}' for rate in RATES]


def test_a_demo_is_read_and_written(tmp_path, monkeypatch):
    source = json.loads(DEMO.read_text())
    (tmp_path / 'report').mkdir()
    rows = [dict(row, max_sensitivity=1) for row in source['rows']]
    rows[1]['sensitivity'][0] = 0.125
    (tmp_path / 'report/table.json').write_text(json.dumps(rows))
    for number, (_, run) in enumerate(DEMO_RUNS.values()):
        (tmp_path / run).mkdir()
        (tmp_path / run / 'seconds').write_text(f'{60 * number}\n')
    demo = read_demo(tmp_path)
    assert demo['rows'][1]['sensitivity'][0] == 0.125
    assert 'max_sensitivity' not in demo['rows'][1]
    copy = tmp_path / 'demo.json'
    copy.write_text(json.dumps(demo))
    monkeypatch.setattr(result_tables, 'DEMO', copy)
    files = written()
    folder = ROOT / 'configs/mask_rcnn'
    config, _ = DEMO_RUNS['Mask R-CNN']
    assert cells(files[ROOT / 'README.md'], 'Mask R-CNN')[0] == '12.5'
    row = cells(files[folder / 'README.md'], config)
    assert row[1] == '12.5'
    assert row[-1] == '1.0 min on one CPU core'
    assert 'sens@0.5: 12.50\n' in files[folder / 'metafile.yml']
    assert 'Training Time: 1.0 min' in files[folder / 'metafile.yml']


def recorded():
    """Configs that a study has trained, by the records of trainings."""
    paths = (ROOT / 'benchmarks/results').glob('*-study/**/*seed-*.json')
    found = {json.loads(path.read_text())['config'] for path in paths}
    # A combination that is nothing but the recommended recipe.
    found.add(
        'configs/recommended/recommended_densenet_fpn_3slices-5e_phantom'
    )
    return {
        Path(config).stem for config in found if config.startswith('configs')
    }


def test_no_config_with_a_record_is_said_not_to_have_run():
    trained = recorded()
    assert len(trained) > 20
    named = set()
    for path in (ROOT / 'configs').glob('*/metafile.yml'):
        text = path.with_name('README.md').read_text()
        (missing,) = re.findall(r'Trainings not run so far: (.*)', text)
        assert not trained & set(re.findall('`([^`]+)`', missing))
        for line in re.findall(r'Trained in the \[.*', text):
            named |= set(re.findall('`([^`]+)`', line))
        for model in yaml.safe_load(path.read_text())['Models']:
            (result,) = model['Results']
            was_run = result['Metrics'] != 'not run'
            assert was_run == (model['Name'] in trained), model['Name']
            assert was_run == (model['Metadata']['Training Time'] != 'not run')
    assert named <= trained


def test_a_new_record_moves_a_config(monkeypatch):
    """Into the list of its study, with its page in the metafile."""
    config = 'configs/detectors/retinanet_r18_fpn_5e_phantom.py'
    name, folder = Path(config).stem, ROOT / 'configs/detectors'
    before = (folder / 'metafile.yml').read_text()
    elsewhere = {**trained(), name: 'recipe study'}
    monkeypatch.setattr(result_tables, 'trained', lambda: elsewhere)
    files = written()
    readme = files[folder / 'README.md']
    (line,) = re.findall(r'Trained in the \[recipe study\].*', readme)
    assert f'`{name}`' in line
    assert f'`{name}`' not in readme.partition('not run so far')[2]
    after = files[folder / 'metafile.yml']
    assert after.count('Metrics: see') == before.count('Metrics: see') + 1
    # And back, where a record is gone.
    assert metafile(after, {}, trained()) == before


def test_a_file_of_nothing_but_a_base_is_that_config(tmp_path):
    other = tmp_path / 'a.py'
    other.write_text("# Why.\n_base_ = './b.py'\n")
    assert _same_config(other) == tmp_path / 'b.py'
    other.write_text("_base_ = './b.py'\nx = 1\n")
    assert _same_config(other) == other
    assert _same_config(tmp_path / 'gone.py') == tmp_path / 'gone.py'


def test_text_beside_the_marks_stays():
    text = f'before\n{BEGIN}\nold\n{END}\nafter\n'
    assert between_marks(text, 'new', 'x') == (
        f'before\n{BEGIN}\n\nnew\n\n{END}\nafter\n'
    )
    with pytest.raises(ValueError, match=r'x\.md must hold'):
        between_marks('no marks', 'new', 'x.md')
