"""`tools/browse_dataset.py` draws what the model is fed."""

import cv2
import numpy as np

from mmuldor.apis.browse import browse_dataset
from mmuldor.visualization import sample_figure as module
from tools.browse_dataset import main


def test_pictures_of_a_split(mini_config, tmp_path, capsys):
    path = tmp_path / 'config.py'
    mini_config.dump(path)
    main([str(path), '--out', str(tmp_path / 'shown'), '--count', '3'])
    pictures = sorted((tmp_path / 'shown').glob('*.png'))
    assert len(pictures) == 3
    assert pictures[0].name.startswith('00000')
    assert '3 samples drawn' in capsys.readouterr().out
    # The bright disc of the mini data is neither black nor wrapped around.
    panel = cv2.imread(str(pictures[0]))[12:472, 12:472]
    assert panel.std() > 5


def test_targets_lie_where_the_lesions_lie(mini_config, tmp_path, monkeypatch):
    seen = []

    def draw(picture, lesions, inputs, targets, title):
        seen.append((lesions, inputs, targets))
        return original(picture, lesions, inputs, targets, title)

    original = module.sample_figure
    monkeypatch.setattr('mmuldor.apis.browse.sample_figure', draw)
    mini_config.train_dataloader.dataset.pipeline[-2].prob = 0.0
    browse_dataset(mini_config, tmp_path, count=6)
    assert len(seen) == 6
    for lesions, inputs, targets in seen:
        (lesion,), (grey,), (target,) = lesions, inputs, targets
        assert target.is_lesion
        # 0.8 to 1.2 mm a pixel, with centres at integers on both sides.
        scale = len(grey) / 64
        corner = (lesion['bbox'][:2] + 0.5) * scale - 0.5
        np.testing.assert_allclose(target.bbox[:2], corner, atol=1e-3)
        (polygon,) = target.polygons
        ends = (lesion['recist_px'].reshape(4, 2) + 0.5) * scale - 0.5
        gaps = np.linalg.norm(ends[:, None] - polygon[None], axis=2)
        assert gaps.min(axis=1).max() < 0.01
        x, y = np.rint(polygon.mean(axis=0)).astype(int)
        assert grey[y, x] > grey.mean()


def test_a_test_split_has_no_targets(mini_config, tmp_path):
    assert len(browse_dataset(mini_config, tmp_path, 'test', count=9)) == 2


def test_lesions_are_drawn_with_the_masks_of_the_pipeline(
    mini_config, tmp_path, monkeypatch
):
    seen = []

    def draw(picture, lesions, *others):
        seen.extend(lesions)
        return original(picture, lesions, *others)

    original = module.sample_figure
    monkeypatch.setattr('mmuldor.apis.browse.sample_figure', draw)
    step = mini_config.train_dataloader.dataset.pipeline[2]
    step.update(shape='box', grow_px=0.5, offset_px=(1, 2))
    browse_dataset(mini_config, tmp_path, count=1)
    (lesion,) = seen
    ends = lesion['recist_px'].reshape(4, 2)
    corners = lesion['outline'][[0, 2]]
    low, high = ends.min(axis=0), ends.max(axis=0)
    np.testing.assert_allclose(corners[0] - low, [0.5, 1.5])
    np.testing.assert_allclose(corners[1] - high, [1.5, 2.5])
