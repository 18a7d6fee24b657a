"""Archives, weights and statements that are not what they seem."""

import json
import stat
import struct
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save

from mmuldor.apis import LesionDetector, load_bundle
from mmuldor.apis.bundle.container import (
    CARD,
    MANIFEST,
    PARTS,
    archive_of,
    read_parts,
)
from mmuldor.apis.bundle.tensors import from_bytes
from tests.support.memory import at_most


@pytest.fixture
def parts(bundle):
    return read_parts(bundle)


def refused(path, match):
    with pytest.raises(ValueError, match=match) as error:
        load_bundle(path)
    assert path.name in str(error.value)


def zipped(path, entries):
    """Members of any name, given as (ZipInfo or name, content)."""
    with zipfile.ZipFile(path, 'w') as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    'name',
    [
        *('../evil.py', '/etc/cron.d/evil', 'a\\..\\evil', 'C:\\evil'),
        *('evil.py', 'config.json/', 'Config.json', './config.json'),
    ],
)
def test_other_parts(parts, tmp_path, name):
    path = zipped(tmp_path / 'x.mmuldor', [*parts.items(), (name, b'')])
    refused(path, r'which is none of|link or folder')
    assert not (tmp_path / 'evil.py').exists()


@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_a_part_twice(parts, tmp_path):
    entries = [*parts.items(), ('config.json', b'{}')]
    refused(zipped(tmp_path / 'x.mmuldor', entries), 'config.json` twice')


@pytest.mark.parametrize('name', [n for n in PARTS if n[:4] != 'cali'])
def test_a_part_is_missing(parts, tmp_path, name):
    entries = [(n, part) for n, part in parts.items() if n != name]
    refused(zipped(tmp_path / 'x.mmuldor', entries), f'{name}` is missing')


def test_a_link(parts, tmp_path):
    info = zipfile.ZipInfo(CARD)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    entries = [(info, b'/etc/passwd')]
    entries += [(n, part) for n, part in parts.items() if n != CARD]
    refused(zipped(tmp_path / 'x.mmuldor', entries), 'is a link or folder')


@pytest.mark.parametrize(
    'compression', [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_what_unpacks_to_more_than_its_size(parts, tmp_path, compression):
    info = zipfile.ZipInfo('calibration.json')
    info.compress_type = compression
    bomb = [*parts.items(), (info, bytes(10**6))]
    refused(zipped(tmp_path / 'x.mmuldor', bomb), 'is compressed, not stored')


def directory(content):
    """Where the table of contents begins, and its entries' places."""
    begin = struct.unpack('<L', content[-6:-2])[0]
    return begin, content.index(b'weights.safetensors', begin) - 46


@pytest.mark.parametrize(
    ('place', 'value', 'match'),
    [
        (8, struct.pack('<H', 1), 'is encrypted'),
        (10, struct.pack('<H', 99), 'is compressed'),
        (24, struct.pack('<L', 2**31), 'is compressed, not stored'),
        (20, struct.pack('<2L', 2**31, 2**31), 'more than 2,013,265,920'),
        (20, struct.pack('<2L', 10**9, 10**9), 'longer than the file'),
        (42, struct.pack('<L', 0), 'overlaps another'),
        (16, struct.pack('<L', 1), 'Bad CRC-32'),
    ],
)
def test_a_table_of_contents_that_lies(bundle, tmp_path, place, value, match):
    content = bytearray(bundle.read_bytes())
    _, entry = directory(content)
    content[entry + place : entry + place + len(value)] = value
    path = tmp_path / 'x.mmuldor'
    path.write_bytes(content)
    with at_most(50e6):
        refused(path, match)


def test_a_directory_of_any_length(bundle, tmp_path):
    content, path = bundle.read_bytes(), tmp_path / 'x.mmuldor'
    # Of ZIP64, which has sizes of 64 bits.
    locator = b'PK\x06\x07' + bytes(16)
    path.write_bytes(content[:-22] + locator + content[-22:])
    refused(path, 'a zip archive of 4 or more parts')
    path.write_bytes(content[:-14] + struct.pack('<2H', 9, 9) + content[-10:])
    refused(path, 'a zip archive of 9 or more parts')
    path.write_bytes(content[:-10] + struct.pack('<L', 2**30) + content[-6:])
    refused(path, 'table of contents has 1,073,741,824 bytes')
    path.write_bytes(content[:-2] + b'\x05\0hello')
    refused(path, 'does not end as a zip archive')


@pytest.mark.parametrize('share', [0, 0.001, 0.5, 0.999])
def test_a_file_that_is_cut_off(bundle, tmp_path, share):
    content, path = bundle.read_bytes(), tmp_path / 'x.mmuldor'
    path.write_bytes(content[: int(share * len(content))])
    refused(path, r'must be a bundle as .*Fetch the file again')


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


def test_flipped_bytes(bundle, tmp_path):
    """Each file is refused in one line, or is the same bundle."""
    content, path = bundle.read_bytes(), tmp_path / 'x.mmuldor'
    start = content.index(
        b'weights.safetensors', content.index(b'PK\x03\x04', 4000)
    )
    rng = np.random.default_rng(0)
    # Most of the file are weights; try what stands around them, too.
    places = [
        *rng.integers(0, start + 3000, 60),
        *rng.integers(0, len(content), 20),
        *rng.integers(len(content) - 500, len(content), 60),
    ]
    refusals, before = [], read_parts(bundle)
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        try:
            assert read_parts(path) == before
        except ValueError as error:
            refusals.append(str(error))
    assert all(str(path) in said for said in refusals)
    assert len(refusals) > len(places) / 2


def test_any_bytes(tmp_path):
    path = tmp_path / 'x.mmuldor'
    path.write_bytes(b'PK\x05\x06' + bytes(18))
    refused(path, 'is missing')
    path.write_bytes(b'PK\x03\x04')
    refused(path, 'it has 4 bytes')
