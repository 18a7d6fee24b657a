import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mmuldor.functional.masks import (
    CroppedMask,
    crop_mask,
    largest_piece,
    mask_ious,
    mask_polygons,
    mask_runs,
    rasterize,
)


def test_a_pixel_is_inside_when_its_centre_is():
    square = np.array([[0.5, 0.5], [3.5, 0.5], [3.5, 2.5], [0.5, 2.5]])
    mask = rasterize(square, 4, 5)
    expected = np.zeros((4, 5), dtype=bool)
    expected[1:3, 1:4] = True
    assert np.array_equal(mask, expected)


def test_a_disc_is_not_inflated():
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    disc = 20 + 6 * np.stack([np.cos(angles), np.sin(angles)], axis=1) + 0.01
    mask = rasterize(disc, 41, 41)
    y, x = np.mgrid[:41, :41] - 20.01
    assert np.array_equal(mask, x**2 + y**2 < 6**2 - 1e-3)


def test_a_tiny_polygon_keeps_the_pixel_under_its_centre():
    tiny = np.array([[7.2, 3.3], [7.3, 3.3], [7.3, 3.4]])
    mask = rasterize(tiny, 8, 10)
    assert np.argwhere(mask).tolist() == [[3, 7]]


def test_a_polygon_outside_keeps_the_nearest_pixel():
    for x, y in ((-9, 2), (9, 2), (2, -9), (2, 9), (-9, -9)):
        triangle = np.array([[x, y], [x + 1, y], [x, y + 1]])
        row, column = np.clip([y, x], 0, 3)
        mask = rasterize(triangle, 4, 4)
        assert np.argwhere(mask).tolist() == [[row, column]]


def test_a_concave_polygon_keeps_its_notch():
    notch = np.array([[0, 0], [8, 0], [8, 8], [4, 2], [0, 8]]) + 0.25
    mask = rasterize(notch, 10, 10)
    assert mask[7, 1]
    assert mask[7, 8]
    assert not mask[7, 4]


def even_odd(polygon, height, width):
    """Every pixel by itself, a hair right of and below its centre."""
    x, y = np.meshgrid(np.arange(width) + 1e-6, np.arange(height) + 1e-9)
    inside = np.zeros((height, width), dtype=bool)
    following = np.roll(polygon, -1, axis=0)
    for (x1, y1), (x2, y2) in zip(polygon, following, strict=True):
        if y1 != y2:
            crosses = (y1 <= y) != (y2 <= y)
            inside ^= crosses & (x1 + (y - y1) * (x2 - x1) / (y2 - y1) < x)
    return inside


# Quarters of a pixel: centres often lie on edges and on vertices.
POLYGONS = st.lists(
    st.tuples(st.integers(-8, 48), st.integers(-8, 48)),
    min_size=3,
    max_size=8,
)


@given(POLYGONS)
@settings(max_examples=300)
def test_any_polygon_is_filled_by_the_even_odd_rule(quarters):
    polygon = np.array(quarters) / 4
    expected = even_odd(polygon, 9, 10)
    if expected.any():
        assert np.array_equal(rasterize(polygon, 9, 10), expected)
    else:
        assert rasterize(polygon, 9, 10).sum() == 1


@given(st.lists(POLYGONS, max_size=6))
@example([[(28, 12), (28, 12), (41, 48)]])
def test_runs_of_many_are_those_of_each(many):
    polygons = [np.array(quarters) / 4 for quarters in many]
    runs = mask_runs(polygons, 9, 10)
    assert len(runs) == len(polygons)
    for lengths, polygon in zip(runs, polygons, strict=True):
        column_by_column = rasterize(polygon, 9, 10).T.reshape(-1)
        ends = np.flatnonzero(np.diff(column_by_column, prepend=False))
        assert lengths.tolist() == np.diff(ends, prepend=0, append=90).tolist()


@pytest.mark.parametrize(
    'polygon', [np.zeros((2, 2)), np.zeros((3, 3)), np.full((3, 2), np.nan)]
)
def test_bad_polygons_are_refused(polygon):
    with pytest.raises(ValueError, match='`polygon` must'):
        rasterize(polygon, 4, 4)


def test_outlines_of_two_pieces_largest_first():
    mask = np.zeros((10, 12), dtype=bool)
    mask[1:3, 1:3] = True
    mask[5:9, 6:11] = True
    first, second = mask_polygons(mask)
    # 1/8 px inside the pixels' outer border.
    assert first.min(axis=0).tolist() == [5.625, 4.625]
    assert first.max(axis=0).tolist() == [10.375, 8.375]
    assert second.min(axis=0).tolist() == [0.625, 0.625]


def test_an_empty_mask_has_no_outline():
    assert mask_polygons(np.zeros((4, 4), dtype=bool)) == []


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=100)
def test_outlines_rasterise_to_the_filled_mask(seed, height, width):
    mask = np.random.default_rng(seed).random((height, width)) < 0.5
    back = np.zeros_like(mask)
    for polygon in mask_polygons(mask):
        back |= rasterize(polygon, height, width)
    # Nothing is lost; what is added was enclosed: a flood from outside
    # through pixels off the mask cannot reach it.
    assert not (mask & ~back).any()
    outside = np.pad(~mask, 1, constant_values=True)
    reached = np.zeros_like(outside)
    reached[0, 0] = True
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown &= outside
        if np.array_equal(grown, reached):
            break
        reached = grown
    assert not (back & reached[1:-1, 1:-1]).any()


def whole(cropped, height, width):
    mask = np.zeros((height, width), dtype=bool)
    cropped.paint(mask)
    return mask


def test_a_cropped_mask_knows_its_place():
    mask = np.zeros((10, 12), dtype=bool)
    mask[1:3, 2:4] = mask[6, 9] = True
    cropped = crop_mask(mask)
    assert (cropped.row, cropped.column) == (1, 2)
    assert cropped.bitmap.shape == (6, 8)
    assert cropped.area_px == 5
    assert cropped.box_px.tolist() == [1.5, 0.5, 9.5, 6.5]
    assert np.array_equal(whole(cropped, 10, 12), mask)
    assert np.array_equal(np.argwhere(mask).T, cropped.pixels())
    outlines = zip(cropped.outlines(), mask_polygons(mask), strict=True)
    assert all(np.array_equal(a, b) for a, b in outlines)
    moved = crop_mask(mask, 20, 30)
    assert (moved.row, moved.column) == (21, 32)
    labels = np.full((10, 12), 7)
    cropped.paint(labels, 3)
    assert np.array_equal(labels, np.where(mask, 3, 7))


def test_the_largest_piece_without_holes():
    mask = np.zeros((12, 16), dtype=bool)
    # A ring of 20 pixels around 16, and a solid piece of 25.
    mask[1:7, 1:7] = True
    mask[2:6, 2:6] = False
    mask[7:12, 9:14] = True
    piece = largest_piece(mask)
    assert (piece.row, piece.column) == (1, 1)
    assert piece.bitmap.shape == (6, 6)
    assert piece.area_px == 36


def test_pixels_that_touch_by_a_corner_are_one_piece():
    diagonal = largest_piece(np.eye(5, dtype=bool))
    assert np.array_equal(diagonal.bitmap, np.eye(5))


def test_an_empty_mask_has_no_piece():
    assert crop_mask(np.zeros((4, 4), dtype=bool)) is None
    assert largest_piece(np.zeros((4, 4), dtype=bool)) is None


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=100)
def test_the_largest_piece_is_its_first_outline(seed, height, width):
    rng = np.random.default_rng(seed)
    mask = rng.random((height, width)) < rng.uniform(0.2, 0.8)
    piece = largest_piece(mask)
    if piece is None:
        assert not mask.any()
        return
    outline = mask_polygons(mask)[0]
    filled = rasterize(outline, height, width)
    assert np.array_equal(whole(piece, height, width), filled)
    # As cropped as can be, and outlined as in the mask that it came from.
    again = crop_mask(filled)
    assert (again.row, again.column) == (piece.row, piece.column)
    assert np.array_equal(again.bitmap, piece.bitmap)
    (own,) = piece.outlines()
    assert np.array_equal(own, outline)


def test_a_cropped_mask_keeps_nothing_of_the_slice():
    mask = np.zeros((512, 512), dtype=bool)
    mask[100:110, 200:220] = True
    piece = largest_piece(mask)
    assert isinstance(piece, CroppedMask)
    assert not np.shares_memory(piece.bitmap, mask)
    assert piece.bitmap.nbytes == 200


def test_mask_ious():
    a = np.zeros((4, 4), dtype=bool)
    b, empty = a.copy(), a.copy()
    a[:2, :2] = True
    b[:2, 1:3] = True
    ious = mask_ious([a, empty], [a, b, empty])
    np.testing.assert_allclose(ious, [[1, 2 / 6, 0], [0, 0, 0]])


def test_real_rows_rasterise_close_to_their_exact_area(real_data):
    import csv

    from mmuldor.functional.recist import pseudo_mask_polygon

    path = real_data / 'deeplesion_sample' / 'DL_info.csv'
    with path.open() as file:
        rows = list(csv.DictReader(file))[:300]
    differences = []
    for row in rows:
        text = row['Measurement_coordinates'].split(',')
        polygon = pseudo_mask_polygon(
            np.array(text, dtype=float).reshape(4, 2) - 1
        )
        x, y = polygon.T
        exact = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
        pixels = rasterize(polygon, 1024, 1024).sum()
        differences.append((pixels - exact) / exact)
    # Without bias: cv2.fillPoly's border would show as +10 % and more.
    assert abs(np.median(differences)) < 0.01


def test_any_numbers_make_a_bool_mask():
    cropped = crop_mask(np.array([[0, 0, 0], [0, 3, 255]], np.uint8))
    assert cropped.bitmap.dtype == bool
    assert cropped.bitmap.tolist() == [[True, True]]
    assert (cropped.row, cropped.column) == (1, 1)


def test_paint_sets_ones_unless_asked_otherwise():
    plane = np.zeros((2, 3), np.uint8)
    crop_mask(np.array([[0, 1, 1], [0, 0, 0]])).paint(plane)
    assert plane.tolist() == [[0, 1, 1], [0, 0, 0]]


def test_the_message_has_the_shape():
    for shape in ((2, 2), (3, 3), (6,)):
        with pytest.raises(ValueError, match='polygon') as caught:
            mask_runs([np.zeros(shape)], 4, 4)
        assert str(caught.value) == (
            '`polygon` must have shape (N, 2) with N >= 3, but got shape '
            f'{shape}.'
        )
    with pytest.raises(ValueError, match='finite') as caught:
        rasterize(np.full((3, 2), np.inf), 4, 4)
    assert str(caught.value) == (
        '`polygon` must be finite, but holds NaN or inf.'
    )
