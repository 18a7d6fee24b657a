"""Solids and tubes on a canvas."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.phantom.anatomy.shapes import Solid, smooth_path, tube
from data_prep.phantom.anatomy.tissue import Tissue


def test_a_solid_is_painted_where_its_section_is(canvas):
    page = canvas(spacing=0.5)
    ball = Solid((0, 0, 30), (10, 10, 10), Tissue.LIVER)
    ball.paint(page, 30)
    # pi r^2 = 1257 px; cv2 paints the border too.
    assert np.sum(page.label == Tissue.LIVER) == pytest.approx(1300, rel=0.05)
    page = canvas(spacing=0.5)
    ball.paint(page, 38)  # a circle of radius 6 mm
    assert np.sum(page.label > 0) == pytest.approx(476, rel=0.06)
    assert ball.section(40.1) is None


def test_paint_respects_what_it_may_cover(canvas):
    page = canvas()
    page.label[:50] = Tissue.LUNG
    page.label[50:] = Tissue.LIVER
    Solid((0, 0, 0), (20, 20, 5), Tissue.VEIN, (Tissue.LIVER,)).paint(page, 0)
    assert not (page.label[:50] == Tissue.VEIN).any()
    assert (page.label[50:] == Tissue.VEIN).any()


def test_an_upright_tube_is_a_disc_that_stays_and_an_oblique_one_moves(canvas):
    upright = tube([(0, 0, -30), (0, 0, 30)], 5.0, Tissue.VEIN)
    oblique = tube([(-30, 0, -30), (30, 0, 30)], 5.0, Tissue.VEIN)
    for part, move in ((upright, 0), (oblique, 10)):
        middles = []
        for z in (-5, 5):
            page = canvas()
            part.paint(page, z)
            middles.append(np.nonzero(page.label)[1].mean())
        assert middles[1] - middles[0] == pytest.approx(move, abs=0.7)


def test_things_outside_the_picture_are_no_error(canvas):
    page = canvas(21)
    far = tube([(500, 0, -30), (500, 0, 30)], 5.0, Tissue.VEIN)
    far.over = (Tissue.AIR,)
    far.paint(page, 0)
    assert not page.label.any()


def test_a_smooth_path_passes_its_knots_at_even_steps():
    path = smooth_path(np.array([[0, 0, 0], [30, 0, 0], [30, 40, 0]]), 2.0)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() <= 2.1
    assert np.abs(path - [30, 0, 0]).sum(1).min() < 1.5
    np.testing.assert_allclose(path[[0, -1]], [[0, 0, 0], [30, 40, 0]])
