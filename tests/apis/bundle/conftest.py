"""A small bundle, and ways to change it."""

import json

import pytest
import torch

from mmuldor.apis.bundle.container import CONFIG, archive_of, read_parts
from mmuldor.apis.bundle.manifest import to_json, with_manifest
from mmuldor.apis.bundle.publish import Statements, publish_bundle
from tests.apis.bundle.small import little_mask_rcnn
from tests.support.small_configs import untrained


@pytest.fixture(scope='session')
def trained(tmp_path_factory):
    """What a training leaves of a narrow Mask R-CNN, untrained."""
    config = little_mask_rcnn()
    path = tmp_path_factory.mktemp('trained') / 'epoch_2.pth'
    torch.save(
        {
            'meta': {
                'epoch': 2,
                'seed': 7,
                'cfg': config.pretty_text,
                'experiment_name': 'narrow_20261129_101112',
                'dataset_meta': {'classes': ('lesion',)},
            },
            'state_dict': untrained(config).state_dict(),
        },
        path,
    )
    return path


@pytest.fixture(scope='session')
def bundle(trained, tmp_path_factory):
    """Its bundle; a test must not change the file."""
    return publish_bundle(
        *(trained, tmp_path_factory.mktemp('bundle')),
        statements=Statements('40 phantoms', 'CC BY 4.0', 'Only phantoms.'),
    )


@pytest.fixture
def rewrite(bundle, tmp_path):
    """Writes the bundle anew, with checksums that fit, changed by a function.

    The function gets the parts by name.
    """

    def write(change):
        parts = read_parts(bundle)
        about = json.loads(parts.pop('bundle.json'))
        del about['format'], about['parts']
        change(parts)
        path = tmp_path / 'changed.mmuldor'
        path.write_bytes(archive_of(with_manifest(about, parts)))
        return path

    return write


@pytest.fixture
def with_config(rewrite):
    """Writes the bundle anew with another config, changed by a function."""

    def write(change):
        def change_part(parts):
            config = json.loads(parts[CONFIG])
            change(config)
            parts[CONFIG] = to_json(config)

        return rewrite(change_part)

    return write
