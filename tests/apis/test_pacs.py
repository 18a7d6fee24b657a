"""The detector of a PACS on a small series, with an untrained model."""

import json

import highdicom as hd
import numpy as np
import pydicom
import pytest

from mmuldor.apis.infer import load_inference
from mmuldor.apis.many_scans.done import model_key
from mmuldor.apis.pacs import SeriesModel
from mmuldor.apis.scan_inference import InferenceSettings
from mmuldor.pacs.kinds import OtherSeriesError
from mmuldor.pacs.results import set_uids
from mmuldor.pacs.uids import result_uids
from tests.apis.test_infer_with_calibration import calibration_of
from tests.support.pacs.phantom_series import files_of
from tools import infer, pacs


@pytest.fixture
def inference(narrow_config, narrow_weights):
    narrow_config.model.test_cfg.rcnn.max_per_img = 2
    settings = InferenceSettings(score_thr=0.05, device='cpu')
    return load_inference(narrow_config, narrow_weights, settings)


def write(folder):
    folder.mkdir()
    hu = np.random.default_rng(0).normal(-50, 200, (3, 48, 40)).astype(int)
    for number, data in enumerate(files_of(hu, '1.2.3.1')):
        (folder / f'{number}.dcm').write_bytes(data)
    return folder


def test_results_have_their_uids_and_can_be_read(inference, tmp_path):
    model, out = SeriesModel(inference), tmp_path / 'out'
    out.mkdir()
    found = model(write(tmp_path / 'ct'), '1.2.3.1', out)
    uids = result_uids('1.2.3.1', model.key)
    assert set_uids(out, uids) == 2
    segmentation = hd.seg.segread(out / 'lesions.dcm')
    assert segmentation.SOPInstanceUID == uids.segmentation
    report = hd.sr.srread(out / 'lesions_sr.dcm')
    assert report.SOPInstanceUID == uids.report
    groups = report.content.get_volumetric_roi_measurement_groups()
    assert len(groups) == found.lesions > 0
    # The report refers to the segmentation by its new UID.
    (told,) = {
        group.referenced_segment.referenced_sop_instance_uid
        for group in groups
    }
    assert told == uids.segmentation


def told(path):
    """Tags and values of an object, without UIDs, dates and times."""
    lines = str(pydicom.dcmread(path)).splitlines()
    kinds = (' UI: ', ' DA: ', ' TM: ', ' DT: ', ' UIDREF: ')
    # The first element of the file is the length of others, UIDs among them.
    left = [line for line in lines if not line.startswith('(0002,0000)')]
    return [line for line in left if not any(k in line for k in kinds)]


def test_results_are_those_of_infer_with_the_same_options(
    narrow_config, narrow_weights, tmp_path, monkeypatch
):
    narrow_config.model.test_cfg.rcnn.max_per_img = 2
    narrow_config.tta = {'flips': ['horizontal'], 'slice_offsets_mm': [0.0]}
    narrow_config.dump(tmp_path / 'model.py')
    fitted = tmp_path / 'calibration.json'
    fitted.write_text(json.dumps(calibration_of('volume')))
    folder = write(tmp_path / 'ct')
    model = (str(tmp_path / 'model.py'), narrow_weights, '--device', 'cpu')
    captured = []
    monkeypatch.setattr(
        'mmuldor.apis.pacs.serve_pacs',
        lambda *args, **settings: captured.append((args, settings)) or {},
    )
    found = {}
    for number, options in enumerate(
        (
            '--calibration FILE --fps 9 --tta',
            '--score-thr 0.05 --step-mm 10 --whole-slices --batch-size 1',
        )
    ):
        words = options.replace('FILE', str(fitted)).split()
        out = tmp_path / f'infer{number}'
        infer.main([str(folder), *model, '--out', str(out), *words])
        url = ('--dicomweb', 'http://localhost/', '--work', str(tmp_path))
        with pytest.raises(SystemExit, match='0'):
            pacs.main([*model, *url, *words])
        (_, config, weights, *_), given = captured[-1]
        detector = load_inference(config, weights, given['settings'])
        here = tmp_path / f'pacs{number}'
        here.mkdir()
        SeriesModel(detector)(folder, '1.2.3.1', here)
        found[options] = told(here / 'lesions_sr.dcm')
        assert found[options] == told(out / 'lesions_sr.dcm')
        both = [place / 'lesions.dcm' for place in (here, out)]
        assert told(both[0]) == told(both[1])
        masks = [pydicom.dcmread(path).PixelData for path in both]
        assert masks[0] == masks[1]
    assert len(set(map(tuple, found.values()))) == 2


def test_other_series_are_left_to_others(inference, tmp_path):
    model = SeriesModel(inference)
    folder = tmp_path / 'coronal'
    folder.mkdir()
    hu = np.random.default_rng(0).normal(-50, 200, (3, 48, 40)).astype(int)
    for number, pixels in enumerate(hu):
        (data,) = files_of(
            pixels[None],
            '1.2.3.1',
            SOPInstanceUID=f'1.2.3.1.{number}',
            ImageOrientationPatient=[1, 0, 0, 0, 0, -1],
            ImagePositionPatient=[0, 5 * number, 0],
        )
        (folder / f'{number}.dcm').write_bytes(data)
    with pytest.raises(OtherSeriesError, match=r'cosine of 0\.00'):
        model(folder, '1.2.3.1', tmp_path)
    axial = write(tmp_path / 'axial')
    with pytest.raises(ValueError, match=r'1\.2\.9, but say 1\.2\.3\.1'):
        model(axial, '1.2.9', tmp_path)


def test_scouts_and_a_single_slice_are_no_volumes(inference, tmp_path):
    model = SeriesModel(inference)
    hu = np.random.default_rng(0).normal(-50, 200, (2, 48, 40)).astype(int)
    for match, slices, kind in (
        ('scout views only', 2, 'LOCALIZER'),
        ('at least two slices', 1, 'AXIAL'),
    ):
        folder = tmp_path / kind
        folder.mkdir()
        image_type = ['ORIGINAL', 'PRIMARY', kind]
        files = files_of(hu[:slices], '1.2.3.1', ImageType=image_type)
        for number, data in enumerate(files):
            (folder / f'{number}.dcm').write_bytes(data)
        with pytest.raises(OtherSeriesError, match=match):
            model(folder, '1.2.3.1', tmp_path)


def test_a_key_is_that_of_model_and_settings():
    facts = {
        'mmuldor': '0.1.0',
        'torch': '2.13.0',
        'device': 'cpu',
        'score_thr': 0.3,
        'checkpoint': {'name': 'a.pth', 'sha256': 'aa'},
        'calibration': None,
    }
    key = model_key(facts)
    for same in (
        {'mmuldor': '0.2.0', 'torch': '2.14.0', 'device': 'NVIDIA H200'},
        {'checkpoint': {'name': 'b.pth', 'sha256': 'aa'}},
    ):
        assert model_key({**facts, **same}) == key
    for other in (
        {'score_thr': 0.4},
        {'checkpoint': {'name': 'a.pth', 'sha256': 'ab'}},
        {'calibration': {'name': 'c.json', 'sha256': 'cc'}},
    ):
        assert model_key({**facts, **other}) != key
