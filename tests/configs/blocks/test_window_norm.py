"""Mean and standard deviation of each window, measured on real slices."""

import numpy as np
import pytest
from mmengine.config import Config

from mmuldor.functional.hounsfield import stored_to_hu, window_hu
from mmuldor.io.png import read_png16

WINDOWS = {
    'full': (-1024, 3071),
    'bone': (-1024, 2050),
    'middle': (-250, 250),
    'soft_tissue': (-175, 275),
}


@pytest.fixture(scope='module')
def norms(root):
    file = root / 'configs/_base_/variants/window_norm.py'
    return Config.fromfile(file).window_norm


def test_they_are_those_of_real_slices(norms, real_data):
    files = sorted(real_data.glob('deeplesion_sample/Images_png/*/*.png'))
    assert len(files) == 148
    # Every fourth row and column, in a sixteenth of the memory.
    hu = np.concatenate(
        [stored_to_hu(read_png16(file))[::4, ::4].ravel() for file in files]
    )
    assert norms.keys() == WINDOWS.keys()
    for name, window in WINDOWS.items():
        grey = window_hu(hu, *window)
        assert grey.mean() == pytest.approx(norms[name].mean[0], abs=0.3)
        assert grey.std() == pytest.approx(norms[name].std[0], abs=0.3)


@pytest.mark.parametrize(
    ('name', 'span'),
    [('full', 0.53), ('bone', 0.53), ('middle', 1.79), ('soft_tissue', 2.27)],
)
def test_soft_tissue_spans_more_than_with_the_papers(norms, name, span):
    low, high = WINDOWS[name]
    found = 250 / (high - low) * 255 / norms[name].std[0]
    assert found == pytest.approx(span, abs=0.006)
    assert found > 0.3 > 250 / 4095 * 255 / 57


def test_configs_take_the_window_of_their_pipeline(root, norms):
    folder = root / 'configs/blocks/model'
    for name, size in (
        ('full', 'r101_fpn_window-norm-12e_deeplesion'),
        ('middle', 'r18_fpn_window-norm-5e_phantom'),
    ):
        config = Config.fromfile(folder / f'mask-rcnn_{size}.py')
        assert config.train_pipeline[1].windows == [WINDOWS[name]]
        found = config.model.data_preprocessor
        assert found.type == 'mmuldor.CTDataPreprocessor'
        assert (found.mean, found.std) == (norms[name].mean, norms[name].std)
