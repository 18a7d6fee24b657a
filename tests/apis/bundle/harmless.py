"""Bytes of a bundle without a training, and proof that loading does nothing.

Loading may read. It must not build a class that the bundle names, write a
file, start a program or ask for an address.
"""

import contextlib
import json
import os
import sys
from unittest import mock

import torch
from mmengine.registry import Registry
from safetensors.torch import save

from mmuldor.apis import load_bundle
from mmuldor.apis.bundle.container import (
    CALIBRATION,
    CARD,
    CONFIG,
    MANIFEST,
    WEIGHTS,
    archive_of,
)
from mmuldor.apis.bundle.inference_config import plain_config
from mmuldor.apis.bundle.manifest import to_json, with_manifest
from tests.apis.bundle.small import CALIBRATION as FITTED
from tests.apis.bundle.small import little_mask_rcnn

# Events of Python's audit table that loading must not cause.
_DEEDS = (
    *('os.exec', 'os.fork', 'os.forkpty', 'os.posix_spawn', 'os.spawn'),
    *('os.startfile', 'os.system', 'pty.spawn', 'subprocess.Popen'),
    *('ctypes.dlopen', 'socket.connect', 'socket.getaddrinfo'),
    *('urllib.Request', 'pickle.find_class', 'os.remove', 'os.rename'),
    *('os.link', 'os.symlink', 'os.mkdir', 'os.truncate', 'os.putenv'),
    *('shutil.copyfile', 'shutil.rmtree', 'webbrowser.open'),
)
_FILE = {'name': 'x', 'sha256': 'ab' * 32}
_ABOUT = {
    'name': 'x',
    'source': dict.fromkeys(('config', 'checkpoint', 'calibration'), _FILE),
}
# Between the parts where a fuzzer changes them: it finds no checksums.
_BREAK = b'\0--\0'
_WATCHED = {'now': False, 'hooked': False}


class Deed(BaseException):
    """What loading did; no handler of errors may take it for one."""


def good_parts():
    """Parts of a bundle with a calibration and one weight."""
    return {
        CONFIG: to_json(plain_config(little_mask_rcnn())),
        WEIGHTS: save({'backbone.conv1.weight': torch.zeros(2, 2)}),
        CALIBRATION: to_json(FITTED),
        CARD: b'# a card\n',
    }


def good_bundle():
    """A bundle that is read; its weights fit no model."""
    return archive_of(with_manifest(_ABOUT, good_parts()))


def fuzzed_parts():
    """The parts and what the manifest says, as :func:`bundle_of` takes it."""
    return _BREAK.join([*good_parts().values(), json.dumps(_ABOUT).encode()])


def bundle_of(data):
    """Any bytes as a bundle with right checksums."""
    pieces = [*data.split(_BREAK, 4), *[b''] * 4][:5]
    names = (CONFIG, WEIGHTS, CALIBRATION, CARD)
    parts = dict(zip(names, pieces[:4], strict=True))
    if not parts[CALIBRATION]:
        del parts[CALIBRATION]
    try:
        about = json.loads(pieces[4])
        if CALIBRATION not in parts:
            about['source']['calibration'] = None
        parts = with_manifest(about, parts)
    # No JSON, or none of an object.
    except (ValueError, TypeError, KeyError, RecursionError):
        parts = {MANIFEST: pieces[4], **parts}
    return archive_of(parts)


def read_harmlessly(path):
    """Load a bundle; raises Deed if that does anything."""
    with nothing_done():
        return load_bundle(path)


@contextlib.contextmanager
def nothing_done():
    """Raise Deed where this context does more than to read files."""
    if not _WATCHED['hooked']:
        sys.addaudithook(_watch)
    _WATCHED.update(hooked=True, now=True)
    with mock.patch.object(Registry, 'build', _built):
        try:
            yield
        finally:
            _WATCHED['now'] = False


def _built(self, cfg, *_, **__):
    raise Deed(f'built {cfg}')


def _watch(event, args):
    """An audit hook, which cannot be removed again."""
    if not _WATCHED['now']:
        return
    written = (
        event == 'open'
        and isinstance(args[2], int)
        and (args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    )
    if written or event in _DEEDS:
        raise Deed(f'{event} {args}')
