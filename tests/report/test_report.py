"""The whole report on the mini data set."""

import json
from html.parser import HTMLParser

import pytest

from mmuldor.evaluation.ground_truth import load_ground_truth
from mmuldor.evaluation.runs import load_runs
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from mmuldor.mining.bank import BANK_VERSION
from mmuldor.report.build import build_report
from mmuldor.report.page import Picture, Section, build_page
from mmuldor.report.table import html_table, markdown_table
from tests.support.entries import false_positives

HOSTILE = '<script>alert("1")</script>|&\'$x_1$ \\frac'


@pytest.fixture
def inputs(tmp_path, mini_data):
    """One hit among two lesions, an FP, and an FP-class hit."""
    first, second = load_annotations(mini_data / 'test.json')['annotations']
    away = [0.0, 0.0, 6.0, 6.0]
    results = [
        (first, first['bbox'], 0.9, 1),
        (second, away, 0.8, 1),
        (second, second['bbox'], 0.7, 2),
    ]
    path = tmp_path / 'results.json'
    write_json(
        path,
        [
            {
                'image_id': annotation['image_id'],
                'bbox': box,
                'score': score,
                'category_id': category,
            }
            for annotation, box, score, category in results
        ],
    )
    return {
        'out': tmp_path / 'report',
        'ann': mini_data / 'test.json',
        'images': mini_data / 'Images_png',
        'runs': {'plain': path},
    }


@pytest.fixture
def bank_dir(tmp_path):
    for epoch in range(2):
        bank = {
            'version': BANK_VERSION,
            'ann_file': 'train.json',
            'fingerprint': 'f',
            'epoch': epoch,
            'counts': {'images': 6, 'mined': 1 - epoch},
            'images': {},
        }
        if epoch == 0:
            bank['images']['1'] = [
                {
                    'bbox': [2.0, 2.0, 7.0, 7.0],
                    'score': 0.9,
                    'mask_iou': 0.0,
                    'polygons': [[2, 2, 9, 2, 9, 9, 2, 9]],
                }
            ]
        write_json(tmp_path / 'bank' / f'epoch_{epoch:03d}.json', bank)
    return tmp_path / 'bank'


class _Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.files, self.words = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.files |= {v for k, v in found.items() if k in ('href', 'src')}

    def handle_data(self, data):
        self.words.append(data)


def test_all_files_and_figures(inputs, bank_dir, mini_data):
    rows = build_report(
        **inputs,
        with_fp=['plain'],
        train_ann=mini_data / 'train.json',
        bank_dir=bank_dir,
        notes=[('time', '3 minutes')],
    )
    out = inputs['out']
    assert {path.name for path in out.iterdir()} == {
        'table.json', 'table.md', 'index.html', 'froc.png', 'froc.svg',
        'pseudo_masks.png', 'side_by_side.png', 'mined_epoch_000.png',
        'mined_epoch_001.png', 'froc.pdf', 'pseudo_masks.pdf',
        'comparison.json', 'comparison.md',
        'side_by_side.pdf', 'mined_epoch_000.pdf', 'mined_epoch_001.pdf',
    }  # fmt: skip
    assert json.loads((out / 'table.json').read_text()) == rows
    assert [row['name'] for row in rows] == ['plain', 'plain + FP']
    # One of two lesions before the only FP in two images, which is 0.5 an
    # image; the second lesion is hit by the FP class, after all others.
    plain, both = rows
    assert plain['fp_rates'] == [0.5, 1, 2, 4, 5, 8, 16]
    assert plain['sensitivity'] == [0.5] * 7
    assert plain['mean'] == plain['max_sensitivity'] == 0.5
    assert both['sensitivity'] == [1.0] * 7
    assert (both['max_sensitivity'], both['fps_at_max']) == (1.0, 0.5)
    assert plain['counts']['lesions'] == 2
    page = _Links((out / 'index.html').read_text())
    assert page.files == {p.name for p in out.iterdir() if p.suffix == '.png'
                          and p.name != 'froc.png'} | {'froc.svg'}  # fmt: skip
    assert 'script' not in page.tags
    words = ' '.join(page.words)
    assert '3 minutes' in words
    assert 'Round after epoch 2' in words


def test_table_is_markdown_with_two_decimals(inputs):
    path = inputs['runs']['plain']
    results = json.loads(path.read_text())
    images = sorted({result['image_id'] for result in results})
    write_json(path, results + false_positives(images, 9))
    build_report(**inputs)
    lines = (inputs['out'] / 'table.md').read_text().splitlines()
    assert lines[0].split(' | ')[:3] == ['| Method', '0.5', '1']
    assert lines[2].startswith('| plain | 50.00 | 50.00 |')
    assert '2 images, 2 lesions' in lines[4]


def test_the_page_says_how_sure_it_is(inputs):
    inputs['runs']['again'] = inputs['runs']['plain']
    build_report(**inputs)
    page = (inputs['out'] / 'index.html').read_text()
    assert 'Confidence intervals' in page
    assert 'resamples of 2 patients' in page
    # One FP on two images.
    assert 'a curve ends at 0.50 FPs per image.' in page
    path = inputs['runs']['plain']
    results = json.loads(path.read_text())
    images = sorted({result['image_id'] for result in results})
    write_json(path, results + false_positives(images, 9))
    build_report(**inputs)
    page = (inputs['out'] / 'index.html').read_text()
    assert 'again - plain: +0.0 points whatever patients are drawn' in page
    assert 'better than' not in page
    assert 'significant' not in page
    assert 'Only 2 patients: ' in page


def test_odd_results_are_noted(inputs, tmp_path):
    write_json(tmp_path / 'empty.json', [])
    inputs['runs'] = {'none': tmp_path / 'empty.json'}
    rows = build_report(**inputs)
    note = 'the results file is empty: no lesion is found'
    assert rows[0]['notes'] == [note]
    table = (inputs['out'] / 'table.md').read_text()
    assert f'Note on none: {note}.' in table
    end = 'Note on none: the curve ends at 0.00 FPs per image.'
    assert end in table
    page = (inputs['out'] / 'index.html').read_text()
    assert f'<th scope="row">note on none</th><td>{note}</td>' in page


def test_hostile_names_stay_text(inputs):
    inputs['runs'] = {HOSTILE: inputs['runs']['plain']}
    build_report(**inputs, notes=[(HOSTILE, HOSTILE)], title=HOSTILE)
    text = (inputs['out'] / 'index.html').read_text()
    page = _Links(text)
    assert 'script' not in page.tags
    assert page.words.count(HOSTILE) == 5
    row = (inputs['out'] / 'table.md').read_text().splitlines()[2]
    assert row.count('|') - row.count('\\|') == 12


def test_same_input_same_bytes(inputs, tmp_path):
    build_report(**inputs)
    build_report(**{**inputs, 'out': tmp_path / 'again'})
    for path in inputs['out'].iterdir():
        again = tmp_path / 'again' / path.name
        assert path.read_bytes() == again.read_bytes(), path.name


def test_images_that_are_not_there_are_counted(inputs):
    (inputs['images'] / '000201_01_01' / '005.png').unlink()
    rows = build_report(**inputs)
    assert rows[0]['counts']['images'] == 2
    assert 'missing images' in (inputs['out'] / 'index.html').read_text()


def test_no_image_at_all(inputs, tmp_path):
    inputs['images'] = tmp_path / 'nowhere'
    with pytest.raises(FileNotFoundError, match='nowhere has none of them'):
        build_report(**inputs)
    assert not inputs['out'].exists()


@pytest.mark.parametrize(
    ('change', 'error', 'words'),
    [
        ({'runs': {}}, ValueError, 'at least one run'),
        ({'runs': {'a': 'no.json'}}, FileNotFoundError, 'no.json'),
        ({'ann': 'no.json'}, FileNotFoundError, 'no.json'),
        ({'with_fp': ['other']}, ValueError, "got 'other'"),
        ({'truth': 'no.json'}, FileNotFoundError, 'no.json'),
        ({'bank_dir': 'bank'}, ValueError, 'together'),
        ({'train_ann': 'no.json'}, ValueError, 'together'),
    ],
)
def test_wrong_input_writes_nothing(inputs, change, error, words):
    with pytest.raises(error, match=words):
        build_report(**{**inputs, **change})
    assert not inputs['out'].exists()


def test_a_folder_without_banks(inputs, mini_data, tmp_path):
    with pytest.raises(FileNotFoundError, match='epoch_NNN'):
        build_report(
            **inputs, train_ann=mini_data / 'train.json', bank_dir=tmp_path
        )


def test_the_fp_row_needs_a_free_name(inputs):
    truth = load_ground_truth(inputs['ann'])
    path = inputs['runs']['plain']
    runs = {'a': path, 'a + FP': path}
    with pytest.raises(ValueError, match='must be free'):
        load_runs(truth, runs, ['a'])


def _row(name, figure):
    return {
        'name': name,
        'fp_rates': [1, 2],
        'sensitivity': [figure, 0.25],
        'mean': figure,
        'max_sensitivity': figure,
        'fps_at_max': 1.5,
        'fps_at_end': 9.0,
    }


def test_best_figures_are_bold():
    rows = [_row('a', 0.5), _row('b', 0.12345)]
    text = markdown_table(rows).splitlines()
    assert text[2] == (
        '| a | **50.00** | **25.00** | **50.00** | **50.00** | 1.50 |'
    )
    assert text[3] == '| b | 12.35 | **25.00** | 12.35 | 12.35 | 1.50 |'
    assert html_table(rows).count('class="best"') == 5
    assert '**' not in markdown_table(rows[:1])


def test_nothing_is_shown_at_the_end_of_a_curve():
    rows = [_row('a', 0.5), {**_row('b', 0.75), 'fps_at_end': 2.0}]
    text = markdown_table(rows).splitlines()
    # The mean ends at 4 FPs.
    assert text[2] == ('| a | 50.00 | **25.00** | **50.00** | 50.00 | 1.50 |')
    assert text[3] == '| b | **75.00** |  |  | **75.00** | 1.50 |'
    ended = [{**_row(name, 0.5), 'fps_at_end': 0.0} for name in 'ab']
    assert html_table(ended).count('class="best"') == 2


def test_page_without_sections():
    page = build_page('t', 'l', '', Picture('f.svg', '"'), [], [], [])
    assert 'alt="&quot;"' in page
    assert '<section>' not in page


def test_section_keys_are_known():
    section = Section('s', ['a<b'], keys=['mined'])
    page = build_page('t', 'l', '', Picture('f', ''), [], [], [section])
    assert 'a&lt;b' in page
    assert 'mined negative' in page
