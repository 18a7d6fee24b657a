"""The frame of RECIST: edges in slices, display pixels, published boxes."""

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.human_masks.display_grid import (
    find_display,
    remainder,
    significance,
)
from benchmarks.human_masks.edges import (
    EdgeSettings,
    all_shifts,
    edge_shifts,
    frame_of,
)
from benchmarks.human_masks.lesions import RealLesion, load_real_lesions
from benchmarks.human_masks.published_boxes import Published, load_published
from tests.support.published import SENSITIVITY


def disc(centre, radius, ends_moved=(0, 0), ends_grown=0.0, turn=0.3):
    """A soft disc of 100 HU in 0 HU, and diameters that may miss its edge."""
    y, x = np.mgrid[:400, :400] / 5 - 0.4
    inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2
    # Sub-pixels of 0.2 px, averaged; the first pixel's centre is at 0.
    hu = 100.0 * inside.reshape(80, 5, 80, 5).mean(axis=(1, 3))
    hu = ndimage.gaussian_filter(hu, 0.7)
    along = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-along[1], along[0]])
    arms = np.array([-along, along, -across, across]) * (radius + ends_grown)
    return RealLesion('a', hu, np.array(centre) + ends_moved + arms)


@pytest.mark.parametrize('sign', [1, -1], ids=['bright', 'dark'])
def test_edges_show_shift_and_growth(sign):
    lesions = []
    for turn in np.arange(0, np.pi, 0.4):
        # Endpoints too far left and up, and 0.25 px outside of the edge.
        drawn = disc((40.2, 38.7), 10, (-0.3, -0.7), 0.25, turn)
        lesions.append(RealLesion('a', sign * drawn.hu, drawn.ends_px))
    found = all_shifts(lesions, EdgeSettings())
    assert found[3] == ['a'] * 16
    right, down, mean, growth = frame_of(*found[:3], np.ones(16))
    assert right == pytest.approx(0.3, abs=0.05)
    assert down == pytest.approx(0.7, abs=0.05)
    assert mean == pytest.approx(0.5, abs=0.05)
    # Smoothing by sigma moves the steepest place of a round edge inward by
    # sigma^2 / 2 R = (1 + 0.49) / 20 px, and the mean over 1 px on both sides
    # by another 0.5 / 20 px.
    assert growth == pytest.approx(-0.25 - 1.49 / 20 - 0.5 / 20, abs=0.03)


def test_endpoints_on_the_edge_show_nothing():
    for along, shift, growth in edge_shifts(
        disc((40, 40), 12), EdgeSettings()
    ):
        assert np.linalg.norm(along) == pytest.approx(1)
        assert abs(shift) < 0.05
        assert abs(growth) < 0.1


def test_a_diameter_tells_the_shift_along_itself():
    """Right 1 and down 2 px, seen along three directions; weights count."""
    directions = np.array([[1, 0], [0, 1], [0.6, 0.8], [1, 0]])
    shifts = np.array([1, 2, 0.6 + 1.6, 7])
    growths = np.array([1, 2, 3, 50])
    found = frame_of(directions, shifts, growths, np.array([1, 1, 1, 0]))
    np.testing.assert_allclose(found, [1, 2, 1.5, 2])


def test_display_pixels_and_what_was_added():
    """Of 2,000 coordinates 300 lie on whole display pixels, plus 1."""
    rng = np.random.default_rng(0)
    step = 512 / 1300
    patients = np.arange(2000).astype(str)
    x, y = rng.uniform(100, 400, (2, 2000))
    for values in (x, y):
        values[:300] = rng.integers(300, 900, 300) * step + 1
    pixels, of_x, of_y = find_display(x, y, patients)
    assert pixels == 1300
    assert min(of_x, of_y) > 4
    found, share = remainder(x, np.ones(2000), pixels)
    # 1 px is 2.539 steps: 0.461 steps are missing to three.
    assert found == pytest.approx(1 - 3 * step, abs=0.02)
    assert share == pytest.approx(0.15, abs=0.04)
    exact = np.arange(50) * step
    assert remainder(exact, np.ones(50), 1300) == pytest.approx((0, 1))


def test_many_coordinates_of_one_patient_are_one_witness():
    exact = np.arange(400) * 512 / 900
    assert significance(exact, ['a'] * 400, 900) == pytest.approx(1)
    alone = [str(number) for number in range(400)]
    assert significance(exact, alone, 900) == pytest.approx(20)


def test_boxes_move_in_pixels_of_the_slice():
    """Detections 2 px right of the lesions, in a detector that doubles."""
    boxes = np.array([[10.0, 10, 30, 30], [50, 50, 70, 70]])
    found = np.c_[boxes + np.array([4, 0, 4, 0]), [0.9, 0.8]]
    one = Published(
        'made up', ['a', 'b'], found, np.arange(2), boxes, np.arange(2),
        np.array([2.0, 2.0]),
    )  # fmt: skip
    gaps, patients = one.displacements()
    assert gaps.tolist() == [[2, 0], [2, 0]]
    assert patients == ['a', 'b']
    assert one.froc()['mean'] == 1
    # Moved by 14 px more than that, no box has an IoU of 0.5.
    assert one.froc((16, 0)) == {
        'shift_px': [16, 0],
        'sensitivity': [0] * 6,
        'mean': 0,
    }


def test_published_detections_in_their_own_frame(real_data):
    if not (real_data / 'froc').is_dir():
        pytest.skip(f'{real_data}/froc is absent')
    first, *mulan = load_published(real_data)
    # The digits at 6 FPs are not among ours.
    digits = [f'{value:.8f}' for value in first.froc()['sensitivity']]
    assert digits == [*SENSITIVITY[:4], *SENSITIVITY[5:]]
    means = [f'{one.froc()["mean"]:.4f}' for one in mulan]
    assert means == ['0.8402', '0.8489']
    # A GT of another frame would give other digits.
    assert f'{first.froc((0.5, 0.5))["sensitivity"][0]:.4f}' == '0.6093'


def test_real_slices_have_rows(real_data):
    if not (real_data / 'deeplesion_sample').is_dir():
        pytest.skip(f'{real_data}/deeplesion_sample is absent')
    lesions = list(load_real_lesions(real_data))
    assert len(lesions) == 43
    assert len({lesion.patient for lesion in lesions}) == 14
