"""A bundle finds what its config and checkpoint find."""

import json

import pytest

from mmuldor.apis import LesionDetector, load_bundle
from mmuldor.apis.bundle.publish import publish_bundle
from mmuldor.apis.infer import infer_scan, load_model
from mmuldor.io.json_files import write_json
from mmuldor.scans.reading import read_scan
from tests.apis.bundle.small import CALIBRATION, little_mask_rcnn
from tools.infer import main


def found(out):
    """The lesions of a folder, and what found them."""
    document = json.loads((out / 'lesions.json').read_text())
    return document['lesions'], document['provenance']


def test_the_same_lesions_as_by_config_and_checkpoint(
    bundle, trained, noise_scan, tmp_path
):
    pair, one = tmp_path / 'pair', tmp_path / 'one'
    infer_scan(
        *(noise_scan, little_mask_rcnn(), str(trained), pair),
        score_thr=0.0,
        device='cpu',
        max_pictures=0,
    )
    infer_scan(
        *(noise_scan, *load_model(None, None, str(bundle)), one),
        score_thr=0.0,
        device='cpu',
        max_pictures=0,
    )
    (expected, by_pair), (lesions, by_bundle) = found(pair), found(one)
    assert len(lesions) > 2
    assert lesions == expected
    # It states the files that it was made of, and itself.
    assert by_bundle['checkpoint'] == by_pair['checkpoint']
    assert by_pair['bundle'] is None
    assert by_bundle['bundle']['name'] == bundle.name
    assert by_bundle['bundle']['sha256'].startswith(bundle.stem[-8:])


def test_its_calibration_is_used(trained, noise_scan, tmp_path):
    write_json(tmp_path / 'c.json', CALIBRATION)
    bundle = publish_bundle(
        trained, tmp_path / 'out', calibration=tmp_path / 'c.json'
    )
    infer_scan(
        *(noise_scan, *load_model(None, None, str(bundle))),
        *(tmp_path / 'found',),
        device='cpu',
        max_pictures=0,
    )
    lesions, by_bundle = found(tmp_path / 'found')
    # By the two knots (0, 0) and (1, 0.5), at the threshold of the file.
    assert by_bundle['score_thr'] == 0
    assert by_bundle['calibration']['name'] == 'c.json'
    assert len(lesions) > 2
    for lesion in lesions:
        half = lesion['score'] / 2
        assert lesion['probability'] == pytest.approx(half, abs=1e-4)
    # A threshold of the user's is stronger.
    detector = LesionDetector.from_bundle(bundle, device='cpu', score_thr=0.9)
    assert detector.score_thr == 0.9
    assert detector.calibration is not None
    volume, _ = read_scan(noise_scan)
    assert detector.detect(volume) == []


def test_weights_of_a_bundle_are_a_checkpoint(bundle, noise_scan):
    """For tools that need more of a config than inference: test, mine."""
    config = little_mask_rcnn()
    volume, _ = read_scan(noise_scan)
    by_file = LesionDetector(config, str(bundle), 'cpu', 0.0)
    itself = LesionDetector.from_bundle(bundle, device='cpu', score_thr=0.0)
    scores = [lesion.score for lesion in itself.detect(volume)]
    assert [lesion.score for lesion in by_file.detect(volume)] == scores


def test_many_scans_with_one_bundle(bundle, noise_scan, tmp_path, capsys):
    """No lesion reaches this threshold, so nothing is measured or drawn."""
    out = tmp_path / 'out'
    line = f'--model {bundle} --out {out} --device cpu --score-thr 1'
    again = tmp_path / 'again.nii.gz'
    again.write_bytes(noise_scan.read_bytes())
    scans = [str(noise_scan), str(again)]
    for words in ([], ['--skip-done']):
        with pytest.raises(SystemExit, match='0'):
            main([*scans, *line.split(), *words])
    said = capsys.readouterr().out
    assert '2 of 2 scans done' in said or '2 scans' in said
    assert found(out / 'again')[1]['bundle']['name'] == bundle.name


def test_what_it_holds(bundle):
    loaded = load_bundle(bundle)
    assert loaded.calibration is None
    assert loaded.card.startswith('# narrow\n')
    assert loaded.config.model.type == 'MaskRCNN'
    assert loaded.config.model.train_cfg is None
    # Tuples come back as tuples.
    expected = little_mask_rcnn().test_dataloader.dataset.pipeline
    assert loaded.config.test_dataloader.dataset.pipeline == expected
    assert isinstance(expected[-1]['meta_keys'], tuple)


def test_no_bundle(tmp_path, trained):
    with pytest.raises(FileNotFoundError, match=r'no\.mmuldor.*publish'):
        load_bundle(tmp_path / 'no.mmuldor')
    text = r'must be a bundle, but is a checkpoint\..*publish.*epoch_2\.pth'
    with pytest.raises(ValueError, match=text):
        load_bundle(trained)
    (tmp_path / 'scan.zip').write_bytes(b'PK')
    with pytest.raises(ValueError, match='must be a bundle as'):
        load_bundle(tmp_path / 'scan.zip')
