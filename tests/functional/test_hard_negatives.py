import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmuldor.functional.hard_negatives import (
    draw_negatives,
    eligible_boxes,
    mining_rng,
    negative_candidates,
    select_hard_negatives,
)
from mmuldor.mining.bank import images_fingerprint


def select(scores, ious, **kwargs):
    kwargs.setdefault('rng', np.random.default_rng(0))
    return select_hard_negatives(
        np.array(scores, dtype=float), np.array(ious, dtype=float), **kwargs
    ).tolist()


def test_with_a_hit_what_scores_above_it_is_mined():
    # Detection 2 is the hit; 0 and 4 score higher, 1 and 3 lower.
    assert select([0.9, 0.2, 0.5, 0.4, 0.6], [0, 0, 0.8, 0.1, 0.3]) == [0, 4]


def test_the_highest_scoring_hit_counts():
    # Hits at 0.8 and 0.3: only what is above 0.8 is mined.
    assert select([0.8, 0.5, 0.3, 0.9], [0.5, 0, 0.9, 0]) == [3]


def test_a_hit_that_leads_leaves_nothing_to_mine():
    assert select([0.95, 0.9, 0.8], [0.4, 0, 0]) == []


def test_without_a_hit_confident_detections_are_mined():
    assert select([0.71, 0.7, 0.1, 0.99], [0.3, 0, 0, 0.2]) == [3, 0]


def test_an_iou_of_exactly_the_threshold_is_no_hit():
    assert select([0.9, 0.6], [0, 0.3]) == [0]
    assert select([0.9, 0.6], [0, 0.3 + 1e-9]) == [0]
    assert select([0.65, 0.6], [0, 0.3]) == []
    assert select([0.65, 0.6], [0, 0.3 + 1e-9]) == [0]


def test_scores_equal_to_the_hit_are_not_higher():
    assert select([0.5, 0.5, 0.6], [0.9, 0, 0]) == [2]


def test_at_most_m_are_drawn():
    scores, ious = np.linspace(0.99, 0.8, 10), np.zeros(10)
    chosen = select(scores, ious)
    assert len(chosen) == 3
    assert chosen == sorted(chosen)
    assert len(select(scores, ious, max_per_image=100)) == 10
    assert select(scores, ious, max_per_image=0) == []


def test_every_candidate_is_drawn_equally_often():
    counts = np.zeros(10)
    for seed in range(2000):
        rng = np.random.default_rng(seed)
        counts[select(np.full(10, 0.9), np.zeros(10), rng=rng)] += 1
    # 600 expected each; binomial standard deviation 20.5.
    assert np.abs(counts - 600).max() < 5 * 20.5


def test_the_draw_is_that_of_the_documented_generator():
    scores = np.array([0.8, 0.99, 0.9, 0.95])
    rng = np.random.default_rng((7, 2, 31))
    order = [1, 3, 2, 0]
    expected = [order[i] for i in sorted(rng.choice(4, 3, replace=False))]
    assert select(scores, np.zeros(4), rng=mining_rng(7, 2, 31)) == expected


class RaisingRng:
    def choice(self, *_, **__):
        raise LookupError('a number was drawn')


def test_the_generator_is_asked_only_where_there_are_more_than_m():
    for count in (0, 2, 3):
        drawn = draw_negatives(count, 3, RaisingRng())
        assert drawn.tolist() == list(range(count))
        assert drawn.dtype == np.int64
    with pytest.raises(LookupError):
        draw_negatives(4, 3, RaisingRng())


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 2**32))
def test_a_draw_takes_m_of_them_in_their_order(count, m, seed):
    drawn = draw_negatives(count, m, np.random.default_rng(seed)).tolist()
    assert len(drawn) == min(count, m)
    assert drawn == sorted(set(drawn))
    assert set(drawn) <= set(range(count))


def test_candidates_are_all_of_e():
    scores, ious = np.linspace(0.71, 0.99, 10), np.zeros(10)
    candidates = negative_candidates(scores, ious)
    assert candidates.tolist() == list(range(9, -1, -1))
    assert candidates.dtype == np.int64
    ious[8] = 0.4
    assert negative_candidates(scores, ious).tolist() == [9]


def test_ineligible_detections_are_never_mined_but_can_be_the_hit():
    eligible = np.array([True, False, True])
    assert select([0.9, 0.8, 0.7], [0, 0, 0.9], eligible=eligible) == [0]
    # 1 is a hit although it is not eligible: 0 only is above it.
    assert select([0.9, 0.8, 0.7], [0, 0.9, 0], eligible=eligible) == [0]


def test_the_draw_is_over_the_eligible_ones():
    eligible = np.array([False, True, True, True, False])
    chosen = select(np.full(5, 0.9), np.zeros(5), eligible=eligible)
    assert chosen == [1, 2, 3]


def test_no_detections():
    assert select([], []) == []


def test_shapes_and_values_are_checked():
    with pytest.raises(ValueError, match=r'`mask_ious` must have shape \(2,'):
        select([0.5, 0.5], [0.1])
    with pytest.raises(ValueError, match='`scores` must be finite'):
        select([np.nan], [0.1])
    with pytest.raises(TypeError, match='`eligible` must be bool'):
        select([0.5], [0.1], eligible=np.array([1]))
    with pytest.raises(ValueError, match='must not be negative'):
        select([0.5], [0.1], max_per_image=-1)


def slow_candidates(scores, ious, eligible):
    """The paper's E, word by word."""
    hits = [i for i in range(len(scores)) if ious[i] > 0.3]
    limit = max((scores[i] for i in hits), default=0.7)
    found = [
        j for j in range(len(scores)) if scores[j] > limit and eligible[j]
    ]
    return sorted(found, key=lambda j: -scores[j])


detection = st.tuples(
    st.sampled_from([0.1, 0.5, 0.7, 0.75, 0.9, 0.95]),
    st.sampled_from([0.0, 0.3, 0.31, 0.9]),
    st.booleans(),
)


@given(st.lists(detection, max_size=12))
@settings(max_examples=300)
def test_selection_is_the_rule_word_by_word(detections):
    scores = np.array([d[0] for d in detections], dtype=float)
    ious = np.array([d[1] for d in detections], dtype=float)
    eligible = np.array([d[2] for d in detections], dtype=bool)
    everything = select(scores, ious, eligible=eligible, max_per_image=99)
    assert everything == slow_candidates(scores, ious, eligible)
    drawn = select(scores, ious, eligible=eligible)
    assert len(drawn) == min(3, len(everything))
    assert set(drawn) <= set(everything)
    assert not any(ious[i] > 0.3 for i in drawn)


def test_eligible_boxes():
    ious = np.array([[0.3, 0.0], [0.0, 0.31], [0.1, 0.1]])
    iods = np.array([[0.4, 0.0], [0.0, 0.5], [0.9, 0.1]])
    assert eligible_boxes(ious).tolist() == [True, False, True]
    assert eligible_boxes(ious, iods, max_iod=0.8).tolist() == [
        True,
        False,
        False,
    ]
    assert eligible_boxes(np.zeros((2, 0))).tolist() == [True, True]


def test_the_fingerprint_depends_on_the_set_alone():
    images = [(1, 'a.png'), (2, 'b.png')]
    assert images_fingerprint(images) == images_fingerprint(images[::-1])
    assert images_fingerprint(images) != images_fingerprint(images[:1])
    assert images_fingerprint(images) != images_fingerprint(
        [(2, 'a.png'), (1, 'b.png')]
    )


def test_a_limit_of_shares_needs_the_shares():
    with pytest.raises(ValueError, match='needs `detection_overlaps`'):
        eligible_boxes(np.zeros((1, 1)), max_iod=0.5)


def test_thresholds_are_arguments():
    # 0.5 is a hit above 0.4 alone, and 0.6 is confident above 0.55 alone.
    scores, ious = [0.9, 0.6, 0.5], [0, 0, 0.4]
    assert select(scores, ious) == [0, 1]
    assert select(scores, ious, hit_iou=0.4) == [0]
    assert select(scores, ious, hit_iou=0.4, min_score=0.55) == [0, 1]
    assert negative_candidates(scores, ious, hit_iou=0.4).tolist() == [0]
    assert negative_candidates(
        scores, ious, hit_iou=0.4, min_score=0.55
    ).tolist() == [0, 1]


def test_many_equal_scores_keep_their_order():
    # NumPy's default sort would not; 16 and fewer it sorts by insertion.
    scores = np.tile([0.8, 0.9], 100)
    found = negative_candidates(scores, np.zeros(200)).tolist()
    assert found == [*range(1, 200, 2), *range(0, 200, 2)]


@pytest.mark.parametrize(
    ('call', 'error', 'message'),
    [
        (
            lambda: negative_candidates([0.5, 0.6], [0.1]),
            ValueError,
            '`mask_ious` must have shape (2,), but got (1,).',
        ),
        (
            lambda: negative_candidates([[0.5]], [0.1]),
            ValueError,
            '`scores` must have shape (n,), but got (1, 1).',
        ),
        (
            lambda: negative_candidates([0.5], [np.inf]),
            ValueError,
            '`mask_ious` must be finite, but holds NaN or inf.',
        ),
        (
            lambda: negative_candidates([0.5], [0.1], eligible=[1]),
            TypeError,
            '`eligible` must be bool, but got int64.',
        ),
        (
            lambda: negative_candidates([0.5], [0.1], eligible=[True] * 2),
            ValueError,
            '`eligible` must have shape (1,), but got (2,).',
        ),
        (
            lambda: draw_negatives(3, -1, RaisingRng()),
            ValueError,
            '`max_per_image` must not be negative, but got -1.',
        ),
        (
            lambda: eligible_boxes(np.zeros((1, 1)), max_iod=0.5),
            ValueError,
            '`max_iod` needs `detection_overlaps`.',
        ),
    ],
)
def test_what_is_wrong_is_said(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_overlaps_at_the_limit_may_be_mined():
    ious, iods = np.array([[0.5], [0.2], [0.2]]), np.array([[0], [0.6], [0.7]])
    assert eligible_boxes(ious, max_iou=0.5).tolist() == [True, True, True]
    assert eligible_boxes(ious, max_iou=0.4).tolist() == [False, True, True]
    assert eligible_boxes(ious, iods, max_iod=0.6).tolist() == [
        False,
        True,
        False,
    ]
