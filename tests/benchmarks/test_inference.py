"""The simulation of tests of methods, small, and its stored result."""

import numpy as np
import pytest

from benchmarks.inference.components import Components, chosen
from benchmarks.inference.page import (
    LEAST,
    LIMIT,
    page_text,
    share_of_residuals,
)
from benchmarks.inference.simulation import (
    error_rates,
    holm_rate,
    p_values,
)
from benchmarks.timing import RESULTS
from mmuldor.io.json_files import read_json

RESULT = RESULTS / 'method-inference.json'


def test_the_page_is_that_of_the_result():
    page = RESULTS.parent / 'method-inference.md'
    assert page.read_text() == page_text(read_json(RESULT))


def test_the_stored_error_rates():
    found = read_json(RESULT)
    cells = found['cells']
    assert {cell['seeds'] for cell in cells} == {2, 3, 5, 10}
    assert {cell['patients'] for cell in cells} == {30, 93, 309}
    assert len(cells) == 12 * len(found['components'])
    by_name = {c['name']: c for c in found['components']}
    for cell in cells:
        assert cell['readers'] <= LIMIT
        share = share_of_residuals(
            by_name[cell['components']], cell['patients'], 309
        )
        if cell['seeds'] >= 5 and share <= 1 / 3:
            assert cell['readers'] >= LEAST
    readme = ' '.join((RESULTS.parent / 'README.md').read_text().split())
    for test in ('readers', 'bootstrap', 'permutation'):
        assert f'{100 * max(c[test] for c in cells):.1f} %' in readme
    # What was used before errs far more often.
    assert max(cell['bootstrap'] for cell in cells) > 0.2
    assert max(cell['permutation'] for cell in cells) > 0.5


def test_the_stored_rates_of_families():
    found = read_json(RESULT)['families']
    assert found['rates'].keys() == {'2', '3', '5', '10'}
    assert max(found['rates'][seeds] for seeds in ('2', '5', '10')) <= LIMIT


def test_families_of_two_seeds_err_no_more_than_they_should():
    """With degrees of freedom that hold at 5 % alone, 8 % of them did."""
    components = Components('', 4.5, 1.0, 0.3)
    rate = holm_rate(components, 309, 2, np.array([2, 3]), 1000, 0)
    assert 0.02 < rate <= 0.065


def test_a_small_simulation():
    few = error_rates(
        Components('', 3.0, 1.0, 0.3), 309, 3, np.array([2, 3]), 400, 0
    )
    assert few['readers'] <= 0.10
    assert few['hillis'] == few['readers']
    assert few['bootstrap'] > 0.12
    assert few['permutation'] > 0.3


def test_each_test_sees_a_large_difference():
    rng = np.random.default_rng(0)
    sums = 5 + rng.standard_normal((4, 40, 3))
    weights = rng.multinomial(40, np.full(40, 1 / 40), 50)
    found = p_values(sums.mean(axis=1), weights @ sums / 40, sums, rng)
    assert set(found) == {'readers', 'hillis', 'bootstrap', 'permutation'}
    assert all((p <= 0.05).all() for p in found.values())


def test_shares_of_residuals():
    parts = {'seeds': 1.0, 'patients': 1.0, 'both': 2.0}
    assert share_of_residuals(parts, 309, 309) == pytest.approx(4 / 6)
    # A third of the patients: 12 of 1 + 3 + 12.
    assert share_of_residuals(parts, 103, 309) == pytest.approx(12 / 16)


def test_components_are_pooled_by_their_degrees_of_freedom():
    measured = read_json(RESULT)['measured']
    differences = measured[:15]
    df = [entry['runs'] - 1 for entry in differences]
    pooled = next(chosen(measured))
    expected = np.average([e['seeds'] for e in differences], weights=df)
    assert pooled.seeds == pytest.approx(expected**0.5, abs=0.005)
