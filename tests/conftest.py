"""Fixtures that several test files share."""

import gc
import os
import socket
from pathlib import Path

import hypothesis
import nibabel
import numpy as np
import pytest
from mmengine.config import Config
from yapf.yapflib import yapf_api

from mmuldor.functional.hounsfield import hu_to_stored
from mmuldor.io.json_files import write_json
from mmuldor.io.png import write_png16
from tests.support.entries import image_entry, lesion_entry
from tests.support.small_configs import (
    make_narrow,
    narrow_mask_rcnn,
    read_mini_data,
    save_untrained,
)

ROOT = Path(__file__).resolve().parents[1]
# Another process may hold the processor: slow is not wrong.
hypothesis.settings.register_profile('mmuldor', deadline=None)
hypothesis.settings.load_profile('mmuldor')
# Most of the time of short trainings went into the looks of their config in
# logs and checkpoints: yapf takes a second for each.
yapf_api.FormatCode = lambda text, **_: (text, False)
# MMEngine collects garbage for each dataset, 0.5 s with all that was imported.
gc.freeze()


@pytest.fixture(scope='session')
def root():
    """The project's top folder."""
    return ROOT


@pytest.fixture(scope='session')
def real_data():
    """Folder of real DeepLesion data, see MMULDOR_REAL_DATA."""
    default = ROOT.parent / 'shared' / 'data'
    folder = Path(os.environ.get('MMULDOR_REAL_DATA', default))
    if not folder.is_dir():
        pytest.skip(f'no real data: MMULDOR_REAL_DATA={folder} is absent')
    return folder


@pytest.fixture
def free_port():
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def _draw_volume(rng, size, centre, radius):
    """Three slices of soft tissue with a brighter ball in the middle one."""
    y, x = np.mgrid[:size, :size]
    hu = rng.normal(0, 10, (3, size, size))
    inside = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 <= radius**2
    hu[:, inside] += 150
    return hu_to_stored(hu)


def _write_split(folder, split, start, count, size=64):
    rng = np.random.default_rng(start)
    images, annotations = [], []
    for number in range(start, start + count):
        centre, radius = rng.uniform(20, size - 20, 2), rng.uniform(6, 10)
        series = f'{number:06d}_01_01'
        for i, pixels in enumerate(_draw_volume(rng, size, centre, radius)):
            name = folder / 'Images_png' / series / f'{4 + i:03d}.png'
            write_png16(name, pixels)
        images.append(image_entry(number, size))
        arms = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]]) * radius
        low, high = centre - radius - 5, centre + radius + 5
        annotations.append(
            lesion_entry(
                number,
                [*low.tolist(), *(high - low).tolist()],
                (centre + arms).reshape(-1).tolist(),
                area=float(np.prod(high - low)),
                iscrowd=0,
            )
        )
    document = {
        'info': {'dataset': 'mini', 'split': split},
        'categories': [{'id': 1, 'name': 'lesion'}],
        'images': images,
        'annotations': annotations,
    }
    write_json(folder / f'{split}.json', document)


@pytest.fixture
def mini_data(tmp_path):
    """A data set of 64 px images with one bright disc each: 6, 2 and 2."""
    folder = tmp_path / 'mini'
    _write_split(folder, 'train', 1, 6)
    _write_split(folder, 'val', 101, 2)
    _write_split(folder, 'test', 201, 2)
    return folder


@pytest.fixture
def mini_config(root, mini_data, tmp_path):
    """The phantom's HNEM config on 64 px images; scores of noise count."""
    config = Config.fromfile(
        root / 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py'
    )
    config.work_dir = str(tmp_path / 'work')
    config.log_level = 'WARNING'
    read_mini_data(config, mini_data)
    make_narrow(config)
    config.model.train_cfg.rpn_proposal.max_per_img = 20
    config.model.test_cfg.rpn.max_per_img = 20
    config.train_cfg.max_epochs = 3
    config.train_cfg.val_interval = 3
    config.default_hooks.checkpoint.save_best = None
    config.default_hooks.checkpoint.rule = None
    config.default_hooks.hnem.update(
        mine_before_training=False,
        num_workers=0,
        min_score=0.0,
        score_thr=0.0,
        hit_iou=0.999,
        max_iou=2.0,
    )
    config.randomness = dict(seed=0)
    return config


@pytest.fixture
def narrow_config():
    """A detector with masks that is built in a moment."""
    return narrow_mask_rcnn()


@pytest.fixture
def narrow_weights(narrow_config, tmp_path):
    """Its checkpoint, untrained."""
    return save_untrained(narrow_config, tmp_path / 'w.pth')


@pytest.fixture
def noise_scan(tmp_path):
    """A NIfTI file of 48 rows, 40 columns and 4 slices."""
    rng = np.random.default_rng(0)
    # A mean of 0 would be that of z-scores.
    hu = rng.normal(-50, 200, (40, 48, 4)).astype(np.int16)
    affine = np.diag([0.9, 0.8, 3.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(hu, affine), tmp_path / 'scan.nii.gz')
    return tmp_path / 'scan.nii.gz'
