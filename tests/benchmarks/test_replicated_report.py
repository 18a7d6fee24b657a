"""Figures, tests and tables of the replicated study, from made results."""

import numpy as np
import pytest

from benchmarks.replicates.plan import replicate, with_confusers
from benchmarks.replicates.report import write_report
from benchmarks.replicates.results import (
    differences,
    load_replicates,
    tail,
)
from benchmarks.study.outcomes import save_outcomes
from mmuldor.evaluation.comparison.inference import holm, paired_t
from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.io.json_files import write_json

IMAGES, LESIONS = 10, 20
UNITS = [replicate(number) for number in range(3)]


def ranked(found, num_fps=100):
    """Every other rank of a list is an FP; lesion i is hit at rank 2 i + 1.

    The FP rates 0.5, 1, 2 and 4 are 5, 10, 20 and 40 FPs.
    """
    steps = 2 * np.arange(LESIONS) + 1
    num_steps = 2 * num_fps
    return RankedDetections(
        np.arange(num_fps) % IMAGES,
        2 * np.arange(num_fps),
        np.arange(LESIONS) % IMAGES,
        np.where(np.arange(LESIONS) < found, steps, num_steps),
        num_steps,
    )


def write_replicate(folder, unit, found, tails=None):
    """Results where each arm finds a number of lesions."""
    unit = replicate(unit) if isinstance(unit, int) else unit
    for piece in unit.pieces:
        arm = (piece.method, piece.missing)
        outcomes = {'lesion': ranked(found[arm])}
        if piece.start is not None:
            outcomes['cut_with_fp'] = (tails or {}).get(
                arm, ranked(found[arm])
            )
        path = folder / unit.name / f'{piece.name}.json'
        save_outcomes(path.with_suffix('.npz'), outcomes)
        counts = {'mined': 8, 'real': 2, 'spared': 0, 'real_spared': 0}
        record = {
            'method': piece.method,
            'missing': piece.missing,
            'mined': {'initial': counts} if piece.method == 'hnem' else {},
            'figures': {'lesion': {'counts': {'images': IMAGES}}},
        }
        write_json(path, record)


FOUND = {
    ('mask', 0): 10, ('sham', 0): 12, ('hnem', 0): 16, ('without_mask', 0): 6,
    ('mask', 50): 10, ('sham', 50): 10, ('hnem', 50): 8,
}  # fmt: skip


def test_mean_of_a_made_list(tmp_path):
    write_replicate(tmp_path, 0, FOUND)
    (made,) = load_replicates(tmp_path, UNITS)
    # Five lesions at 5 FPs, all ten that are found at 10, 20 and 40 FPs.
    sensitivity = made.sensitivity(('mask', 0), (0.5, 1, 2, 4))
    np.testing.assert_allclose(sensitivity[:-1], [0.25, 0.5, 0.5, 0.5])
    assert sensitivity[-1] == pytest.approx((0.25 + 3 * 0.5) / 4)


def test_an_unfinished_replicate_is_left_out(tmp_path):
    write_replicate(tmp_path, 0, FOUND)
    write_replicate(tmp_path, 1, FOUND)
    next((tmp_path / 'replicate-01').glob('sham_missing-50*.json')).unlink()
    found = load_replicates(tmp_path, map(replicate, range(3)))
    assert [r.name for r in found] == ['replicate-00']


def test_the_tail_ends_where_the_shortest_list_ends(tmp_path):
    # The FP class goes on below the cut, finds all lesions, and ends at 6 FPs
    # per image; the others end at 10.
    tails = {('hnem', 0): ranked(LESIONS, 60)}
    write_replicate(tmp_path, 0, {**FOUND, ('sham', 0): 14}, tails)
    (made,) = load_replicates(tmp_path, UNITS)
    found = tail(made, 0)
    assert found.end == 6
    assert found.classed == 1
    assert found.hnem == found.hnem_cut == pytest.approx(16 / 20)
    assert found.sham == found.sham_cut == pytest.approx(14 / 20)


@pytest.fixture
def finished(tmp_path):
    """Three replicates; HNEM finds 1, 2 and 3 lesions more than its sham."""
    for number in range(3):
        found = {
            **FOUND,
            ('hnem', 0): 13 + number,
            ('hnem', 50): 9 - 2 * (number == 1),
        }
        write_replicate(tmp_path / 'results', number, found)
    return tmp_path


def test_differences_are_paired(finished):
    replicates = load_replicates(finished / 'results', UNITS)
    found = differences(replicates, ('sham', 0), ('hnem', 0))
    # Lesions 13 to 15 are found below 20 FPs, of four rates two are above.
    np.testing.assert_allclose(found, np.array([1, 2, 3]) / LESIONS / 2)


def test_no_figure_before_the_study_has_ended(finished):
    out = finished / 'study.md'
    write_report(finished / 'results', out, replicates=4)
    text = out.read_text()
    assert '21 of 28 trainings are done, 3 replicates are complete' in text
    assert 'points' not in text.partition('## Results')[2]
    assert not (finished / 'study').exists()


def test_the_report_states_the_tests_of_the_claims(finished):
    out = finished / 'study.md'
    write_report(finished / 'results', out, replicates=3)
    text = out.read_text()
    replicates = load_replicates(finished / 'results', UNITS)
    estimates = [
        paired_t(differences(replicates, *pair))
        for pair in (
            (('without_mask', 0), ('mask', 0)),
            (('sham', 0), ('hnem', 0)),
            (('sham', 50), ('hnem', 50)),
        )
    ]
    p = [float(e.p_value) for e in estimates]
    # The same difference in all three replicates has no standard error.
    assert np.isnan(p[0])
    row = '| mask - w/o mask | +15.0 | +15.0 to +15.0 | none | none |'
    assert f'{row} not shown |' in text
    # sd 1, so that t = 2 sqrt(3) with two degrees of freedom.
    assert p[1] == pytest.approx(0.0742, abs=1e-4)
    line = next(t for t in text.split('\n') if t.startswith('| HNEM - sham |'))
    assert f'| +5.0 | -1.2 to +11.2 | 0.074 | {holm(p)[1]:.3f} |' in line
    assert line.endswith('| not shown |')
    assert text.count('| verdict') == 1
    assert '| Mask R-CNN + HNEM | 50 % | before training | 8 | 25 % |' in text
    for name in ('claims', 'froc-0', 'froc-50'):
        assert (finished / f'study/{name}.png').stat().st_size > 10_000


@pytest.mark.parametrize(
    ('sham', 'p_value', 'verdict'),
    [
        # t = 8.75, two degrees of freedom; Holm's p is three times as large.
        ((4, 5, 4), '0.013 | 0.038', 'finds more'),
        # t = 4.57.
        ((4, 6, 4), '0.045 | 0.134', 'not shown'),
    ],
)
def test_a_verdict_needs_holms_p(finished, sham, p_value, verdict):
    for number, count in enumerate(sham):
        found = {**FOUND, ('hnem', 0): 8, ('sham', 0): count}
        write_replicate(finished / 'results', number, found)
    write_report(finished / 'results', finished / 's.md', replicates=3)
    lines = (finished / 's.md').read_text().split('\n')
    (line,) = (t for t in lines if t.startswith('| HNEM - sham |'))
    assert line.endswith(f'| {p_value} | {verdict} |')


def test_confusers_come_last_and_only_when_all_are_there(finished):
    results, out = finished / 'results', finished / 's.md'
    for number in range(2):
        for count in (0, 10):
            found = {**FOUND, ('sham', 0): 10, ('hnem', 0): 10 + 2 * number}
            if count == 10:
                write_report(results, out, replicates=3)
                text = out.read_text().partition('### Other numbers')[2]
                assert 'Not finished yet' in text
                assert '|' not in text
                found['hnem', 0] = 10 + 2 * (1 - number) + count // 5
            write_replicate(results, with_confusers(count, number), found)
    write_report(results, out, replicates=3)
    text = out.read_text().partition('### Other numbers')[2]
    # From the 10th lesion on, two count at two of four rates: half of
    # 0 and 2 (4 and 2) of 20 lesions.
    assert '| 3 to 6 | 3 |' in text
    assert '| 0 | 2 | 43.8 | 46.2 | +2.5 |' in text
    assert '| 10 | 2 | 43.8 | 51.2 | +7.5 |' in text
