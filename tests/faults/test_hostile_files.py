"""Files made to do harm: names, archives, code in data, markup."""

import ast
import gzip
import json
import os
import struct
from html.parser import HTMLParser
from pathlib import Path

import pydicom
import pytest

from data_prep.own_data.coco_boxes import read_coco_boxes
from data_prep.own_data.find_volumes import find_volumes_with_masks
from mmuldor.cli.errors import user_errors
from mmuldor.io.annotations import load_annotations
from mmuldor.io.limits import MAX_FRAMES
from mmuldor.io.run_length import decode_mask
from mmuldor.report.build import build_report
from mmuldor.scans.dicom import multiframe
from mmuldor.scans.dicom.series import read_dicom
from mmuldor.scans.nifti import read_nifti
from tests.faults.spoiling import good
from tests.support.enhanced_ct import frame, write_enhanced
from tests.support.memory import at_most

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = [
    '/etc/passwd',
    '../secret.png',
    'a/../../secret.png',
    'a\\..\\..\\secret.png',
    'C:\\secret.png',
    '\\\\host\\share\\secret.png',
    '//host/share/secret.png',
]


@pytest.mark.parametrize('name', OUTSIDE)
def test_names_cannot_leave_the_folder_of_images(name, tmp_path):
    path = tmp_path / 'a.json'
    document = json.loads(json.dumps(good.ANNOTATIONS))
    document['images'][0]['file_name'] = name
    path.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r'a\.json.*`file_name`.*inside'):
        load_annotations(path)
    with pytest.raises(ValueError, match=r'a\.json.*`file_name`.*inside'):
        read_coco_boxes(path)


@pytest.mark.parametrize(
    'segmentation',
    [
        {'size': [10**5, 10**5], 'counts': '0'},
        {'size': [-1, 5], 'counts': '0'},
        {'size': [2.5, 5], 'counts': '0'},
        {'size': [16, 16], 'counts': [10**9]},
        {'size': [16, 16], 'counts': [-5, 5]},
        {'size': [16, 16], 'counts': 'zzzzzzzzzzzzzzzzzzzzzzzzz'},
        {'size': [16, 16], 'counts': 'M\u00fc\u4e2d'},
        {'size': [16, 16]},
        {'counts': '0'},
        [[1, 2, 3]],
        None,
    ],
)
def test_masks_that_decode_to_nothing_sound(segmentation):
    with pytest.raises(ValueError, match=r'`segmentation` must be'):
        decode_mask(segmentation)


def test_a_compressed_volume_stays_within_its_limit(tmp_path):
    """A gigabyte of zeros behind a header that asks for little of it."""
    path = tmp_path / 'bomb.nii.gz'
    header = good.nifti_image().to_bytes()
    with gzip.open(path, 'wb', compresslevel=1) as file:
        file.write(header)
        for _ in range(300):
            file.write(bytes(10**6))
    with at_most(100e6):
        assert read_nifti(path)[0].shape == (good.SLICES, good.SIDE, good.SIDE)


@pytest.mark.parametrize('length', [0, -16, 2**31 - 16])
def test_an_extension_of_a_volume_is_not_unpacked(length, tmp_path):
    """It says how long it is, and lies in the same archive."""
    path = tmp_path / 'bomb.nii.gz'
    whole = bytearray(good.nifti_image().to_bytes())
    voxels = bytes(whole[352:])
    struct.pack_into('<f', whole, 108, 352 + 64)
    whole[348] = 1
    extension = struct.pack('<2i', length, 0).ljust(64, b'\0')
    with gzip.open(path, 'wb', compresslevel=1) as file:
        file.write(bytes(whole[:352]) + extension + voxels)
        for _ in range(300):
            file.write(bytes(10**6))
    with at_most(100e6):
        volume, _ = read_nifti(path)
    assert (volume.hu == [good.pixels(n) for n in range(good.SLICES)]).all()


# Names that turn data into code or unpack to the disk, but the last word of
# torch.load, which two modules of `upstream/` call with `weights_only`.
FORBIDDEN = {
    *('eval', 'exec', 'compile', '__import__', 'literal_eval'),
    *('extract', 'extractall', 'unpack_archive', 'load_pickle'),
}
LOADERS = {
    f'mmuldor/upstream/{name}.py'
    for name in ('allowlist', 'checkpoint_loaders', 'safe_checkpoints')
}
MODULES = {'pickle', 'cPickle', 'dill', 'cloudpickle', 'joblib', 'shelve'}
MODULES |= {'marshal', 'yaml', 'tarfile', 'xml'}


@pytest.mark.parametrize('folder', ['mmuldor', 'data_prep', 'tools'])
def test_nothing_is_evaluated_or_unpickled(folder):
    for path in sorted((ROOT / folder).rglob('*.py')):
        where = str(path.relative_to(ROOT))
        checkpoints = where in LOADERS
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = {alias.name.partition('.')[0] for alias in node.names}
                # For the exception that torch raises.
                assert not names & MODULES or checkpoints, where
            elif isinstance(node, ast.ImportFrom):
                top = (node.module or '').partition('.')[0]
                assert top not in MODULES, where
            elif isinstance(node, ast.Call):
                _check_call(node, where, checkpoints)


def _check_call(node, where, checkpoints):
    called = ast.unparse(node.func)
    place = f'{where}:{node.lineno}: {called}'
    method = isinstance(node.func, ast.Attribute)
    last = node.func.attr if method else called
    # re.compile and model.eval() are harmless.
    if last in FORBIDDEN and not (method and last in ('compile', 'eval')):
        raise AssertionError(place)
    if called == 'torch.load':
        given = {k.arg: ast.unparse(k.value) for k in node.keywords}
        assert checkpoints, place
        assert given.get('weights_only') in ('True', 'False'), place
    if called == 'np.load':
        given = {k.arg: ast.unparse(k.value) for k in node.keywords}
        assert given.get('allow_pickle') != 'True', place
    assert not (checkpoints and called.startswith('pickle.load')), place


HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'&$x_1$'


class Tags(HTMLParser):
    """Names of tags, and attributes that run something."""

    def __init__(self):
        super().__init__()
        self.tags, self.running = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.running += [name for name, _ in attrs if name.startswith('on')]


def test_the_report_shows_texts_as_texts(mini_data, tmp_path):
    ann = mini_data / 'test.json'
    document = json.loads(ann.read_text())
    document['info'] = {'dataset': HOSTILE, HOSTILE: HOSTILE}
    image = document['images'][0]
    old = mini_data / 'Images_png' / image['file_name']
    # As far as a file can be called so.
    image['file_name'] = '<b onclick=x>$\\frac{$_^&.png'
    old.rename(mini_data / 'Images_png' / image['file_name'])
    ann.write_text(json.dumps(document))
    results = tmp_path / 'r.json'
    results.write_text(
        json.dumps(
            [
                {
                    **{'image_id': a['image_id'], 'bbox': a['bbox']},
                    **{'score': 0.5, 'category_id': 1, HOSTILE: HOSTILE},
                }
                for a in document['annotations']
            ]
        )
    )
    build_report(
        *(tmp_path / 'out', ann, mini_data / 'Images_png'),
        {HOSTILE: results, 'b': results},
        notes=[(HOSTILE, HOSTILE)],
        title=HOSTILE,
    )
    page = (tmp_path / 'out' / 'index.html').read_text()
    found = Tags()
    found.feed(page)
    assert 'script' not in found.tags
    assert found.running == []
    assert '<script' not in page
    assert '&lt;script&gt;alert(1)' in page


def test_a_message_cannot_steer_the_terminal(capsys):
    with pytest.raises(SystemExit), user_errors(debug=False):
        raise ValueError('a\x1b[2Jb\rc\u202ed\udcffe\x07')
    said = capsys.readouterr().err
    assert said == 'error: a\\x1b[2Jb c\\u202ed\\udcffe\\x07\n'


@pytest.mark.parametrize('name', [b'\xff\xfe', b'C:\\scan', b'\\\\host\\scan'])
def test_names_of_volumes_that_no_annotation_can_hold(name, tmp_path):
    """Else the data set is written, and nothing reads it."""
    path = os.fsencode(tmp_path) + b'/' + name + b'.nii'
    Path(os.fsdecode(path)).touch()
    with pytest.raises(ValueError, match=r'the name must be UTF-8'):
        find_volumes_with_masks(tmp_path, tmp_path)


def test_too_many_frames_become_no_headers(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(multiframe, '_frame_header', made.append)
    empty = [pydicom.Dataset()] * (MAX_FRAMES + 1)
    write_enhanced(
        tmp_path / 'all.dcm',
        [frame(0)],
        NumberOfFrames=len(empty),
        PerFrameFunctionalGroupsSequence=empty,
    )
    with pytest.raises(ValueError, match=r'Frames is 16385, more than 16,384'):
        read_dicom(tmp_path)
    assert made == []
