import numpy as np
import pytest

from mmuldor.evaluation.calibration.isotonic import Calibration
from mmuldor.evaluation.fusion.fused_results import (
    fuse_inputs,
    other_images_note,
    scale_note,
)
from mmuldor.evaluation.fusion.inputs import read_inputs
from mmuldor.evaluation.fusion.settings import Settings
from mmuldor.io.run_length import decode_runs
from tests.evaluation.fusion.fusion_entries import entry, mask


@pytest.fixture
def fused(write):
    def fused(*files, settings=None, **choices):
        paths = [write(f'f{k}', own) for k, own in enumerate(files)]
        inputs = read_inputs(paths, **choices)
        settings = settings or Settings()
        names = [own.name for own in inputs]
        return fuse_inputs(inputs, settings.for_names(names, False))

    return fused


def test_two_boxes_of_weights_1_and_2(fused):
    """1 * 0.6 and 2 * 0.3 weigh the same: x = 1, score = 1.2 / 3."""
    settings = Settings(weights=(1.0, 2.0))
    (one,) = fused([entry(0, 0.6)], [entry(2, 0.3)], settings=settings)
    assert one['bbox'] == pytest.approx([1, 0, 10, 10])
    assert one['score'] == pytest.approx(0.4)
    assert (one['image_id'], one['category_id']) == (1, 1)


def test_categories_and_images_are_apart(fused):
    a = [entry(0, 0.8), entry(0, 0.6, category=2), entry(0, 0.4, 7)]
    found = fused(a, [entry(0, 0.2), entry(0, 0.2, category=2)])
    assert [
        (e['image_id'], e['category_id'], round(e['score'], 6)) for e in found
    ] == [(1, 1, 0.5), (1, 2, 0.4), (7, 1, 0.2)]


def test_masks_vote(fused):
    """20 pixels: 2 to 5, 4 to 7 and 5 to 8; two of three is half."""
    files = [
        [entry(0, 0.5, **mask(2, 4, 14))],
        [entry(0, 0.5, **mask(4, 4, 12))],
        [entry(0, 0.5, **mask(5, 4, 11))],
    ]
    (one,) = fused(*files)
    runs, size = decode_runs(one['segmentation'])
    assert (runs.tolist(), size) == ([4, 4, 12], (4, 5))
    # The first one weighs half of all.
    settings = Settings(weights=(2.0, 1.0, 1.0))
    (one,) = fused(*files, settings=settings)
    assert decode_runs(one['segmentation'])[0].tolist() == [2, 6, 12]
    # NMS keeps the mask of the box that it keeps.
    (one,) = fused(*files, settings=Settings('nms', weights=(1.0, 1.0, 2.0)))
    assert decode_runs(one['segmentation'])[0].tolist() == [5, 4, 11]
    (one,) = fused(*files, boxes_only=True)
    assert 'segmentation' not in one


def test_a_weight_of_0_leaves_a_detector_out(fused):
    settings = Settings(weights=(0.0, 1.0, 1.0))
    files = [entry(0, 1.0, **mask(20))], [entry(2, 0.6, **mask(0, 20))]
    (one,) = fused(*files, files[1], settings=settings)
    assert (one['bbox'][0], one['score']) == (2, 0.6)
    assert decode_runs(one['segmentation'])[0].tolist() == [0, 20]


def test_scores_by_rank_have_no_scale(fused):
    """One image: the first of each detector gets 1/2, the second 1/3."""
    a = [entry(0, 0.9), entry(50, 0.8)]
    b = [entry(0, -5.0), entry(50, -20.0)]
    first, second = fused(a, b, settings=Settings(scores='rank'))
    assert [first['score'], second['score']] == pytest.approx([1 / 2, 1 / 3])
    with pytest.raises(ValueError, match=r'0 or more .* -20. `--scores rank`'):
        fused(a, b)
    with pytest.raises(ValueError, match='only by settings that were tuned'):
        fused(a, b, settings=Settings(scores='calibrated'))


def test_ranks_are_those_of_lesions(fused):
    """Two false positives above the lesion: it is still the first."""
    wrong = [entry(x, 0.9, category=2) for x in (50, 80)]
    first, second = [entry(0, 0.5), *wrong], [entry(0, 0.5), *wrong[:1]]
    found = fused(first, second, settings=Settings(scores='rank'))
    (lesion,) = (e for e in found if e['category_id'] == 1)
    assert lesion['score'] == pytest.approx(1 / 2)


def test_maps_of_tuned_settings_are_used(fused):
    maps = tuple(
        Calibration(np.array([0.0, 1.0]), np.array([0.0, top]))
        for top in (0.5, 1.0)
    )
    settings = Settings('wbf-one', 0.5, 'rank', (1.0, 1.0), ('a', 'b'), maps)
    (one,) = fused([entry(0, 0.8)], [entry(0, 0.8)], settings=settings)
    assert one['score'] == pytest.approx((0.4 + 0.8) / 2)


def test_types_and_names_stay(fused):
    a = [entry(0, 0.2, lesion_type='lung', file_name='s/1.png')]
    b = [entry(0, 0.9, lesion_type='liver')]
    (one,) = fused(a, b)
    assert (one['lesion_type'], one['file_name']) == ('liver', 's/1.png')
    (one,) = fused(a, [entry(0, 0.9)])
    assert 'lesion_type' not in one


def test_scales_that_differ_are_noted(write):
    """At one detection per image, of two images: 0.5 beside 0.05."""
    scores = [0.9, 0.5, 0.1], [0.09, 0.05, 0.04]
    paths = [
        write(
            f'f{k}',
            [entry(0, s, image) for s, image in zip(own, (1, 2, 2))],  # noqa: B905
        )
        for k, own in enumerate(scores)
    ]
    note = scale_note(read_inputs(paths))
    assert 'f0 0.5, f1 0.05' in note
    assert '`--scores rank`' in note
    write('f1', [entry(0, s, 1) for s in (0.9, 0.3)] + [entry(0, 0.1, 2)])
    assert scale_note(read_inputs(paths)) == ''


def test_other_images_of_the_same_ids_are_noted(write):
    """Of 60 images, 6 have boxes that overlap, or 30."""
    first = [entry(0, 0.9, k) for k in range(60)]
    # A lower box that overlaps says nothing.
    first += [entry(40, 0.1, k) for k in range(60)]
    for overlap, noted in ((6, True), (30, False)):
        second = [entry(2 if k < overlap else 40, 0.8, k) for k in range(60)]
        paths = [write('a', first), write('b', second)]
        note = other_images_note(read_inputs(paths))
        assert bool(note) == noted
        if noted:
            assert 'a and b overlap on only 10 % of 60 images' in note
    few = [write('a', first[:20]), write('b', [entry(40, 0.8, 1)] * 2)]
    assert other_images_note(read_inputs(few)) == ''
