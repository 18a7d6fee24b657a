"""What data_prep makes of own data is what the configs read."""

import nibabel
import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope

from data_prep.slices_to_coco import main as convert_slices
from data_prep.volumes_to_coco import main as convert_volumes

SIZE = 96


def train_set(root, folder):
    config = Config.fromfile(
        root / 'configs/own_data/mask-rcnn_r101_fpn_12e_own-data.py'
    )
    init_default_scope('mmdet')
    dataset = config.train_dataloader.dataset
    dataset.data_root = str(folder)
    # 0.8 mm a pixel as it is, nothing turned about.
    dataset.pipeline = config.val_loss_pipeline
    return DATASETS.build(dataset)


def make_volume(tmp_path):
    """A bright, slanted ellipsoid in a block of tissue in air."""
    grid = np.indices((SIZE, SIZE, 7)) - np.reshape((40, 55, 3), (3, 1, 1, 1))
    u, v = grid[0] + 0.5 * grid[1], grid[1] - 0.5 * grid[0]
    mask = (u / 22) ** 2 + (v / 14) ** 2 + (grid[2] / 3) ** 2 <= 1
    hu = np.full(mask.shape, -1000, np.int16)
    hu[10:-10, 10:-10] = 0
    hu[mask] = 150
    affine = np.diag([0.8, 0.8, 2.0, 1.0])
    for folder, data in (('images', hu), ('masks', mask.astype(np.uint8))):
        (tmp_path / folder).mkdir()
        nibabel.save(
            nibabel.Nifti1Image(data, affine), tmp_path / folder / 'a.nii.gz'
        )


def test_volumes_and_slices_reach_the_training(root, tmp_path):
    make_volume(tmp_path)
    words = (
        *('--images', tmp_path / 'images', '--masks', tmp_path / 'masks'),
        *('--out', tmp_path / 'own', '--split', 1, 0, 0),
    )
    convert_volumes([str(word) for word in words])
    (item,) = train_set(root, tmp_path / 'own')
    # Three slices in the window [-1024, 3071] HU: the middle one is the key.
    middle = item['inputs'][1].numpy()
    bright = middle > middle[middle > 30].mean()
    instances = item['data_samples'].gt_instances
    (mask,) = instances.masks.to_ndarray().astype(bool)
    assert (mask & bright).sum() / (mask | bright).sum() > 0.9
    rows, columns = (
        np.flatnonzero(bright.any(1)),
        np.flatnonzero(bright.any(0)),
    )
    # mmdet's boxes count from the pixel's outer edge.
    assert np.asarray(instances.bboxes.tensor)[0].tolist() == [
        *(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1),
    ]

    # The same slices as PNG with a COCO file: theirs counts from edges too.
    document = tmp_path / 'own' / 'train.json'
    words = (
        *('--images', tmp_path / 'own' / 'Images_png', '--coco', document),
        *('--out', tmp_path / 'again', '--spacing', 1, 1, 1),
        *('--offset-px', 0, '--split', 1, 0, 0),
    )
    convert_slices([str(word) for word in words])
    (again,) = train_set(root, tmp_path / 'again')
    assert (again['inputs'] == item['inputs']).all()
    same = again['data_samples'].gt_instances
    assert (same.masks.to_ndarray() == instances.masks.to_ndarray()).all()
    assert (same.bboxes.tensor == instances.bboxes.tensor).all()
