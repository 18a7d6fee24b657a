import numpy as np
import pytest

from mmuldor.functional.masks import CroppedMask
from mmuldor.scans.lesion_figure import lesion_figure
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.volume import Volume

VOLUME = Volume(
    np.zeros((3, 60, 80), dtype=np.int16), np.diag([0.5, 0.5, 2, 1]), 'a'
)
MASK = CroppedMask(20, 30, np.ones((8, 10), dtype=bool))


def figure_of(mask, lesion_type=None):
    box = np.array([29.5, 19.5, 39.5, 27.5])
    detection = SliceDetection(1, box, 0.912, mask, lesion_type)
    lesion = measure_lesion([detection], VOLUME.affine)
    return lesion_figure(lesion, VOLUME, 3)


@pytest.mark.parametrize(
    ('mask', 'lesion_type', 'caption'),
    [
        (None, None, 'lesion 3, score 0.91'),
        # 9.75 x 7.75 px of 0.5 mm; 80 voxels of 0.5 mm3.
        (MASK, None, 'lesion 3, score 0.91, 6.2 x 5.0 mm, 0.0 ml'),
        (None, 'liver', 'lesion 3 (liver), score 0.91'),
    ],
)
def test_captions(mask, lesion_type, caption):
    figure = figure_of(mask, lesion_type)
    assert [text.get_text() for text in figure.texts] == ['slice 1', caption]


def test_the_mask_is_drawn_beside_the_whole_slice():
    bare, masked = figure_of(None), figure_of(MASK)
    counts = [
        [len(ax.patches) + len(ax.lines) for ax in figure.axes]
        for figure in (bare, masked)
    ]
    # The whole slice shows the box alone.
    assert counts[0][0] == counts[1][0]
    assert counts[0][1] < counts[1][1]
