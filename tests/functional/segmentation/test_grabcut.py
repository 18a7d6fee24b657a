import cv2
import numpy as np
import pytest

from mmuldor.functional.masks import rasterize
from mmuldor.functional.recist import pseudo_mask_polygon
from mmuldor.functional.segmentation.grabcut import grabcut_mask, seeds

SIZE = (80, 90)


def disc(centre=(45, 40), radius=10.0, size=SIZE):
    rows, columns = np.indices(size)
    x, y = centre
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def slice_with(mask, contrast=100.0, noise=10.0):
    """A slice of 40 HU with a lesion, in noise."""
    hu = np.random.default_rng(0).normal(40, noise, mask.shape)
    return hu + contrast * mask


def cross(centre=(45, 40), long=10.0, short=None):
    """Diameters along the axes with these half lengths."""
    x, y = centre
    short = long if short is None else short
    return np.array(
        [[x - long, y], [x + long, y], [x, y - short], [x, y + short]]
    )


def painted(cropped, size=SIZE):
    mask = np.zeros(size, dtype=bool)
    cropped.paint(mask)
    return mask


def dice(first, second):
    return 2 * (first & second).sum() / (first.sum() + second.sum())


def test_what_is_seeded():
    # Ends 10 px from (20, 20): the region is 40 x 40 px, of which the inner
    # half has sides of 40 / sqrt(2) = 28.3 px: 14.1 px to each side.
    ends = cross((20, 20), 10.0)
    pseudo = rasterize(pseudo_mask_polygon(ends), 41, 41)
    labels = seeds(ends, pseudo)
    rows, columns = np.indices(labels.shape)
    outside = np.maximum(abs(rows - 20), abs(columns - 20)) > 14
    assert ((labels == cv2.GC_BGD) == outside).all()
    lesion = labels == cv2.GC_FGD
    # On the diameters, but for their ends, which are on the mask's edge.
    assert lesion[20, 11:30].all()
    assert lesion[11:30, 20].all()
    # A tenth of 41 x 41 px is 168; pixels at the same distance join in: 79 on
    # the lines, 72 beside them, 64 two px away, of which some are outside.
    assert 0.08 * 41**2 < lesion.sum() < 0.13 * 41**2
    assert not (lesion & ~pseudo).any()
    # A pixel of the mask between two arms, and one far from all.
    assert labels[14, 14] == cv2.GC_PR_FGD
    assert labels[7, 7] == cv2.GC_PR_BGD


@pytest.mark.parametrize('contrast', [100.0, -100.0, 900.0])
def test_a_disc_that_the_diameters_miss(contrast):
    # Diameters of 8 px in a disc of 10, 1 px off: quarter ellipses have 64 %
    # of its area.
    truth = disc()
    hu, ends = slice_with(truth, contrast), cross((46, 40), 8.0)
    found = painted(grabcut_mask(hu, ends))
    drawn = rasterize(pseudo_mask_polygon(ends), *SIZE)
    assert dice(found, truth) > 0.98
    assert dice(drawn, truth) < 0.8


def test_the_same_input_gives_the_same_mask():
    truth = disc()
    # So little contrast that random centres matter.
    hu, ends = slice_with(truth, 12.0), cross()
    first = painted(grabcut_mask(hu, ends))
    cv2.setRNGSeed(7)
    np.random.default_rng(1).normal(size=3)
    assert (painted(grabcut_mask(hu, ends)) == first).all()


def test_scale_of_densities_does_not_matter():
    truth = disc()
    one = painted(grabcut_mask(slice_with(truth), cross()))
    # Half of the contrast in half of the noise.
    other = painted(grabcut_mask(slice_with(truth, 50.0, 5.0), cross()))
    assert dice(one, other) > 0.99


def test_beside_the_border_of_the_image():
    truth = disc((3, 40))
    found = painted(grabcut_mask(slice_with(truth), cross((3, 40), 9.0)))
    assert dice(found, truth) > 0.95


def test_holes_are_filled_and_islands_are_left():
    truth = disc() & ~disc(radius=2.0) | disc((45, 54), 1.5)
    hu = slice_with(truth)
    # The diameters cross in the hole, which is lesion for sure.
    found = painted(grabcut_mask(hu, cross()))
    assert found[38:43, 43:48].all()
    assert not found[53:, 45].any()


def test_a_cut_that_leaks_is_no_refinement():
    # A disc of 8 px fills what is undecided, 7 px to each side: some 190 px,
    # where diameters of 5 px to each side give pi x 25 = 79.
    hu = slice_with(disc(radius=8.0))
    assert grabcut_mask(hu, cross((45, 40), 5.0)) is None


@pytest.mark.parametrize(
    ('hu', 'ends'),
    [
        # Constant: nothing to tell apart.
        (np.zeros(SIZE), cross()),
        # Two pixels, fewer than a colour model needs.
        (slice_with(disc()), cross((45, 40), 0.6)),
        # An image of the lesion alone has no background.
        (slice_with(disc((2, 2), 9, (5, 5))), cross((2, 2), 3.0)),
    ],
)
def test_too_little_to_decide(hu, ends):
    assert grabcut_mask(hu, ends) is None


def test_diameters_are_checked():
    with pytest.raises(ValueError, match='must have a length'):
        grabcut_mask(np.zeros(SIZE), cross(short=0.0))
