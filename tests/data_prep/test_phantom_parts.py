"""Canvas, solids, lesions, scanner and the phantom's figures."""

from __future__ import annotations

import numpy as np
import pytest

from data_prep.phantom.anatomy.anatomy import Anatomy, paint
from data_prep.phantom.anatomy.canvas import Canvas
from data_prep.phantom.anatomy.shapes import Solid, smooth_path, tube
from data_prep.phantom.anatomy.tissue import Palette, Tissue
from data_prep.phantom.lesions.lesion import Lesion, draw_size
from data_prep.phantom.lesions.placement import Placer
from data_prep.phantom.lesions.sites import SITES
from data_prep.phantom.scanner import Scanner
from data_prep.phantom.settings import (
    Difficulty,
    change_difficulty,
)

PLAIN = Difficulty(irregularity=(0, 0), spiculation=(0, 0))


def canvas(size=101, spacing=1.0):
    return Canvas(size, spacing, ((size - 1) / 2, (size - 1) / 2))


def test_a_solid_is_painted_where_its_section_is():
    page = canvas(spacing=0.5)
    ball = Solid((0, 0, 30), (10, 10, 10), Tissue.LIVER)
    ball.paint(page, 30)
    # pi r^2 = 1257 px; cv2 paints the border too.
    assert np.sum(page.label == Tissue.LIVER) == pytest.approx(1300, rel=0.05)
    page = canvas(spacing=0.5)
    ball.paint(page, 38)  # a circle of radius 6 mm
    assert np.sum(page.label > 0) == pytest.approx(476, rel=0.06)
    assert ball.section(40.1) is None


def test_paint_respects_what_it_may_cover():
    page = canvas()
    page.label[:50] = Tissue.LUNG
    page.label[50:] = Tissue.LIVER
    Solid((0, 0, 0), (20, 20, 5), Tissue.VEIN, (Tissue.LIVER,)).paint(page, 0)
    assert not (page.label[:50] == Tissue.VEIN).any()
    assert (page.label[50:] == Tissue.VEIN).any()


def test_an_upright_tube_is_a_disc_that_stays_and_an_oblique_one_moves():
    upright = tube([(0, 0, -30), (0, 0, 30)], 5.0, Tissue.VEIN)
    oblique = tube([(-30, 0, -30), (30, 0, 30)], 5.0, Tissue.VEIN)
    for part, move in ((upright, 0), (oblique, 10)):
        middles = []
        for z in (-5, 5):
            page = canvas()
            part.paint(page, z)
            middles.append(np.nonzero(page.label)[1].mean())
        assert middles[1] - middles[0] == pytest.approx(move, abs=0.7)


def test_things_outside_the_picture_are_no_error():
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


def test_a_lesion_without_bumps_is_an_ellipsoid():
    rng = np.random.default_rng(0)
    page = canvas(161, 0.5)
    lesion = Lesion(rng, (0, 0, 0), (30, 20), 50, False, 0.5, PLAIN)
    lesion.semi = np.array([15.0, 10.0, 12.0])
    assert lesion.mask(page, 0).sum() == pytest.approx(np.pi * 600, rel=0.01)
    # Half way up its axis an ellipse is sqrt(3) / 2 as long and as wide.
    share = lesion.mask(page, 6.0).sum() / lesion.mask(page, 0).sum()
    assert share == pytest.approx(0.75, abs=0.02)
    assert not lesion.mask(page, 12.5).any()
    volume = 4 / 3 * np.pi * 15 * 10 * 12
    assert lesion.volume_mm3() == pytest.approx(volume, rel=0.03)


def test_a_lesion_is_brighter_than_fat_and_has_texture():
    rng = np.random.default_rng(0)
    page = canvas(161, 0.5)
    lesion = Lesion(rng, (3, -4, 0), (30, 24), 60, False, 0.5, Difficulty())
    hu = np.full((161, 161), -100, np.float32)
    lesion.render(hu, page, 0)
    mask = lesion.mask(page, 0)
    assert 20 < hu[mask].mean() < 100
    assert hu[mask].std() > 20
    at = (np.arange(161) - 80) * 0.5
    outside = lesion.distance(at[None], at[:, None], 0)
    assert np.array_equal(hu[outside > 2], np.full((outside > 2).sum(), -100))


def test_lesion_sizes_follow_deeplesion_above_the_cut():
    rng = np.random.default_rng(0)
    drawn = np.array([draw_size(rng, Difficulty(), 70) for _ in range(4000)])
    assert drawn[:, 0].min() >= 11.0
    assert drawn[:, 0].max() <= 70.0
    # The median of the real ones between 11 and 70 mm.
    assert np.median(drawn[:, 0]) == pytest.approx(21.8, abs=1.5)
    assert (drawn[:, 1] <= drawn[:, 0]).all()


def test_a_placer_finds_room_once():
    page = canvas(128)
    page.label[20:44, 20:44] = Tissue.LIVER
    placer = Placer(page, circle=False)
    rng = np.random.default_rng(0)
    liver = (Tissue.LIVER,)
    place = placer.find(rng, liver, liver, 0.9, 18.0)
    x, y = page.to_px(place)
    assert 25 < x < 39
    assert 25 < y < 39
    placer.occupy(place, 9.0)
    assert placer.find(rng, liver, liver, 0.9, 18.0) is None
    assert placer.find(rng, (Tissue.LUNG,), liver, 0.9, 18.0) is None


def test_the_scanner_is_quiet_in_air_and_dark_outside_the_circle():
    rng = np.random.default_rng(0)
    scanner = Scanner(rng, 256, 1.5, True, 12.0, Difficulty())
    hu = np.full((256, 256), 50, np.float32)
    first, again = scanner.acquire(hu, 7), scanner.acquire(hu, 7)
    np.testing.assert_array_equal(first, again)
    assert (first != scanner.acquire(hu, 8)).any()
    assert first[0, 0] == -1024
    assert first[118:138, 118:138].std() == pytest.approx(12.6, rel=0.25)
    assert first[10:20, 120:136].std() < 10


@pytest.mark.parametrize(
    ('height', 'expected'),
    [
        (110, {Tissue.VISFAT, Tissue.SPONGIOSA, Tissue.BOWEL}),
        (290, {Tissue.LIVER, Tissue.KIDNEY, Tissue.AORTA, Tissue.VISFAT}),
        (440, {Tissue.LUNG, Tissue.HEART, Tissue.AORTA, Tissue.CORTEX}),
        (540, {Tissue.LUNG, Tissue.MEDFAT, Tissue.AIRWAY, Tissue.CORTEX}),
    ],
)
def test_every_region_shows_its_organs(height, expected):
    for seed in range(3):
        anatomy = Anatomy((seed,))
        page = canvas(256, 1.6)
        paint(anatomy.section(height, height, 1.0), page, height)
        shown = set(np.unique(page.label).tolist())
        missing = {tissue.name for tissue in expected if tissue not in shown}
        assert missing == set()


def test_densities_are_those_of_ct():
    for seed in range(20):
        palette = Palette(np.random.default_rng(seed))
        assert palette.hu[Tissue.AIR] == -1000
        assert -900 < palette.hu[Tissue.LUNG] < -800
        assert -130 < palette.hu[Tissue.SUBFAT] < -80
        assert 30 < palette.hu[Tissue.LIVER] < 150
        assert palette.hu[Tissue.CORTEX] > 600


def test_the_sites_are_deeplesions_eight_types():
    assert sorted(site.lesion_type for site in SITES) == list(range(1, 9))


def test_knobs_can_be_changed_by_text():
    changed = change_difficulty(
        Difficulty(), ['lesion_texture_hu=60', 'confusers_per_image=2,3']
    )
    assert changed.lesion_texture_hu == 60.0
    assert changed.confusers_per_image == (2, 3)
    assert changed.noise_hu == Difficulty().noise_hu
    with pytest.raises(ValueError, match='two rising numbers'):
        change_difficulty(Difficulty(), ['noise_hu=9,3'])
