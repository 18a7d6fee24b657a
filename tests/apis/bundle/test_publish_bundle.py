"""What `publish` writes: one file, complete, the same each time."""

import hashlib
import json
import shutil
import subprocess
import zipfile

import pytest
import torch
from safetensors import safe_open

from mmuldor.apis.bundle.publish import publish_bundle
from mmuldor.io.json_files import write_json
from tests.apis.bundle.small import CALIBRATION, little_mask_rcnn
from tools.publish_model import main

PARTS = ['bundle.json', 'card.md', 'config.json', 'weights.safetensors']


def test_a_zip_archive_that_states_its_checksums(bundle, trained):
    content = bundle.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert bundle.name == f'narrow-{digest[:8]}.mmuldor'
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == PARTS
        about = json.loads(archive.read('bundle.json'))
        for name in PARTS[1:]:
            part = archive.read(name)
            assert about['parts'][name] == {
                'bytes': len(part),
                'sha256': hashlib.sha256(part).hexdigest(),
            }
    assert about['format'] == 'mmuldor-bundle-1'
    assert about['classes'] == ['lesion']
    assert about['source']['calibration'] is None
    assert about['source']['checkpoint'] == {
        'name': 'epoch_2.pth',
        'sha256': hashlib.sha256(trained.read_bytes()).hexdigest(),
    }
    assert about['training']['epoch'] == 2


@pytest.mark.skipif(shutil.which('unzip') is None, reason='no unzip here')
def test_other_programs_open_it(bundle, trained, tmp_path):
    subprocess.run(
        ['unzip', '-q', bundle, '-d', tmp_path], check=True, text=True
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == PARTS
    state = torch.load(trained, weights_only=True)['state_dict']
    with safe_open(tmp_path / 'weights.safetensors', 'pt') as file:
        assert set(file.keys()) == set(state)
        for name, weight in state.items():
            assert torch.equal(file.get_tensor(name), weight)


def test_the_same_bytes_again(bundle, trained, tmp_path):
    again = publish_bundle(trained, tmp_path)
    assert publish_bundle(trained, tmp_path / 'b').read_bytes() == (
        again.read_bytes()
    )
    # What the card says is another one.
    assert again.name != bundle.name
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [
        again.name
    ]


def card_of(out):
    (file,) = out.glob('*.mmuldor')
    with zipfile.ZipFile(file) as archive:
        return archive.read('card.md').decode()


def test_the_card_can_be_read_alone(trained, tmp_path, capsys):
    write_json(
        tmp_path / 'comparison.json',
        {
            'settings': {'level': 0.95},
            'images': 120,
            'lesions': 150,
            'patients': 100,
            'unit': 'patients',
            'rows': [
                {
                    'name': 'ULDor',
                    'runs': 3,
                    'fp_rates': [0.5, 4.0, 16.0],
                    'sensitivity': [0.5, 0.84375, None],
                    'interval': [[0.4, 0.6], [0.8, 0.9], [None, None]],
                    'mean': 0.7,
                    'mean_interval': [0.65, 0.75],
                }
            ],
        },
    )
    write_json(tmp_path / 'calibration.json', CALIBRATION)
    main(
        [
            *(str(trained), '--out', str(tmp_path / 'out')),
            *('--froc', str(tmp_path / 'comparison.json')),
            *('--calibration', str(tmp_path / 'calibration.json')),
            *('--data', 'DeepLesion', '--limits', 'Adults alone.'),
        ]
    )
    said = capsys.readouterr().out
    assert 'use it: python tools/infer.py SCAN --model ' in said
    text = card_of(tmp_path / 'out')
    for line in (
        '| config | narrow.py |',
        '| training data | DeepLesion |',
        '| classes | lesion |',
        '| epoch | 2 |',
        '| sensitivity at 0.5 FPs per image | 50.00 % (40.00 to 60.00) |',
        '| sensitivity at 4 FPs per image | 84.38 % (80.00 to 90.00) |',
        '| mean over 0.5, 1, 2 and 4 | 70.00 % (65.00 to 75.00) |',
        '| tested on | 120 images, 150 lesions, 100 patients |',
        '| method | ULDor |',
        '| calibration | calibration.json |',
        'Nothing proves that it was\nof these weights.',
        "sha256sum narrow-*.mmuldor  # its first 8 digits end the file's name",
        '| intervals | 95 %, by bootstrap over patients; trainings: 3 |',
        '| FPs per scan there | 4.00 (95 %: 2.90 to 5.40) |',
        'mmuldor infer SCAN --model narrow-*.mmuldor --out found',
        'Adults alone.',
        'Not a medical device',
        'not every lesion is annotated',
    ):
        assert line in text
    assert '16 FPs' not in text


def test_texts_of_a_checkpoint_stay_texts_on_the_card(trained, tmp_path):
    loaded = torch.load(trained, weights_only=True)
    texts = ('![x](http://x/y.png)', '<img src=x>', 'a|b', '\x1b[2J', 'c\nd')
    loaded['meta']['dataset_meta']['classes'] = texts
    torch.save(loaded, tmp_path / 'w.pth')
    publish_bundle(tmp_path / 'w.pth', tmp_path / 'out')
    card = card_of(tmp_path / 'out')
    assert (
        '| classes | !&#91;x](http://x/y.png), &lt;img src=x&gt;, a&#124;b, '
        '\ufffd&#91;2J, c d |\n'
    ) in card
    assert '| calibration | none: a score is no probability |' in card
    assert 'Not measured.' in card
    assert 'Nothing proves' not in card


@pytest.mark.parametrize('key', ['config', 'checkpoint'])
def test_a_calibration_of_another_model_is_refused(trained, tmp_path, key):
    path = tmp_path / 'calibration.json'
    write_json(path, {**CALIBRATION, 'settings': {f'{key}_sha256': 'ab' * 32}})
    with pytest.raises(ValueError, match=rf'fitted on the {key} of SHA-256 a'):
        publish_bundle(trained, tmp_path / 'out', calibration=path)
    write_json(path, {**CALIBRATION, 'format': 'mmuldor-calibration-2'})
    with pytest.raises(ValueError, match='calibration'):
        publish_bundle(trained, tmp_path / 'out', calibration=path)
    assert not (tmp_path / 'out').exists()


def test_a_config_that_does_not_fit_the_weights(trained, tmp_path):
    config = little_mask_rcnn()
    config.model.roi_head.bbox_head.fc_out_channels = 128
    config.dump(tmp_path / 'other.py')
    with pytest.raises(ValueError, match='weights must be of this config'):
        publish_bundle(
            *(trained, tmp_path / 'out'), config=str(tmp_path / 'other.py')
        )
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('', 'must record its config.*`--config`'),
        ('import os', r"plain settings, but 'import os' sets nothing.*--conf"),
        ('model = f()', 'plain settings, but no value: f()'),
        ('a = 1\na = 2', '`a` is set twice'),
        ('model = (', 'no Python'),
        ('x = 1', r'cannot go into a bundle: `model` must be a dict'),
    ],
)
def test_a_recorded_config_is_not_run(trained, tmp_path, text, match):
    loaded = torch.load(trained, weights_only=True)
    loaded['meta']['cfg'] = text
    torch.save(loaded, tmp_path / 'w.pth')
    with pytest.raises(ValueError, match=match):
        publish_bundle(tmp_path / 'w.pth', tmp_path / 'out')


def test_a_name_in_a_checkpoint_cannot_leave_the_folder(trained, tmp_path):
    loaded = torch.load(trained, weights_only=True)
    loaded['meta']['experiment_name'] = '../../stolen_20261129_101112'
    torch.save(loaded, tmp_path / 'w.pth')
    with pytest.raises(ValueError, match=r'must be letters.*`--name`'):
        publish_bundle(tmp_path / 'w.pth', tmp_path / 'a' / 'out')
    assert not (tmp_path / 'a').exists()


def test_a_class_is_no_plain_data(trained, tmp_path):
    path = tmp_path / 'lazy.py'
    path.write_text(
        'from mmengine.config import read_base\n'
        'from mmdet.models import MaskRCNN\n'
        'model = dict(type=MaskRCNN)\n'
    )
    with pytest.raises(ValueError, match=r'cannot go into a bundle.*no plain'):
        publish_bundle(trained, tmp_path / 'out', config=str(path))
