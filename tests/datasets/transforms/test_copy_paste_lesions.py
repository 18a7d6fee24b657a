from types import SimpleNamespace

import numpy as np
import pytest

from mmuldor.datasets.transforms import CopyPasteLesions


def an_image(hu, spacing=1.0, side=80):
    return {
        'img': np.full((side, side, 3), hu, np.float32),
        'spacing_mm': [spacing, spacing],
        'instances': [],
        'img_id': 1,
    }


def a_donor(spacing=1.0, around=0):
    """A square of 20 px at 100 HU."""
    image = an_image(around, spacing)
    image['img'][30:50, 40:60] = 100
    image['img_id'] = 2
    corners = np.array([40, 30, 60, 30, 60, 50, 40, 50], dtype=float)
    lesion = {'bbox': [40, 30, 60, 50], 'bbox_label': 0, 'ignore_flag': 0}
    lesion['recist_px'] = [40, 40, 60, 40, 50, 30, 50, 50]
    image['instances'] = [{**lesion, 'mask': [corners]}]
    return image


def paste(donor, image, **kwargs):
    transform = CopyPasteLesions(prob=1.0, **kwargs)

    class Dataset(list):
        pipeline = SimpleNamespace(transforms=[transform])

        def get_data_info(self, index):
            return self[index]

    transform.dataset = Dataset([donor])
    return transform(image)


@pytest.mark.parametrize(('spacing', 'side'), [(1.0, 20), (0.5, 10)])
def test_lesion_box_and_mask_lie_together(spacing, side):
    for seed in range(20):
        np.random.seed(seed)
        found = paste(a_donor(spacing), an_image(10))
        (lesion,) = found['instances']
        x1, y1, x2, y2 = lesion['bbox']
        assert x2 - x1 == pytest.approx(side)
        assert y2 - y1 == pytest.approx(side)
        outline = lesion['mask'][0].reshape(-1, 2)
        ends = [*outline.min(axis=0), *outline.max(axis=0)]
        assert ends == pytest.approx(lesion['bbox'])
        rows, columns = np.nonzero(found['img'][..., 1] > 55)
        inside = [columns.min(), rows.min(), columns.max(), rows.max()]
        # Half way up to 100 HU lies at the outline, to a pixel.
        expected = np.array([x1, y1, x2 - 1, y2 - 1])
        assert np.abs(inside - expected).max() <= 1
        middle = found['img'][int(y1 + y2) // 2, int(x1 + x2) // 2]
        np.testing.assert_allclose(middle, 100, atol=0.5)


def test_all_pieces_of_a_mask_are_pasted():
    donor = a_donor()
    donor['img'][30:50, 48:52] = 0
    (lesion,) = donor['instances']
    halves = [(40, 48), (52, 60)]
    lesion['mask'] = [
        np.array([a, 30, b, 30, b, 50, a, 50], float) for a, b in halves
    ]
    found = paste(donor, an_image(0), blur_px=0.5)
    left, right = found['instances'][0]['mask']
    for piece in (left, right):
        x, y = piece.reshape(-1, 2).mean(axis=0).astype(int)
        assert found['img'][y, x, 1] == pytest.approx(100, abs=1)


def test_nothing_is_pasted_into_other_tissue_or_onto_a_lesion():
    np.random.seed(0)
    found = paste(a_donor(), an_image(-800))
    assert found['instances'] == []
    assert (found['img'] == -800).all()
    full = an_image(0)
    full['instances'] = [{'bbox': [0, 0, 80, 80]}]
    assert len(paste(a_donor(), full)['instances']) == 1
    assert (full['img'] == 0).all()


def test_neither_its_own_lesions_nor_mined_ones_are_pasted():
    np.random.seed(0)
    own = a_donor()
    own['img_id'] = 1
    assert paste(own, an_image(0))['instances'] == []
    mined = a_donor()
    del mined['instances'][0]['recist_px']
    assert paste(mined, an_image(0))['instances'] == []


def test_the_seed_decides():
    boxes = []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        boxes.append(paste(a_donor(), an_image(0))['instances'][0]['bbox'])
    assert boxes[0] == boxes[1] != boxes[2]


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [({'prob': 2}, 'prob'), ({'max_lesions': 0}, 'max_lesions')],
)
def test_arguments_out_of_range_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        CopyPasteLesions(**kwargs)
