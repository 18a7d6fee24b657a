import json

import nibabel
import numpy as np
import pytest

from data_prep.volumes_to_coco import main
from mmuldor.evaluation.volume_froc import evaluate_volume_files
from mmuldor.functional.hounsfield import stored_to_hu
from mmuldor.io.annotations import load_annotations
from mmuldor.io.png import read_png16
from mmuldor.report.phantom_truth import load_outlines
from mmuldor.scans.nifti import read_nifti
from tests.support.masked_volumes import (
    convert,
    everything,
    make,
)


@pytest.fixture
def place(masked_volumes):
    return masked_volumes


def test_key_slices(place, capsys):
    out = convert(place)
    found = everything(out)
    # Slice 3 from the feet of 9 is the sixth from the head.
    assert sorted(found) == [
        'one/005.png', 'one/006.png', 'three/009.png', 'two/004.png',
    ]  # fmt: skip
    image = found['one/006.png']
    assert (image['height'], image['width']) == (32, 40)
    assert image['spacing_mm'] == pytest.approx([0.8, 0.9])
    assert image['slice_interval_mm'] == 2.5
    assert (image['key_slice'], image['slice_range']) == (6, [2, 9])
    # RAS is turned: columns to the left, rows to the back.
    # The larger one begins at a lower slice or row.
    large, small = image['lesions']
    assert small['bbox'] == [39 - 14 - 0.5, 31 - 14 - 0.5, 9, 9]
    assert (large['lesion'], small['lesion']) == (1, 2)
    # Not its largest slice: 5.45 px around the centre.
    assert large['bbox'] == [9 - 5.5, 11 - 5.5, 11, 11]
    assert len({i['split'] for i in found.values()}) == 3
    assert 'zero: no lesion in its mask' in capsys.readouterr().err
    truth = load_outlines(
        out / 'truth.json', load_annotations(out / f'{image["split"]}.json')
    )
    (outline,) = truth[small['id']]
    assert outline.min(axis=0) == pytest.approx([24.625, 16.625])


def test_slices_are_those_of_the_volume(place):
    out = convert(place)
    volume, _ = read_nifti(place / 'images' / 'one.nii.gz')
    names = sorted(p.name for p in (out / 'Images_png' / 'one').iterdir())
    assert names == [f'{n:03d}.png' for n in range(2, 10)]
    for number in (2, 9):
        hu = stored_to_hu(
            read_png16(out / 'Images_png' / 'one' / f'{number:03d}.png')
        )
        assert (hu == volume.hu[9 - number]).all()


def test_masks_along_other_axes_lie_where_they_lay(place):
    """Every annotated box is bright inside, in any orientation."""
    out = convert(place, '--every-slice')
    found = everything(out)
    assert len(found) > 10
    for name, image in found.items():
        hu = stored_to_hu(read_png16(out / 'Images_png' / name))
        bright = np.zeros_like(hu, dtype=bool)
        for lesion in image['lesions']:
            x, y, w, h = lesion['bbox']
            columns = slice(round(x + 0.5), round(x + w + 0.5))
            rows = slice(round(y + 0.5), round(y + h + 0.5))
            bright[rows, columns] = True
            inside = hu[rows, columns]
            for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
                assert (edge == 100).any()
        assert not (hu[~bright] == 100).sum() > 3


def test_boxes_in_space_are_found_by_themselves(place):
    out = convert(place)
    document = json.loads((out / 'volumes.json').read_text())
    one = document['volumes'][0]
    assert one['name'] == 'one'
    large, small = one['lesions']
    assert (large['key_slice'], small['key_slice']) == (4, 3)
    assert small['box_mm'] == pytest.approx(
        [24.5 * 0.8, 16.5 * 0.9, 1.5 * 2.5, 33.5 * 0.8, 25.5 * 0.9, 4.5 * 2.5]
    )
    for volume in document['volumes']:
        folder = place / 'found' / volume['name']
        folder.mkdir(parents=True)
        scored = [{**x, 'score': 0.5} for x in volume['lesions']]
        content = {**volume, 'lesions': scored, 'source': volume['file']}
        (folder / 'lesions.json').write_text(json.dumps(content))
    done = evaluate_volume_files(
        out / 'volumes.json', [place / 'found'], iou_thr=1
    )
    assert done.summary.max_sensitivity == 1
    assert done.counts['volumes_without_lesions'] == 1


def test_options(place):
    out = convert(
        place, '--labels', 1, '--min-diameter-mm', 9, '--box-margin-px', 5,
        '--neighbours', 0, '--window', -100, 50, '--split', 1, 0, 0,
    )  # fmt: skip
    (name, image), *more = everything(out).items()
    # The ball at the lowest slice is cut, that of label 3 is not asked for.
    assert [n for n, _ in more] == ['three/009.png']
    assert name == 'one/005.png'
    assert image['slice_range'] == [5, 5]
    assert image['window_hu'] == [-100, 50]
    (lesion,) = image['lesions']
    # Around (9, 11), 6 px and 5 more, within the image.
    assert lesion['bbox'] == [-0.5, -0.5, 21, 23]
    assert len(list((out / 'Images_png').rglob('*.png'))) == 2


def cropped(mask):
    return mask.slicer[1:]


def shifted(mask):
    affine = mask.affine.copy()
    affine[0, 3] += 0.5
    return nibabel.Nifti1Image(np.asarray(mask.dataobj), affine)


def four(mask):
    data = np.stack([np.asarray(mask.dataobj)] * 2, axis=-1)
    return nibabel.Nifti1Image(data, mask.affine)


def probable(mask):
    data = np.asarray(mask.dataobj) * np.float32(0.4)
    return nibabel.Nifti1Image(data, mask.affine)


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        (cropped, r'must lie on the grid of .*40 x 32 x 9.*has 39 x 32 x 9'),
        (shifted, r'must lie on the grid of .*Resample the mask'),
        (four, r'three axes, but has the shape \(40, 32, 9, 2\)'),
        (probable, r'whole numbers from 0.*Probabilities need a threshold'),
    ],
)
def test_wrong_masks(place, change, match, capsys):
    balls = [((10, 10, 3), 4, 1)]
    make(place, 'bad', balls, change=change)
    with pytest.raises(ValueError, match=rf'masks/bad\.nii\.gz.*{match}'):
        convert(place)
    assert sorted(p.name for p in place.iterdir()) == ['images', 'masks']
    out = convert(place, '--bad-volumes', 'drop')
    (dropped,) = json.loads((out / 'report.json').read_text())['dropped']
    assert dropped['name'] == 'bad'
    assert 'warning: dropped bad: ' in capsys.readouterr().err


@pytest.fixture
def raised(place):
    """Of `place`, with 2048 added to a volume."""
    path = place / 'images' / 'two.nii.gz'
    image = nibabel.load(path)
    raw = np.asarray(image.dataobj) + 2048
    nibabel.save(nibabel.Nifti1Image(raw, image.affine), place / 'two.nii.gz')
    (place / 'two.nii.gz').replace(path)
    return place


def test_values_that_are_no_hu(raised, capsys):
    with pytest.raises(ValueError, match=r'two\.nii\.gz must hold H.*2048'):
        convert(raised)
    convert(raised, '--bad-volumes', 'drop', '--split', 1, 0, 0)
    assert 'dropped two: ' in capsys.readouterr().err


def test_values_that_a_user_accepts(raised, capsys):
    out = convert(raised, '--accept-values')
    assert 'accepted as HU, as requested' in capsys.readouterr().err
    report = json.loads((out / 'report.json').read_text())
    assert report['options']['accept_values'] is True


def test_doubtful_values_are_noted(place, capsys):
    path = place / 'images' / 'two.nii.gz'
    image = nibabel.load(path)
    clipped = np.clip(np.asarray(image.dataobj), -700, 240)
    nibabel.save(nibabel.Nifti1Image(clipped, image.affine), path)
    convert(place)
    said = capsys.readouterr().err
    assert 'two: ' in said
    assert 'clipped to a window' in said


def test_another_unit_is_noted(place, capsys):
    for kind in ('images', 'masks'):
        path = place / kind / 'two.nii.gz'
        image = nibabel.load(path)
        affine = np.diag([1000, 1000, 1000, 1]) @ image.affine
        data = np.asarray(image.dataobj)
        image = nibabel.Nifti1Image(data, affine)
        if kind == 'images':
            image.header.set_xyzt_units('micron')
        nibabel.save(image, path)
    out = convert(place)
    assert (
        'two.nii.gz: its unit of length, the micro' in capsys.readouterr().err
    )
    volumes = json.loads((out / 'volumes.json').read_text())['volumes']
    (two,) = [volume for volume in volumes if volume['name'] == 'two']
    assert two['spacing_mm'] == pytest.approx([0.8, 0.9, 2.5])


def test_pairs(place):
    (place / 'images' / 'one.nii.gz').rename(
        place / 'images' / 'one_0000.nii.gz'
    )
    assert 'one/005.png' in everything(convert(place))


def test_user_mistakes(place, tmp_path):
    out = convert(place)
    with pytest.raises(FileExistsError, match=r'new or an empty folder'):
        convert(place)
    assert (out / 'train.json').is_file()
    (place / 'masks' / 'zero.nii.gz').rename(place / 'masks' / 'zero2.nii.gz')
    with pytest.raises(FileNotFoundError, match=r'zero\.nii\.gz must have a'):
        convert(place)
    (place / 'images' / 'zero.nii.gz').unlink()
    with pytest.raises(ValueError, match=r'1 have none.*zero2'):
        convert(place)


def test_several_labels_are_asked_for(place, capsys):
    words = ('--images', place / 'images', '--masks', place / 'masks')
    words = [str(word) for word in (*words, '--out', place / 'out')]
    with pytest.raises(
        ValueError, match=r'labels: 1 \(in \d so far\), 3 .*`--labels 3`'
    ):
        main(words)
    assert not (place / 'out').exists()
    main([*words, '--labels', '1', '--split', '1', '0', '0'])
    report = json.loads((place / 'out/report.json').read_text())
    assert report['left_out_labels'] == {'3': 1}
    assert 'other labels: 3 in 1 masks' in capsys.readouterr().err
    # Numbered lesions are lesions all.
    main([*words[:-1], str(place / 'instances'), '--instances'])


@pytest.mark.parametrize(
    ('flags', 'match'),
    [
        (('--labels', 7), r'none of 4 does. Are `--labels`'),
        (('--labels', 3), r'3 splits need 3 patients .* there is 1\.'),
    ],
)
def test_wrong_arguments(place, flags, match):
    with pytest.raises((ValueError, OSError), match=match):
        convert(place, *flags)
    with pytest.raises(OSError, match='`--images` must be an existing fold'):
        convert(place, images='nowhere')
    assert not (place / 'out').exists()


def test_real_ct(real_data, tmp_path):
    """Bones as lesions: odd shapes, on real slices."""
    source = real_data / 'nifti' / 'aorta_ct_cropped.nii.gz'
    image = nibabel.load(source)
    bones = (np.asarray(image.dataobj) > 450).astype(np.uint8)
    for folder in ('images', 'masks'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'images' / 'a.nii.gz').write_bytes(source.read_bytes())
    nibabel.save(
        nibabel.Nifti1Image(bones, image.affine), tmp_path / 'masks/a.nii'
    )
    out = convert(tmp_path, '--split', 1, 0, 0, '--min-diameter-mm', 8)
    document = load_annotations(out / 'train.json')
    assert len(document['annotations']) > 20
    truth = load_outlines(out / 'truth.json', document)
    volume, _ = read_nifti(source)
    for image in document['images']:
        hu = stored_to_hu(read_png16(out / 'Images_png' / image['file_name']))
        assert (hu == volume.hu[len(volume.hu) - image['key_slice']]).all()
        for lesion in document['annotations']:
            if lesion['image_id'] != image['id']:
                continue
            x, y, w, h = lesion['bbox']
            points = np.vstack(
                [np.reshape(lesion['recist_px'], (4, 2)), *truth[lesion['id']]]
            )
            assert (points >= (x, y)).all()
            assert (points <= (x + w, y + h)).all()
