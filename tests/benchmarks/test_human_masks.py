"""Pseudo masks against human ones, on masks and slices that are made up."""

import numpy as np
import pytest

from benchmarks.human_masks.agreement import (
    agreement,
    boundary_distances,
    dice_of_polygons,
    human_recist_error,
)
from benchmarks.human_masks.figure import mask_figure
from benchmarks.human_masks.intervals import PatientBootstrap
from benchmarks.human_masks.lesions import (
    HumanLesion,
    load_human_lesions,
)
from benchmarks.human_masks.measure import (
    measure_human,
    measure_shapes,
    tune,
)
from benchmarks.human_masks.page import page
from benchmarks.human_masks.run import PAGE, RESULT, main
from benchmarks.human_masks.tuning import (
    Grid,
    best_setting,
    cross_validate,
    families,
    folds_of,
)
from mmuldor.functional.masks import crop_mask, rasterize
from mmuldor.functional.recist import PseudoMask
from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.run_length import encode_mask

SIDE = 64


def lesion_of(
    mask, ends, *, patient='a', split='val', lesion_type=1, spacing=(1.0, 1.0)
):
    return HumanLesion(
        patient, split, lesion_type, np.array(spacing), ends, crop_mask(mask)
    )


def square(x, y, side=10):
    """A mask of whole pixels, and diameters through its outer edges."""
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[y : y + side, x : x + side] = True
    low, high = np.array([x, y]) - 0.5, np.array([x, y]) - 0.5 + side
    middle = (low + high) / 2
    ends = [[low[0], middle[1]], [high[0], middle[1]]]
    ends += [[middle[0], low[1]], [middle[0], high[1]]]
    return mask, np.array(ends)


def made_up(offset, grow, count=24):
    """Lesions whose masks lie by `offset` and are larger than RECIST says."""
    rng = np.random.default_rng(0)
    lesions = []
    for number in range(count):
        turn, (a, b) = rng.uniform(0, np.pi), rng.uniform(5, 12, 2)
        along = np.array([np.cos(turn), np.sin(turn)])
        across = np.array([-along[1], along[0]])
        arms = [-a * along, a * along, -b * across, b * across]
        ends = rng.uniform(28, 36, 2) + np.array(arms)
        drawn = PseudoMask(grow_px=grow, offset_px=offset)
        mask = rasterize(drawn.polygon(ends), SIDE, SIDE)
        given = {
            'patient': f'{number // 2:06d}',
            'lesion_type': 1 + number % 2,
        }
        given['split'] = 'test' if number < 6 else 'train'
        lesions.append(lesion_of(mask, ends, **given))
    return lesions


def test_equal_masks_agree_in_everything():
    found = agreement(lesion_of(*square(20, 20)), PseudoMask('box'))
    assert found['dice'] == found['area_ratio'] == 1
    assert found['mean_mm'] == found['hd95_px'] == 0


def test_squares_two_pixels_apart():
    mask, ends = square(20, 20)
    lesion = lesion_of(mask, ends, spacing=(0.5, 2.0))
    beside = agreement(lesion, PseudoMask('box', offset_px=(2, 0)))
    # 8 of 10 columns in common; 2 columns of 0.5 mm.
    assert beside['dice'] == 0.8
    assert beside['area_ratio'] == 1
    assert beside['hd95_px'] == 2
    assert beside['hd95_mm'] == 1
    below = agreement(lesion, PseudoMask('box', offset_px=(0, 2)))
    assert below['hd95_mm'] == 4
    # 10 x 10 px grown to 12 x 12 px.
    larger = agreement(lesion, PseudoMask('box', grow_px=1))
    assert larger['area_ratio'] == pytest.approx(1.44)
    assert larger['dice'] == pytest.approx(2 * 100 / (100 + 144))
    # 4 of its 44 border pixels are corners, more than 5 %.
    assert larger['hd95_px'] == pytest.approx(np.sqrt(2))
    assert larger['mean_px'] == pytest.approx(
        (36 + 40 + 4 * np.sqrt(2)) / (36 + 44)
    )
    # One pixel at each end, of 0.5 and of 2 mm; the rest is that the outline
    # is measured from corner to corner.
    same = agreement(lesion, PseudoMask('box'))
    assert larger['long_mm'] > same['long_mm'] + 2


def test_boundary_distance_of_lines():
    """Mean over both borders: 5 pixels see 3 px, of 5 others one does."""
    first, second = np.zeros((2, 12, 12), dtype=bool)
    first[2, 3:8] = second[5, 3:8] = True
    assert boundary_distances(first, second, (1, 1)) == (3, 3)
    assert boundary_distances(first, second, (0.5, 9)) == (1.5, 1.5)
    second[2, 3:8] = True
    # A border of 10 pixels of which 5 are 3 px away; the first's is near.
    mean, hd95 = boundary_distances(first, second, (1, 1))
    assert mean == pytest.approx(5 * 3 / 15)
    assert hd95 == 3


def test_many_polygons_give_the_dice_of_each():
    for lesion in made_up((0.3, 0.7), 0.5, count=4):
        masks = [
            PseudoMask(shape, grow_px=grow, offset_px=(x, -x))
            for shape in ('box', 'quarter_ellipses')
            for grow, x in ((0, 0), (1.3, 0.4), (0.2, -7))
        ]
        polygons = [mask.polygon(lesion.ends_px) for mask in masks]
        expected = [agreement(lesion, mask)['dice'] for mask in masks]
        found = dice_of_polygons(lesion, polygons)
        np.testing.assert_allclose(found, expected)


def test_a_human_mask_of_the_annotated_size():
    mask, ends = square(20, 20)
    error = human_recist_error(lesion_of(mask, ends))
    # The diagonal of the outline, 1/8 px inside of the pixels' edges.
    assert error['long_mm'] == pytest.approx(9.75 * np.sqrt(2) - 10)


def test_offset_and_growth_are_found_again():
    lesions = made_up((0.4, 0.8), 0.6)
    bootstrap = PatientBootstrap([lesion.patient for lesion in lesions], 200)
    steps = np.arange(0, 1.01, 0.2).round(1)
    found, masks = tune(
        *(lesions, bootstrap, ['quarter_ellipses', 'box']),
        Grid.of(steps, steps, steps),
    )
    ellipses = found['shapes']['quarter_ellipses']
    best = ellipses['offset, growth']['on_all']
    np.testing.assert_allclose(best['offset_px'], [0.4, 0.8], atol=0.21)
    assert best['grow_px'] == pytest.approx(0.6, abs=0.21)
    assert ellipses['offset, growth']['held_out_dice']['value'] > 0.97
    assert ellipses['offset, growth']['minus_paper']['interval'][0] > 0.05
    official = ellipses['official_split']
    assert (official['tuned_on'], official['tested_on']) == (18, 6)
    assert official['dice']['value'] > 0.97
    gained = official['dice']['value'] - official['paper']['value']
    assert official['minus_paper']['value'] == pytest.approx(gained)
    # Nothing to choose, nothing gained.
    assert ellipses['paper']['chosen'] == [[0, 0, 0]]
    assert ellipses['paper']['minus_paper']['interval'] == [0, 0]
    assert len(masks['box']) == len(lesions)
    shapes = measure_shapes(
        lesions,
        {
            'paper': [PseudoMask()] * len(lesions),
            'tuned': masks['quarter_ellipses'],
        },
        bootstrap,
    )
    tuned = shapes['rows']['tuned']
    held_out = ellipses['offset, growth']['held_out_dice']
    assert tuned['dice'] == held_out
    assert shapes['strata'] == {'10-30 mm': 24, 'bone': 12, 'abdomen': 12}
    assert tuned['strata']['10-30 mm']['dice'] == held_out


def test_the_frame_of_human_masks():
    lesions = made_up((0.25, 0.75), 1.0)
    bootstrap = PatientBootstrap([lesion.patient for lesion in lesions], 200)
    found = measure_human(lesions, bootstrap)
    assert found['dx_px']['value'] == pytest.approx(0.25, abs=0.05)
    assert found['dy_px']['value'] == pytest.approx(0.75, abs=0.05)
    assert found['mean_px']['value'] == pytest.approx(0.5, abs=0.05)
    assert found['growth_px']['value'] == pytest.approx(1.0, abs=0.05)
    low, high = found['mean_px']['interval']
    assert low < found['mean_px']['value'] < high


def test_a_patient_is_in_one_fold_and_chooses_nothing_for_itself():
    patients = [f'{number // 3}' for number in range(30)]
    folds = folds_of(patients, 5)
    assert sorted(np.bincount(folds)) == [6] * 5
    assert (folds.reshape(-1, 3) == folds[::3, None]).all()
    # Setting 1 is best on fold 0 alone, and setting 0 everywhere else.
    table = np.zeros((2, 30))
    table[0, folds != 0] = 1
    table[1, folds == 0] = 9
    chosen = cross_validate(table, np.ones(2, bool), folds)
    assert set(chosen[folds == 0]) == {0}
    assert set(chosen[folds != 0]) == {1}


def test_families_are_nested():
    grid = Grid.of([0.0, 0.5], [0.0, 0.5], [0.0, 1.0])
    assert grid.rows.shape == (8, 3)
    counts = {name: int(m.sum()) for name, m in families(grid.rows).items()}
    assert counts == {
        'paper': 1,
        'growth': 2,
        'offset': 4,
        'one offset, growth': 4,
        'offset, growth': 8,
    }
    mask, ends = square(20, 20)
    table = grid.table([lesion_of(mask, ends)], 'box')
    assert table.shape == (8, 1)
    best = best_setting(table, np.ones(8, bool), grid.rows)
    assert best == {'offset_px': [0, 0], 'grow_px': 0, 'dice_on_all': 1}


def test_lesions_of_one_patient_are_drawn_together():
    bootstrap = PatientBootstrap(['a', 'a', 'b', 'b'], 500)
    found = bootstrap.mean([0, 0, 1, 1])
    assert found['value'] == 0.5
    # Of two patients, one is drawn twice in half of the resamples.
    assert found['interval'] == [0, 1]
    only = bootstrap.mean([0, 0, 1, 1], np.array([True, True, False, False]))
    assert only == {'value': 0, 'interval': [0, 0]}


def test_the_file_of_human_masks(tmp_path):
    mask, ends = square(20, 20)
    entry = {
        'file_name': '000010_02_02_100.png',
        'split': 'test',
        'lesion_type': 5,
        'spacing_mm': [0.5, 0.6, 2.0],
        'recist_csv': (ends + 1).reshape(-1).tolist(),
        'segmentation': encode_mask(mask),
    }
    path = tmp_path / 'key_slices.json'
    write_json(path, {'lesions': [entry]})
    (lesion,) = load_human_lesions(path)
    assert (lesion.patient, lesion.split) == ('000010', 'test')
    assert lesion.lesion_type == 5
    assert lesion.spacing_mm.tolist() == [0.5, 0.6]
    # The file counts pixels from 1.
    assert np.array_equal(lesion.ends_px, ends)
    assert lesion.mask.box_px.tolist() == [19.5, 19.5, 29.5, 29.5]
    entry['segmentation'] = encode_mask(np.zeros_like(mask))
    write_json(path, {'lesions': [entry]})
    with pytest.raises(
        ValueError, match=r'000010_02_02_100.*must have a pixel'
    ):
        load_human_lesions(path)


def test_the_page_is_that_of_the_result():
    document = read_json(RESULT)
    assert page(document) == PAGE.read_text(encoding='utf-8')
    figure = mask_figure(document)
    assert len(figure.axes) == 3


def test_without_real_data_the_benchmark_says_so(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv('MMULDOR_REAL_DATA', str(tmp_path))
    with pytest.raises(SystemExit):
        main([])
    assert 'must have a folder human_masks' in capsys.readouterr().err


def test_the_human_masks_themselves(real_data):
    path = real_data / 'human_masks' / 'key_slices.json'
    if not path.is_file():
        pytest.skip(f'{path} is absent')
    lesions = load_human_lesions(path)
    document = read_json(RESULT)
    for name, shape in (('box', 'box'), ('quarter ellipses',) * 2):
        shape = shape.replace(' ', '_')
        dice = [agreement(v, PseudoMask(shape))['dice'] for v in lesions]
        row = document['shapes']['rows'][name]
        assert np.mean(dice) == pytest.approx(row['dice']['value'])
    # As the paper and as tuned: what the project says of both.
    fitted = PseudoMask(grow_px=0.6, offset_px=(0.4, 0.6))
    dice = [agreement(v, fitted)['dice'] for v in lesions]
    assert np.mean(dice) == pytest.approx(0.888, abs=5e-4)
