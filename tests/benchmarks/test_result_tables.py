"""The numbers of README.md and configs/*/ come from one place."""

import json
import re

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
    between_marks,
    read_demo,
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


def test_text_beside_the_marks_stays():
    text = f'before\n{BEGIN}\nold\n{END}\nafter\n'
    assert between_marks(text, 'new', 'x') == (
        f'before\n{BEGIN}\n\nnew\n\n{END}\nafter\n'
    )
    with pytest.raises(ValueError, match=r'x\.md must hold'):
        between_marks('no marks', 'new', 'x.md')
