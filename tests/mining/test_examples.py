"""Mining an image on plain arrays: no detector, no framework."""

import numpy as np
import pytest

from mmuldor.functional.recist import PseudoMask
from mmuldor.mining.examples import mine_image, mine_together
from mmuldor.mining.rule import MiningRule

SIZE = (40, 60)
NO_BOXES = np.zeros((0, 4))


class Found:
    """Detections whose masks fill their boxes."""

    size = SIZE

    def __init__(self, *detections):
        self.scores = np.array([score for score, *_ in detections])
        boxes = [box for _, *box in detections]
        self.boxes = np.array(boxes, dtype=float).reshape(-1, 4)
        self.computed = []

    def touching(self, references):
        """Every box may touch a lesion."""
        return np.full(len(self.boxes), len(references) > 0)

    def masks(self, indices):
        self.computed += [int(index) for index in indices]
        masks = np.zeros((len(indices), *SIZE), dtype=bool)
        for mask, index in zip(masks, indices, strict=True):
            x1, y1, x2, y2 = self.boxes[index].astype(int)
            mask[y1 : y2 + 1, x1 : x2 + 1] = True
        return masks


def image(*lesions):
    """An item with lesions whose diameters span boxes `x1 y1 x2 y2`."""
    return {
        'img_id': 7,
        'instances': [
            {
                'bbox': [v + 0.5 for v in (x1, y1, x2, y2)],
                'bbox_label': 0,
                'recist_px': [
                    v + 0.5 for v in (x1, y1, x2, y2, x1, y2, x2, y1)
                ],
            }
            for x1, y1, x2, y2 in lesions
        ],
    }


def mine(found, info, excluded_boxes=NO_BOXES, **rule):
    step = mine_image(
        *(found, info, 'quadrilateral', MiningRule(**rule), 0),
        np.array(excluded_boxes, dtype=float),
    )
    (mined,) = mine_together([step], lambda wanted: [found.masks(wanted[0])])
    return mined


LESION = (10, 10, 19, 19)
ON_LESION = (0.8, 10, 10, 19, 19)
FAR = (0.9, 40, 20, 49, 29)
FAINT = (0.3, 40, 5, 49, 9)


def test_what_scores_above_the_hit_is_mined():
    found = Found(FAR, ON_LESION, FAINT)
    mined = mine(found, image(LESION))
    (example,) = mined['examples']
    assert example['bbox'] == [40, 20, 9, 9]
    assert example['score'] == 0.9
    assert example['mask_iou'] == 0
    xs, ys = example['polygons'][0][0::2], example['polygons'][0][1::2]
    assert (min(xs), max(xs)) == pytest.approx((40, 49), abs=0.5)
    assert (min(ys), max(ys)) == pytest.approx((20, 29), abs=0.5)
    assert mined['hit_score'] == 0.8
    assert (mined['skipped'], mined['excluded']) == (0, 0)


def test_an_image_without_lesions_yields_what_is_confident():
    found = Found(FAR, FAINT)
    mined = mine(found, image())
    assert [e['score'] for e in mined['examples']] == [0.9]
    assert mined['hit_score'] is None
    # No lesion, no S2: the mask of what is mined is the only one.
    assert found.computed == [0]


def test_boxes_on_a_lesion_or_an_excluded_one_are_counted_not_mined():
    found = Found(FAR, (0.85, 10, 10, 19, 19))
    # S2 above 1 is never reached, so nothing is a hit.
    info = image(LESION)
    mined = mine(found, info, hit_iou=1.0)
    assert [e['score'] for e in mined['examples']] == [0.9]
    assert (mined['skipped'], mined['excluded']) == (1, 0)
    mined = mine(found, info, [FAR[1:]], hit_iou=1.0)
    assert mined['examples'] == []
    assert (mined['skipped'], mined['excluded']) == (1, 1)


def test_nothing_is_mined_in_an_ignored_region():
    inside, partly = (0.9, 40, 20, 49, 29), (0.85, 46, 35, 55, 38)
    found = Found(inside, partly, ON_LESION)
    info = image(LESION)
    (crowd,) = image((38, 18, 48, 36))['instances']
    info['instances'].append({**crowd, 'ignore_flag': 1, 'crowd': True})
    # However much a rule lets boxes overlap lesions.
    mined = mine(found, info, max_iou=2.0)
    # 2 of 10 columns and 1 of 3 rows of the second box lie in the region:
    # edge to edge (48 - 46) (36 - 35) of 9 x 3 px, 0.07 of its area.
    assert [e['score'] for e in mined['examples']] == [0.85]
    assert mined['skipped'] == 1
    # A region is no lesion: no detection there sets the score to beat.
    assert mined['hit_score'] == 0.8
    assert mine(Found(inside), info, min_score=0.5)['hit_score'] is None


def test_masks_below_the_best_hit_are_computed_for_rules_that_ask():
    class EveryMask(MiningRule):
        every_mask_iou = True

        def candidates(self, found, mask_ious):
            self.seen.append(mask_ious)
            return super().candidates(found, mask_ious)

        seen = []

    # A hit among the first four; six more that score lower.
    low = [(0.1 - n / 100, 10, 10, 19, 19 - n) for n in range(6)]
    detections = [FAR, (0.85, *LESION), FAINT, (0.2, 0, 0, 3, 3), *low]
    found = Found(*detections)
    info = image(LESION)
    steps = [
        mine_image(found, info, 'quadrilateral', rule, 0, NO_BOXES)
        for rule in (MiningRule(), EveryMask())
    ]
    few, every = mine_together(
        steps, lambda wanted: [found.masks(part) for part in wanted]
    )
    assert few == every
    (overlaps,) = EveryMask.seen
    assert (overlaps[4:] > 0.4).all()
    found.computed.clear()
    mine(found, info)
    assert set(found.computed) == {0, 1, 2, 3}


def test_images_of_a_batch_share_passes():
    calls = []
    founds = [Found(FAR, FAINT), Found(), Found(FAR, ON_LESION)]
    infos = [image(), image(LESION), image(LESION)]
    steps = [
        mine_image(found, info, 'quadrilateral', MiningRule(), 0, NO_BOXES)
        for found, info in zip(founds, infos, strict=True)
    ]

    def masks_of(wanted):
        calls.append([len(part) for part in wanted])
        return [
            found.masks(part)
            for found, part in zip(founds, wanted, strict=True)
        ]

    mined = mine_together(steps, masks_of)
    assert [len(part['examples']) for part in mined] == [1, 0, 1]
    # S2 of the third image and what the first one mines; then the third's.
    assert calls == [[1, 0, 2], [0, 0, 1]]


def test_a_mask_without_a_pixel_leaves_the_box_centres():
    found = Found((0.9, 20, 10, 30, 14))
    step = mine_image(
        found, image(), 'quadrilateral', MiningRule(), 0, NO_BOXES
    )
    (mined,) = mine_together(
        [step], lambda wanted: [np.zeros((len(wanted[0]), *SIZE), bool)]
    )
    ((polygon,),) = [e['polygons'] for e in mined['examples']]
    assert np.mean(polygon[0::2]) == 25
    assert np.mean(polygon[1::2]) == 12


def test_hits_are_counted_on_the_masks_of_the_training():
    """A lesion's box of 8 x 8 px, moved 20 px right, is where the hit is."""
    found = Found((0.9, 30, 10, 37, 17), (0.8, 10, 10, 17, 17))
    for drawn, score in (
        ('box', 0.8),
        (PseudoMask('box'), 0.8),
        (PseudoMask('box', offset_px=(20, 0)), 0.9),
    ):
        step = mine_image(
            *(found, image((9.5, 9.5, 17.5, 17.5)), drawn, MiningRule(), 0),
            NO_BOXES,
        )
        (mined,) = mine_together([step], lambda need: [found.masks(need[0])])
        assert mined['hit_score'] == score


def test_a_lesion_is_no_ignored_region():
    # A rule that lets boxes lie on lesions: no hit at IoU 1, so it is mined.
    found = Found(ON_LESION)
    mined = mine(found, image(LESION), hit_iou=1.0, max_iou=2.0)
    assert [e['score'] for e in mined['examples']] == [0.8]
    assert mined['examples'][0]['mask_iou'] > 0.4
    assert (mined['skipped'], mined['excluded']) == (0, 0)
    # Instances of another class are neither lesions nor regions.
    info = image(LESION)
    info['instances'][0]['bbox_label'] = 1
    mined = mine(found, info)
    assert [e['mask_iou'] for e in mined['examples']] == [0]
    assert mined['hit_score'] is None


def test_boxes_that_overlap_as_much_as_allowed_are_mined():
    # Edge to edge: 3 x 9 of 9 x 9 px shared, IoU 27 / 135 = 0.2.
    found = Found((0.9, 16, 10, 25, 19))
    info = image(LESION)
    for max_iou, number in ((0.2, 1), (0.19, 0)):
        mined = mine(found, info, hit_iou=1.0, max_iou=max_iou)
        assert len(mined['examples']) == number
        excluded = mine(found, image(), [LESION], max_iou=max_iou)
        assert len(excluded['examples']) == number
        assert (excluded['skipped'], excluded['excluded']) == (0, 1 - number)
    # A third of the detection lies on the lesion.
    for max_iod, number in ((0.34, 1), (0.33, 0)):
        mined = mine(found, info, hit_iou=1.0, max_iod=max_iod)
        assert len(mined['examples']) == number
        assert mined['skipped'] == 1 - number


def test_the_draw_waits_where_ignored_ones_come_first():
    found = Found(*((0.9 - n / 100, 40, 20, 49, 29) for n in range(6)))
    assert len(mine(found, image())['examples']) == 3
    waiting = mine(found, image(), spare_quantile=0.5)
    assert [e['score'] for e in waiting['examples']] == found.scores.tolist()


def test_the_draw_is_that_of_the_rule_for_the_image_and_epoch():
    scores = np.linspace(0.99, 0.8, 20)
    found = Found(*((score, 40, 20, 49, 29) for score in scores))
    step = mine_image(
        found, image(), 'quadrilateral', MiningRule(seed=2), 5, NO_BOXES
    )
    (mined,) = mine_together([step], lambda wanted: [found.masks(wanted[0])])
    rng = np.random.default_rng((2, 5, 7))
    drawn = np.sort(rng.choice(20, 3, replace=False))
    assert [e['score'] for e in mined['examples']] == scores[drawn].tolist()


def test_masks_are_asked_for_by_4_8_and_so_on():
    # Twenty detections that touch the lesion and hit it nowhere.
    found = Found(*((0.6 - n / 100, 19, 19, 30, 30) for n in range(20)))
    calls = []

    def masks_of(wanted):
        calls.append(wanted[0].tolist())
        return [found.masks(wanted[0])]

    step = mine_image(
        found, image(LESION), 'quadrilateral', MiningRule(), 0, NO_BOXES
    )
    mine_together([step], masks_of)
    assert calls == [[*range(4)], [*range(4, 12)], [*range(12, 20)]]


def test_an_overlap_of_exactly_the_threshold_is_no_hit():
    # 9 x 9 px are inside of the lesion's diameters, 10 x 10 in each mask.
    found = Found(*[(0.8, *LESION)] * 6)
    for hit_iou, hit_score, computed in (
        (0.81, None, [*range(6)]),
        (0.8099, 0.8, [*range(4)]),
    ):
        found.computed.clear()
        mined = mine(found, image(LESION), hit_iou=hit_iou)
        assert mined['hit_score'] == hit_score
        assert found.computed == computed
        assert mined['examples'] == []


def test_numbers_of_an_example_are_plain_and_rounded():
    found = Found((0.9, 40.123456, 20, 49.5, 29.25))
    (example,) = mine(found, image())['examples']
    assert example['bbox'] == [40.1235, 20, 9.3765, 9.25]
    assert {type(value) for value in example['bbox']} == {float}
    assert type(example['score']) is type(example['mask_iou']) is float
    assert type(example['polygons'][0]) is list


def test_half_of_a_box_in_an_ignored_region_is_enough():
    # Edge to edge: 5, 4.8 and 4 of 10 columns in the region.
    for left, number in ((25, 0), (25.2, 1), (26, 1)):
        info = image((10, 5, 30, 35))
        info['instances'][0]['crowd'] = True
        mined = mine(Found((0.9, left, 20, left + 10, 30)), info)
        assert len(mined['examples']) == number
