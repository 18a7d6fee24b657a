"""Comparisons of methods whose outcomes can be counted by hand."""

import numpy as np
import pytest

from mmuldor.evaluation.comparison.compare import compare
from mmuldor.evaluation.comparison.figures import Method
from mmuldor.evaluation.comparison.published import PUBLISHED, select_published
from mmuldor.evaluation.comparison.tables import figure_text, latex, markdown
from tests.evaluation.comparison.outcomes import FEW, IMAGES, compared, outcome


def test_rows_and_their_difference():
    result = compared(a=[outcome(10)], b=[outcome(16, fps_before=20)])
    first, second = result['rows']
    assert first['sensitivity'] == [0.5, 0.5]
    # Sixteen after exactly one FP an image: nothing at 0.5.
    assert second['sensitivity'] == [0.0, 0.8]
    assert (first['mean'], second['mean']) == (0.5, pytest.approx(0.6))
    assert (second['max_sensitivity'], second['fps_at_max']) == (0.8, 1.0)
    low, high = first['interval'][0]
    assert 0.25 <= low < 0.5 < high <= 0.75
    (difference,) = result['differences']
    assert (difference['first'], difference['second']) == ('a', 'b')
    assert difference['sensitivity'] == pytest.approx([-0.5, 0.3])
    low, high = difference['interval'][1]
    assert low < 0.3 < high
    # Six lesions that only b finds: two-sided sign test 2 / 64.
    p_values = difference['p_these_trainings']
    assert p_values[1] == pytest.approx(2 / 64, abs=0.03)
    # One training each: 20 patients, nothing about the methods, no p.
    assert difference['design'] == 'trainings'
    assert difference['df'] == 19
    assert difference['p_value'] is difference['p_holm'] is None


def test_strata_share_the_operating_point():
    result = compared(a=[outcome(10)])
    strata = result['rows'][0]['strata']
    assert strata['first']['sensitivity'] == 1.0
    assert strata['last']['sensitivity'] == 0.0
    assert result['strata'] == {'first': 5, 'last': 5}
    assert 'all' not in strata


def test_an_empty_stratum_is_null():
    nothing = {'none': np.zeros(IMAGES, dtype=bool)}
    result = compare(
        [Method('a', [outcome(3)])], np.arange(IMAGES), nothing, FEW
    )
    assert result['rows'][0]['strata']['none'] == {
        'sensitivity': None,
        'interval': [None, None],
    }


def test_runs_are_averaged():
    result = compared(a=[outcome(8), outcome(12)], b=[outcome(10)])
    first, second = result['rows']
    assert first['runs'] == 2
    assert first['sensitivity'] == second['sensitivity'] == [0.5, 0.5]
    # Seeds add to the spread.
    assert np.ptp(first['interval'][0]) > np.ptp(second['interval'][0])
    (difference,) = result['differences']
    # Two runs cannot be paired with one, nor one stand for a method.
    assert difference['p_these_trainings'] == [None, None]
    assert difference['design'] == 'trainings'


def test_strata_without_an_interval():
    # Of eleven, one is found, then two: ten and nine are missed.
    eleven = {'eleven': np.arange(IMAGES) < 11}
    for found, cell in ((1, '9.1 (0.0-'), (2, '18.2 |')):
        result = compare(
            [Method('a', [outcome(found)])], np.arange(IMAGES), eleven, FEW
        )
        assert f'| eleven | 11 | {cell}' in markdown(result, [])


def test_names_must_differ():
    methods = [Method('a', [outcome(1)]), Method('a', [outcome(2)])]
    with pytest.raises(ValueError, match=r"different names.*\['a', 'a'\]"):
        compare(methods, np.arange(IMAGES), {}, FEW)
    with pytest.raises(ValueError, match=r'got \[\]'):
        compare([], np.arange(IMAGES), {}, FEW)


def test_markdown():
    result = compared(a=[outcome(10)], **{'b|c': [outcome(20)]})
    text = markdown(result, select_published(['vgg16', 'uldor']))
    lines = text.splitlines()
    assert '| Method | 0.5 | 2 | mean 0.5-4 | maximum |' in lines
    assert '(Mask R-CNN + HNEM) (2019) | 52.86 | 74.84 | 69.22 |  |' in text
    row = next(line for line in lines if line.startswith('| a '))
    assert row.startswith('| a | 50.0 (')
    assert '| b\\|c | 100.0 (100.0-100.0) |' in text
    assert row.endswith('| 50.0 at 0.0 |')
    assert '| b\\|c - a (these trainings) | +50.0 (' in text
    # None was named beforehand.
    assert ', p ' not in text
    assert 'No comparison was named beforehand, so none is tested.' in text
    # Fewer than ten of five lesions are missed.
    assert '| first | 5 | 100.0 | 100.0 |' in text
    assert 'where fewer than 10 lesions are missed:' in text
    assert 'ULDor paper, Table 1' in text


def test_a_note_replaces_the_caveat_of_published_rows():
    result = compared(a=[outcome(10)])
    left_out = markdown(result, [], 'Left out.')
    assert left_out.endswith('\n\nLeft out.\n')
    shown = markdown(result, select_published(['uldor']), 'Other images.')
    assert 'Other images. ULDor (Mask R-CNN + HNEM) (2019): README' in shown
    assert 'comparable only with rows of the same images' not in shown


def test_blank_cells_of_published_rows():
    result = compared(a=[outcome(10, fps_before=60)])
    # At 0.5 and 2 ULDor has both, Yan et al. have 5 FPs alone.
    whole, gaps = (
        markdown(result, select_published([key])) for key in ('uldor', 'vgg16')
    )
    assert 'not published' not in whole
    assert (
        'of the same images. Blanks in them were not published. Fast' in gaps
    )


def test_latex():
    result = compared(**{'50 % & more_': [outcome(10)], '[b|': [outcome(1)]})
    text = latex(result, select_published(['uldor']), 'Of other images.')
    lines = text.splitlines()
    assert lines[0] == '\\begin{tabular}{lccc}'
    head = ' & \\multicolumn{3}{c}{Sensitivity in \\% at FPs per image} \\\\'
    assert lines[2:4] == [head, 'Method & 0.5 & 2 & mean 0.5-4 \\\\']
    # The literature stands above a rule.
    assert [i for i, x in enumerate(lines) if x == '\\midrule'] == [4, 6]
    assert '50 \\% \\& more\\_ & 50.0 (' in text
    # Not the argument of the line break before it.
    assert lines[8].startswith('{[}b$|$ & 5.0 (')
    assert lines[9] == '\\bottomrule'
    assert lines[-1] == '\\end{tabular}'
    notes = lines[10:-1]
    start, end = '\\multicolumn{4}{l}{\\footnotesize ', '} \\\\'
    assert all(x.startswith(start) and x.endswith(end) for x in notes)
    said = ' '.join(x[len(start) : -len(end)] for x in notes)
    assert said == (
        'Sensitivity in \\% at false positives (FPs) per image, 95 \\% '
        'intervals: 200 resamples of 20 patients (20 images, 20 lesions). '
        'Of other images. ULDor (Mask R-CNN + HNEM) (2019): README of '
        'urmagicsmine/MVP-Net; @5 from the ULDor paper.'
    )


def test_latex_of_signs_that_formulas_alone_have():
    """What this writes was compiled by pdfTeX of TeX Live 2022."""
    name = 'focal \N{GREEK SMALL LETTER GAMMA}=2, λ → 1 & β_2 ≥ 50 %'
    text = latex(compared(**{name: [outcome(10)]}), [])
    assert (
        r'focal \ensuremath{\gamma}=2, \ensuremath{\lambda} '
        r'\ensuremath{\rightarrow} 1 \& \ensuremath{\beta}\_2 '
        r'\ensuremath{\geq} 50 \%'
    ) in text


def test_latex_without_published_rows():
    text = latex(compared(a=[outcome(10)]), [], 'Published rows left out.')
    assert text.count('\\midrule') == 1
    assert 'resamples of 20 patients' in text
    # Of what is not there nothing must be said in a paper.
    assert 'left out' not in text


def test_intervals_look_the_same_in_markdown_and_latex():
    result = compared(a=[outcome(10)], b=[outcome(16, fps_before=20)])
    row = next(x for x in markdown(result, []).splitlines() if '| a ' in x)
    cells = [cell.strip() for cell in row.split('|')[1:-2]]
    assert ' & '.join(cells) + ' \\\\' in latex(result, []).splitlines()
    assert figure_text(0.5, [0.25, 0.75]) == '50.0 (25.0-75.0)'
    assert figure_text(0.5, [None, 0.75]) == '50.0'


def test_published_rows():
    assert PUBLISHED['uldor'].percent[5.0] == 86.21
    assert PUBLISHED['3dce-rerun'].percent[16.0] == 89.62
    assert select_published(['none']) == []
    assert len(select_published(['all'])) == 13
    twice = select_published(['uldor', 'vgg16', 'uldor'])
    assert [row.key for row in twice] == ['uldor', 'vgg16']
    with pytest.raises(
        ValueError, match=r'none must be the only .*none uldor'
    ):
        select_published(['none', 'uldor'])
    with pytest.raises(ValueError, match=r"one of vgg16.*got 'yolo'"):
        select_published(['yolo'])


@pytest.mark.parametrize(
    'row', select_published(['all']), ids=lambda row: row.key
)
def test_published_means_are_those_of_their_points(row):
    points = [row.percent.get(rate) for rate in (0.5, 1.0, 2.0, 4.0)]
    if None not in points:
        # To the rounding of what was published.
        assert np.mean(points) == pytest.approx(row.mean, abs=0.051)
