import pytest
from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import Resize

import mmuldor.datasets.transforms as transforms
from mmuldor.datasets import DeepLesionDataset
from mmuldor.datasets.transforms.base import CTTransform
from mmuldor.functional.recist import PseudoMask


class Plain(CTTransform):
    def transform(self, results):
        return results


class Recording(Plain):
    """Loads slices, and writes down what it is asked."""

    num_slices = 1

    def __init__(self):
        self.asked = []

    def check(self, fingerprint, classes):
        self.asked.append((fingerprint, classes))

    def check_slices(self, results):
        self.asked.append(results['img_id'])


def test_by_itself_a_transform_has_nothing_to_check():
    plain = Plain()
    assert plain.check('abc', ('lesion',)) is None
    assert plain.check_slices({}) is None
    assert list(plain.slice_offsets({})) == []
    assert plain.lacks_neighbours({}) is False
    assert plain.num_slices is plain.mask_shape is plain.pseudo_mask is None


@pytest.mark.parametrize('name', transforms.__all__)
def test_all_of_ours_can_be_asked(name):
    # What extends mmdet's resizing has nothing to say.
    assert issubclass(getattr(transforms, name), CTTransform | Resize)


def build(folder, *pipeline):
    return DeepLesionDataset(
        data_root=str(folder),
        ann_file='train.json',
        data_prefix=dict(img='Images_png'),
        pipeline=list(pipeline),
    )


def test_a_dataset_asks_transforms_of_ones_own(mini_data):
    recording = Recording()
    dataset = build(mini_data, Plain(), recording)
    first, *images = recording.asked
    assert first == (dataset.fingerprint, ('lesion',))
    assert sorted(images) == [1, 2, 3, 4, 5, 6]


def test_a_dataset_knows_what_its_transforms_draw_and_add(mini_data):
    class Other(BaseTransform):
        transform = None

    bare = build(mini_data, Other())
    assert bare.mask_shape == 'quarter_ellipses'
    assert bare.pseudo_mask == PseudoMask()
    assert bare.bank_readers == bare.ct_transforms == []
    dataset = build(
        mini_data,
        dict(type='mmuldor.RecistToMask', shape='box', grow_px=0.5),
        dict(type='mmuldor.SliceOffset', mm=1.0),
    )
    assert dataset.mask_shape == 'box'
    assert dataset.pseudo_mask == PseudoMask('box', grow_px=0.5)
    assert len(dataset.ct_transforms) == 2


def test_a_transform_of_ones_own_names_its_shape(mini_data):
    class Own(Plain):
        mask_shape = 'ellipse'

    assert build(mini_data, Own()).pseudo_mask == PseudoMask('ellipse')
