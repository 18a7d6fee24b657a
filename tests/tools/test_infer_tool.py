"""`tools/infer.py` on a small scan with an untrained model."""

import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path

import highdicom as hd
import mmdet
import nibabel
import numpy as np
import pydicom
import pytest
import torch

import mmuldor
from mmuldor.apis.infer import infer_scan
from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.json_files import write_json
from mmuldor.io.png import write_png16
from mmuldor.ops.info import backend
from tests.support.ct_slices import ct_slice
from tools.infer import main

SHAPE = (40, 48, 4)


def test_files_of_a_scan(noise_scan, narrow_config, narrow_weights, tmp_path):
    out = tmp_path / 'out'
    lesions, notes = infer_scan(
        *(noise_scan, narrow_config, narrow_weights, out),
        score_thr=0.0,
        device='cpu',
        max_pictures=2,
    )
    assert notes == []
    assert len(lesions) > 2
    document = json.loads((out / 'lesions.json').read_text())
    assert len(document['lesions']) == len(lesions)
    rows = (out / 'lesions.csv').read_text().splitlines()
    assert len(rows) == 1 + len(lesions)
    assert sorted(path.name for path in out.glob('*.png')) == [
        'lesion_001.png',
        'lesion_002.png',
    ]
    page = (out / 'report.html').read_text()
    assert page.count('type="text/plain" class="hu">') == SHAPE[2]
    assert not (out / 'lesions.dcm').exists()
    # The labels lie where the scan lies, and the first one where it is said.
    labels, image = (
        nibabel.load(out / 'labels.nii.gz'),
        nibabel.load(noise_scan),
    )
    assert labels.shape[::-1] == tuple(document['shape'])
    turn = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(labels.affine),
        nibabel.io_orientation(image.affine),
    )
    back = labels.as_reoriented(turn)
    # NIfTI holds affines in single precision.
    assert np.allclose(back.affine, image.affine, atol=1e-5)
    assert np.asarray(back.dataobj).max() <= len(lesions)


def test_beside_the_truth(noise_scan, narrow_config, narrow_weights, tmp_path):
    out, truth = tmp_path / 'out', tmp_path / 'volumes.json'
    options = {'score_thr': 0.0, 'device': 'cpu', 'max_pictures': 0}
    model = (noise_scan, narrow_config, narrow_weights, out)
    found, _ = infer_scan(*model, **options)
    document = json.loads((out / 'lesions.json').read_text())
    volume = {key: document[key] for key in ('shape', 'spacing_mm')}
    volume |= {'affine_lps': document['affine_lps'], 'split': 'val'}
    # One that was found, and one in the lowest corner, which nothing hits.
    boxes = [document['lesions'][0]['box_mm'], [0, 0, 0, 0.2, 0.2, 0.1]]
    volume['lesions'] = [{'box_mm': box} for box in boxes]
    name = noise_scan.name.removesuffix('.nii.gz')
    write_json(truth, {'volumes': [{**volume, 'name': name}]})
    lesions, notes = infer_scan(*model, truth=truth, **options)
    assert (len(lesions), notes) == (len(found), [])
    page = (out / 'report.html').read_text()
    assert page.count('"match":"finding"') == 1
    assert page.count('"match":"missed"') == 1
    write_json(truth, {'volumes': [{**volume, 'name': 'other'}]})
    _, notes = infer_scan(*model, truth=truth, **options)
    assert 'volumes.json has no volume of the name of this scan' in notes[0]
    assert '"match":"missed"' not in (out / 'report.html').read_text()


def test_provenance(noise_scan, narrow_config, narrow_weights, tmp_path):
    out, path = tmp_path / 'out', tmp_path / 'model.py'
    narrow_config.dump(path)
    argv = [str(noise_scan), str(path), narrow_weights, '--out', str(out)]
    argv += ['--device', 'cpu', '--score-thr', '0.25', '--step-mm', '6']
    main([*argv, '--whole-slices'])
    facts = json.loads((out / 'lesions.json').read_text())['provenance']
    weights = hashlib.sha256(Path(narrow_weights).read_bytes()).hexdigest()
    assert facts['checkpoint'] == {'name': 'w.pth', 'sha256': weights}
    assert facts['config']['name'] == 'model.py'
    assert facts['mmuldor'] == mmuldor.__version__
    assert facts['torch'] == torch.__version__
    assert facts['mmdet'] == mmdet.__version__
    assert facts['device'] == 'cpu'
    assert facts['operators'] == backend()
    assert (facts['score_thr'], facts['step_mm']) == (0.25, 6)
    assert facts['crop_to_body'] is False
    assert (
        facts['calibration'] is facts['views'] is facts['series_uid'] is None
    )
    began = datetime.fromisoformat(facts['date'])
    assert began.utcoffset() is not None
    age = (datetime.now(timezone.utc) - began).total_seconds()
    assert 0 < facts['duration_s'] <= age + 1
    page = (out / 'report.html').read_text()
    assert f'"model.py, w.pth, SHA-256 {weights[:8]}"' in page
    log = (out / 'infer.log').read_text()
    assert f'checkpoint: name w.pth, sha256 {weights}\n' in log
    assert f'scan: {noise_scan}\n' in log


def test_values_that_a_user_accepts(
    narrow_config, narrow_weights, tmp_path, capsys
):
    """A phantom of one value; the note reaches the files."""
    scan, path = tmp_path / 'water.nii.gz', tmp_path / 'model.py'
    water = np.zeros((40, 48, 4), np.int16)
    nibabel.save(nibabel.Nifti1Image(water, np.eye(4)), scan)
    narrow_config.dump(path)
    argv = [str(scan), str(path), narrow_weights]
    argv += ['--device', 'cpu', '--out', str(tmp_path / 'out')]
    with pytest.raises(SystemExit):
        main(argv)
    assert 'as of a phantom, give --accept-values' in capsys.readouterr().err
    main([*argv, '--accept-values'])
    said = capsys.readouterr().out
    note = 'an 8-bit picture; they are accepted as HU, as requested'
    assert note in said
    document = json.loads((tmp_path / 'out/lesions.json').read_text())
    assert any(text.endswith(note) for text in document['notes'])
    assert document['provenance']['accept_values'] is True


def test_any_flip_gives_the_same_lesions(
    noise_scan, narrow_config, narrow_weights, tmp_path
):
    image = nibabel.load(noise_scan)
    turn = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(image.affine),
        nibabel.orientations.axcodes2ornt(('S', 'L', 'A')),
    )
    nibabel.save(image.as_reoriented(turn), tmp_path / 'turned.nii')
    found = [
        infer_scan(
            *(path, narrow_config, narrow_weights, tmp_path / path.name[:4]),
            score_thr=0.0,
            device='cpu',
            max_pictures=0,
        )[0]
        for path in (noise_scan, tmp_path / 'turned.nii')
    ]
    assert len(found[0]) == len(found[1]) > 0
    for a, b in zip(*found, strict=True):
        assert a.score == pytest.approx(b.score, abs=1e-6)
        assert a.center_lps_mm == pytest.approx(b.center_lps_mm, abs=1e-4)
        assert a.long_mm == pytest.approx(b.long_mm, abs=1e-4)


def test_png_slices(narrow_config, narrow_weights, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for number in (1, 2, 4):
        hu = rng.normal(0, 200, (40, 48)).astype(np.float32)
        path = tmp_path / 'slices' / f'{number:03d}.png'
        write_png16(path, hu_to_stored(hu))
    narrow_config.dump(tmp_path / 'config.py')
    main(
        [
            *(str(tmp_path / 'slices'), str(tmp_path / 'config.py')),
            *(
                narrow_weights,
                '--out',
                str(tmp_path / 'out'),
                '--device',
                'cpu',
            ),
            *('--spacing', '0.8', '0.8', '2', '--score-thr', '0.99'),
        ]
    )
    said = capsys.readouterr().out
    assert 'note: 1 missing slices interpolated' in said
    assert '0 lesions, written to' in said
    assert (tmp_path / 'out' / 'labels.nii.gz').is_file()
    log = (tmp_path / 'out' / 'infer.log').read_text()
    assert 'note: 1 missing slices interpolated\n' in log
    assert 'requested_spacing_mm: [0.8, 0.8, 2.0]\n' in log


def write_series(folder):
    """A CT series of noise, the files not in the order of the slices."""
    rng = np.random.default_rng(0)
    for number in (0, 1, 2, 4):
        data = ct_slice(
            rng.integers(0, 2000, (48, 40), np.uint16),
            FrameOfReferenceUID='1.9',
            PixelSpacing=[0.8, 0.9],
            ImagePositionPatient=[0, 0, 3.0 * number],
        )
        folder.mkdir(exist_ok=True)
        data.save_as(folder / f'{9 - number}.dcm', enforce_file_format=True)


def test_a_dicom_series_gets_a_segmentation(
    narrow_config, narrow_weights, tmp_path
):
    write_series(tmp_path / 'ct')
    out = tmp_path / 'out'
    lesions, notes = infer_scan(
        *(tmp_path / 'ct', narrow_config, narrow_weights, out),
        score_thr=0.0,
        device='cpu',
        max_pictures=0,
    )
    seg = hd.seg.segread(out / 'lesions.dcm')
    assert 0 < seg.number_of_segments <= len(lesions)
    # The first lesion's segment shows where the labels show it: there it
    # covers all others. The fourth slice was filled in and has no frame.
    labels = np.asarray(nibabel.load(out / 'labels.nii.gz').dataobj).T
    first = seg.get_volume(segment_numbers=[1], combine_segments=True)
    number = int(seg.get_segment_description(1).segment_label.split()[1])
    there = [0, 1, 2, 4]
    assert number == 1
    assert first.array.sum() == (labels[there] == 1).sum() > 0
    assert notes[0] == '1 missing slices interpolated'
    document = json.loads((out / 'lesions.json').read_text())
    assert document['notes'] == notes
    assert document['provenance']['frame_of_reference_uid'] == '1.9'
    # As the pictures and the SEG say it: slice k of 0, 1, 2, 4 is 3 k mm up.
    uids = {
        str(data.SOPInstanceUID): round(data.ImagePositionPatient[2] / 3)
        for data in map(pydicom.dcmread, (tmp_path / 'ct').iterdir())
    }
    for lesion in document['lesions']:
        source = lesion['key_slice_source']
        if source is None:
            assert lesion['key_slice'] == 3
        else:
            uid = source['sop_instance_uid']
            assert uids[uid] == lesion['key_slice']
    assert '1 missing slices interpolated' in (out / 'report.html').read_text()


@pytest.mark.parametrize(
    ('name', 'match'),
    [
        ('nothing.nii', 'must be an existing file'),
        ('scan.txt', r'must be a \.nii or \.nii\.gz file, .* or a folder'),
        ('slices', 'Give the spacing'),
        ('empty', 'must hold DICOM files'),
    ],
)
def test_what_is_no_scan(narrow_config, tmp_path, name, match):
    (tmp_path / 'scan.txt').write_text('no scan')
    (tmp_path / 'empty').mkdir()
    write_png16(
        tmp_path / 'slices/001.png', np.full((4, 4), 32768, dtype=np.uint16)
    )
    with pytest.raises((ValueError, OSError), match=match):
        infer_scan(tmp_path / name, narrow_config, 'w.pth', tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('out', ['.', 'scan.nii.gz', 'scan.nii.gz/out'])
def test_results_go_apart_from_the_scan(
    noise_scan, narrow_config, tmp_path, out
):
    """Said before the checkpoint, which does not exist, is looked for."""
    with pytest.raises(ValueError, match='folder of their own'):
        infer_scan(noise_scan, narrow_config, 'w.pth', noise_scan.parent / out)
    assert noise_scan.is_file()


def test_a_failed_run_leaves_the_last_results(
    noise_scan, narrow_config, narrow_weights, tmp_path
):
    out = tmp_path / 'out'
    infer_scan(noise_scan, narrow_config, narrow_weights, out, device='cpu')
    before = {path: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(FileNotFoundError):
        infer_scan(noise_scan, narrow_config, 'no.pth', out, device='cpu')
    assert {path: path.read_bytes() for path in out.iterdir()} == before
