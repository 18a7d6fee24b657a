"""Every file of a scan's lesions, and that they agree."""

import csv
import json
import os
import re

import highdicom as hd
import nibabel
import numpy as np
import pytest

from mmuldor.functional.masks import largest_piece
from mmuldor.scans import outputs
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.outputs import check_output_folder, write_outputs
from mmuldor.scans.reading import read_scan
from mmuldor.scans.volume import Volume
from tests.support.dicom_series import INTERVAL, SPACING, write_slice
from tests.support.killed import kill_at

SIDE = 24
VOXEL_ML = SPACING[0] * SPACING[1] * INTERVAL / 1000


@pytest.fixture
def volume(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(5):
        hu = rng.integers(-1000, 1000, (SIDE, SIDE)).astype(np.int16)
        write_slice(
            tmp_path / 'ct',
            number,
            hu=hu,
            FrameOfReferenceUID='1.9',
        )
    return read_scan(tmp_path / 'ct')[0]


def lesions_of(volume, masks=True):
    """Two that do not overlap; the masks have pieces and holes."""
    rng = np.random.default_rng(0)
    lesions = []
    for x, score in ((0, 0.9), (12, 0.6)):
        found = []
        for k in (1, 2, 3):
            mask = np.zeros((SIDE, SIDE), dtype=bool)
            mask[4:20, x : x + 11] = rng.random((16, 11)) < 0.5
            piece = largest_piece(mask) if masks else None
            box = np.array([x - 0.5, 3.5, x + 10.5, 19.5])
            found.append(SliceDetection(k, box, score, piece))
        lesions.append(measure_lesion(found, volume.affine))
    return lesions


def volumes_in(folder):
    """The volume of each lesion in ml, by the file that states it."""
    document = json.loads((folder / 'lesions.json').read_text())
    with open(folder / 'lesions.csv', newline='') as file:
        rows = list(csv.DictReader(file))
    labels = np.asarray(nibabel.load(folder / 'labels.nii.gz').dataobj)
    page = (folder / 'report.html').read_text()
    return {
        'json': [lesion['volume_ml'] for lesion in document['lesions']],
        'csv': [float(row['volume_ml']) for row in rows],
        'labels': [(labels == n).sum() * VOXEL_ML for n in (1, 2)],
        'page': [float(v) for v in re.findall(r'"volume_ml":([\d.]+)', page)],
    }


def test_all_files_state_one_volume(volume, tmp_path):
    out = tmp_path / 'out'
    assert write_outputs(out, lesions_of(volume), volume) == []
    volumes = volumes_in(out)
    cube = hd.seg.segread(out / 'lesions.dcm').get_volume(
        combine_segments=False
    )
    voxels = cube.array.sum(axis=(0, 1, 2))
    volumes['segmentation'] = (voxels * VOXEL_ML).tolist()
    expected = volumes['labels']
    assert min(expected) > 0
    for name, found in volumes.items():
        assert found == pytest.approx(expected, abs=0.005), name
    assert volumes['json'] == pytest.approx(expected, abs=0.00005)
    assert volumes['segmentation'] == pytest.approx(expected)


def test_the_files_of_a_dicom_series(volume, tmp_path):
    out = tmp_path / 'new' / 'out'
    steps = []

    def progress(items, total, text):
        steps.append((text, total))
        return items

    write_outputs(
        *(out, lesions_of(volume), volume),
        max_figures=1,
        progress=progress,
    )
    assert sorted(path.name for path in out.iterdir()) == [
        *('infer.log', 'labels.nii.gz', 'lesion_001.png', 'lesions.csv'),
        *('lesions.dcm', 'lesions.json', 'lesions.mrk.json'),
        *('lesions_sr.dcm', 'report.html'),
    ]
    assert steps == [('drawing', 1), ('writing report', 5)]


def test_the_files_have_one_name_for_a_lesion(volume, tmp_path):
    facts = {'score_thr': 0.3, 'checkpoint': {'sha256': 'ab12'}}
    lesions = lesions_of(volume)
    write_outputs(tmp_path, lesions, volume, provenance=lambda: facts)
    document = json.loads((tmp_path / 'lesions.json').read_text())
    names = [lesion['tracking_uid'] for lesion in document['lesions']]
    seg = hd.seg.segread(tmp_path / 'lesions.dcm')
    # In no order of its own.
    assert dict(seg.get_tracking_ids()) == {
        f'Lesion {number}': uid for number, uid in enumerate(names, start=1)
    }
    report = hd.sr.srread(tmp_path / 'lesions_sr.dcm')
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert [group.tracking_uid for group in groups] == names
    texts = {
        item.value
        for item in hd.sr.utils.find_content_items(
            report, value_type='TEXT', recursive=True
        )
    }
    assert {'score_thr 0.3', 'checkpoint sha256 ab12'} <= texts


def test_reports_have_the_highest_scoring_lesions(
    volume, tmp_path, monkeypatch
):
    monkeypatch.setattr(outputs, 'MAX_REPORTED', 1)
    notes = write_outputs(tmp_path / 'out', lesions_of(volume), volume)
    assert notes == [
        'lesions_sr.dcm and lesions.mrk.json: the 1 highest-scoring of 2 '
        'lesions'
    ]
    markups = json.loads((tmp_path / 'out' / 'lesions.mrk.json').read_text())
    assert [m['name'][:8] for m in markups['markups']] == ['Lesion 1'] * 3
    report = hd.sr.srread(tmp_path / 'out' / 'lesions_sr.dcm')
    (group,) = report.content.get_volumetric_roi_measurement_groups()
    assert group.tracking_identifier == 'Lesion 1'
    plain = Volume(volume.hu, volume.affine, 'scan.nii.gz')
    notes = write_outputs(tmp_path / 'out', lesions_of(plain), plain)
    assert notes == ['lesions.mrk.json: the 1 highest-scoring of 2 lesions']


def test_another_scan_has_no_segmentation(volume, tmp_path):
    plain = Volume(volume.hu, volume.affine, 'scan.nii.gz')
    write_outputs(tmp_path / 'out', lesions_of(plain), plain)
    assert not (tmp_path / 'out' / 'lesions.dcm').exists()
    assert not (tmp_path / 'out' / 'lesions_sr.dcm').exists()
    assert (tmp_path / 'out' / 'lesion_002.png').is_file()


def test_notes_go_into_page_and_json(volume, tmp_path):
    notes = ['1 missing slices interpolated']
    lesions = lesions_of(volume, masks=False)
    found = write_outputs(tmp_path, lesions, volume, notes)
    assert found == [
        '1 missing slices interpolated',
        'lesions.dcm was not written: no lesion has a mask',
    ]
    assert notes == found[:1]
    document = json.loads((tmp_path / 'lesions.json').read_text())
    assert document['notes'] == found
    assert found[1] in (tmp_path / 'report.html').read_text()


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_nothing_of_another_scan_is_left(volume, tmp_path):
    out = tmp_path / 'out'
    write_outputs(out, lesions_of(volume), volume)
    foreign = {'notes.txt', 'lesion_x.png', 'lesion_01.png', 'lesions.dcm.bak'}
    for name in foreign:
        (out / name).write_text('mine')
    (out / 'sub').mkdir()
    (out / 'sub' / 'lesions.json').write_text('mine')
    plain = Volume(volume.hu, volume.affine, 'scan.nii.gz')
    write_outputs(out, [], plain)
    assert set(names_in(out)) == foreign | {
        *('infer.log', 'labels.nii.gz', 'lesions.csv', 'lesions.json'),
        *('lesions.mrk.json', 'report.html', 'sub'),
    }
    assert {(out / name).read_text() for name in foreign} == {'mine'}
    assert (out / 'sub' / 'lesions.json').read_text() == 'mine'
    assert names_in(tmp_path) == ['ct', 'out']


def test_killed_at_any_moment_no_two_scans_are_mixed(volume, tmp_path):
    """The first has a SEG and pictures, the second neither."""
    out = tmp_path / 'out'
    plain = Volume(volume.hu, volume.affine, 'scan.nii.gz')
    write_outputs(out, [], plain)
    new = contents(out)
    write_outputs(out, lesions_of(volume), volume)
    old = contents(out)
    number, killed, unmarked = 0, True, 0
    while killed:
        killed = kill_at(number, lambda: write_outputs(out, [], plain))
        left = contents(out)
        if 'lesions.json' in left:
            assert left in (old, new)
        else:
            unmarked += 1
            assert list(tmp_path.rglob('lesions.json')) == []
        for name in left:
            (out / name).unlink()
        for name, data in old.items():
            (out / name).write_bytes(data)
        number += 1
    assert left == new
    assert unmarked > len(old)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ('scan', 'out', 'match'),
    [
        ('a', 'a', 'holds the scan'),
        ('a', 'a/out', 'lies in the folder of the scan'),
        ('a/b', 'a', 'holds the scan'),
        ('a/scan.nii', 'a', 'holds the scan'),
        ('a/scan.nii', 'a/scan.nii', 'holds the scan'),
        ('a', 'link/out', 'lies in the folder of the scan'),
        ('a/scan.nii', 'a/out', None),
        ('a', 'ab', None),
    ],
)
def test_outputs_lie_apart_from_the_scan(tmp_path, scan, out, match):
    (tmp_path / 'a' / 'b').mkdir(parents=True)
    (tmp_path / 'link').symlink_to(tmp_path / 'a')
    places = tmp_path / out, tmp_path / scan
    if match is None:
        check_output_folder(*places)
        return
    with pytest.raises(ValueError, match=match):
        check_output_folder(*places)


@pytest.mark.parametrize('kind', ['dicom', 'nifti'])
def test_folders_whose_names_are_no_utf8(volume, tmp_path, kind):
    """Every file is written, and text is UTF-8 for any reader."""
    name = os.fsdecode(b'caf\xe9')
    source = tmp_path / name / (name if kind == 'dicom' else f'{name}.nii.gz')
    source.parent.mkdir()
    if kind == 'dicom':
        (tmp_path / 'ct').rename(source)
    else:
        affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.affine
        image = nibabel.Nifti1Image(volume.hu.T, affine)
        nibabel.save(image, source)
    read, notes = read_scan(source)
    out = tmp_path / name / 'out'
    lesions = lesions_of(read)
    notes = write_outputs(out, lesions, read, [*notes, f'{name} is no image'])
    assert len(names_in(out)) == (10 if kind == 'dicom' else 8)
    document = json.loads((out / 'lesions.json').read_text())
    assert document['source'] == str(source)
    page = (out / 'report.html').read_text(encoding='utf-8')
    assert f'<title>Lesions of {source.name[:3]}\\xe9' in page
    assert 'caf\\\\xe9 is no image' in page
    log = (out / 'infer.log').read_text(encoding='utf-8')
    assert 'note: caf\\xe9 is no image\n' in log
    with open(out / 'lesions.csv', encoding='utf-8', newline='') as file:
        assert 'caf\\xe9' in next(csv.DictReader(file))['scan']
    assert np.asarray(nibabel.load(out / 'labels.nii.gz').dataobj).max() == 2
    if kind == 'dicom':
        assert hd.seg.segread(out / 'lesions.dcm').number_of_segments == 2
