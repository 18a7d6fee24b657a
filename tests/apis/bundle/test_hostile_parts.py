"""Weights and statements that are not what they seem."""

import json
import struct

import pytest
import torch
from safetensors.torch import save

from mmuldor.apis import LesionDetector
from mmuldor.apis.bundle.container import (
    CARD,
    MANIFEST,
    archive_of,
    read_parts,
)
from mmuldor.apis.bundle.tensors import from_bytes
from tests.apis.bundle.small import refused
from tests.support.memory import at_most


@pytest.fixture
def parts(bundle):
    return read_parts(bundle)


def changed_manifest(parts, path, values):
    about = {**json.loads(parts[MANIFEST]), **values}
    path.write_bytes(
        archive_of({**parts, MANIFEST: json.dumps(about).encode()})
    )
    return path


@pytest.mark.parametrize(
    ('values', 'match'),
    [
        ({'format': 'mmuldor-bundle-2'}, "must be 'mmuldor-bundle-1', but is"),
        ({'format': None}, 'of a later mmuldor'),
        ({'parts': {}}, '`parts` must name card.md'),
        ({'parts': None}, '`parts` must name card.md'),
        ({'source': None}, '`source` must hold config, checkpoint'),
        (
            {
                'source': {
                    'config': {'name': 'a\nnote: trust', 'sha256': 'ab' * 32},
                    'checkpoint': None,
                    'calibration': None,
                }
            },
            '`source.config` must hold a name',
        ),
        (
            {'source': dict.fromkeys(('config', 'checkpoint', 'calibration'))},
            '`source.config` must hold a name and a SHA-256',
        ),
    ],
)
def test_a_manifest_that_lies(parts, tmp_path, values, match):
    path = changed_manifest(parts, tmp_path / 'x.mmuldor', values)
    refused(path, match)


def test_a_checksum_that_does_not_fit(parts, tmp_path):
    path = tmp_path / 'x.mmuldor'
    path.write_bytes(archive_of({**parts, CARD: b'# another one'}))
    refused(path, r'`card.md` must be .* as `bundle.json` says, but its SHA-2')


def weights_of(parts):
    return from_bytes(parts['weights.safetensors'])


@pytest.fixture
def with_weights(rewrite):
    """Writes the bundle anew with other bytes of weights."""

    def write(content):
        def change(parts):
            parts['weights.safetensors'] = content

        return rewrite(change)

    return write


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_weights_that_are_no_numbers(parts, with_weights, value):
    weights = weights_of(parts)
    weights['backbone.conv1.weight'][0, 0, 0, 0] = value
    path = with_weights(save(weights))
    refused(path, r'`backbone\.conv1\.weight` holds NaN or inf')


def header(**entries):
    text = json.dumps(entries).encode()
    return struct.pack('<Q', len(text)) + text


F8 = {'dtype': 'F8_E4M3', 'shape': [2], 'data_offsets': [0, 2]}
F32 = {'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]}
EMPTY = {'dtype': 'F32', 'shape': [0], 'data_offsets': [0, 0]}


@pytest.mark.parametrize(
    ('content', 'match'),
    [
        (b'', 'must be a safetensors file'),
        (b'\x80\x02cos\nsystem\n', 'must be a safetensors file'),
        (struct.pack('<Q', 2**62) + b'{}', 'must be a safetensors file'),
        (
            header(
                a={'dtype': 'F32', 'shape': [2**40], 'data_offsets': [0, 4]}
            )
            + bytes(4),
            'must be a safetensors file',
        ),
        (
            header(a={'dtype': 'F32', 'shape': [1], 'data_offsets': [0, 4]}),
            'must be a safetensors file',
        ),
        (header(a=F8) + bytes(2), '`a` must be numbers that a network has'),
        # Two tensors of the same bytes; dimensions without end; a million
        # tensors of no bytes, each an object.
        (header(a=F32, b=F32) + bytes(4), 'must be a safetensors file'),
        (header(a={**F32, 'shape': [1] * 999}) + bytes(4), 'most 8 dimensio'),
        (header(a={**F32, 'shape': [-1]}) + bytes(4), 'must be a safetensors'),
        (
            header(**dict.fromkeys(map(str, range(20000)), EMPTY)),
            'table at its begin has 1,',
        ),
    ],
)
def test_no_weights(with_weights, content, match):
    refused(with_weights(content), match)


def test_weights_of_another_shape(parts, with_weights):
    weights = weights_of(parts)
    name = 'roi_head.bbox_head.fc_cls.weight'
    weights[name] = torch.zeros(9, weights[name].shape[1])
    with pytest.raises(ValueError, match=r'fc_cls\.weight.*another number of'):
        LesionDetector.from_bundle(with_weights(save(weights)), device='cpu')
    del weights[name]
    with pytest.raises(ValueError, match=r'1 tensors are missing.*fc_cls'):
        LesionDetector.from_bundle(with_weights(save(weights)), device='cpu')


@pytest.mark.parametrize(
    ('part', 'key', 'value'),
    [
        # 65,536 x 65,536 x 9 weights, 150 GB.
        ('backbone', 'base_channels', 65536),
        ('neck', 'out_channels', 65536),
        ('rpn_head', 'num_convs', 65536),
    ],
)
def test_a_network_of_any_size(with_config, part, key, value):
    def change(config):
        config['model'][part][key] = value

    path = with_config(change)
    with (
        at_most(600e6),
        pytest.raises(ValueError, match=r'changed\.mmuldor.*but needs far m'),
    ):
        LesionDetector.from_bundle(path, device='cpu')


@pytest.mark.parametrize(
    ('card', 'match'),
    [
        # Clears the terminal that shows it; hides what comes before.
        (b'# fine\n\x1b[2J', r'`card.md`: line 2 must be printable text'),
        (b'# a\rb', 'line 1 must be printable'),
        # Writes from right to left.
        ('fine \u202etxt.exe'.encode(), 'line 1 must be printable'),
        (b'\xff', '`card.md`: .* invalid start byte'),
    ],
)
def test_a_card_that_steers_a_terminal(rewrite, card, match):
    refused(rewrite(lambda parts: parts.update({CARD: card})), match)
