import numpy as np
import pytest

from mmuldor.functional.seeds import mixed_seed


def test_a_seed_is_the_first_word_of_numpys_sequence():
    expected = np.random.SeedSequence([3, 1, 4]).generate_state(1)[0]
    assert mixed_seed(3, 1, 4) == int(expected)
    assert 0 <= mixed_seed(3, 1, 4) < 2**32


def test_every_number_and_the_order_count():
    seeds = {
        mixed_seed(*numbers)
        for numbers in ((1, 2), (2, 1), (1, 3), (1,), (1, 2, 1))
    }
    assert len(seeds) == 5


def test_negative_numbers_are_refused():
    with pytest.raises(ValueError, match='non-negative'):
        mixed_seed(-1)
