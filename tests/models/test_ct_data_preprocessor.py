import pytest
import torch
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.structures import DetDataSample

from mmuldor.models import CTDataPreprocessor


def processed(image, **kwargs):
    sample = DetDataSample(metainfo={'img_shape': image.shape[1:]})
    data = {'inputs': [image], 'data_samples': [sample]}
    return CTDataPreprocessor(pad_size_divisor=32, **kwargs)(data)


def test_three_equal_values_are_those_of_mmdet():
    image = torch.rand(3, 40, 50) * 255
    sample = DetDataSample(metainfo={'img_shape': (40, 50)})
    theirs = DetDataPreprocessor(
        mean=[50.0] * 3, std=[57.0] * 3, pad_size_divisor=32
    )({'inputs': [image], 'data_samples': [sample]})
    ours = processed(image, mean=[50.0], std=[57.0])
    assert torch.equal(ours['inputs'], theirs['inputs'])
    assert ours['data_samples'][0].batch_input_shape == (64, 64)


def test_values_stand_for_windows_and_padding_is_zero():
    image = torch.stack([torch.full((2, 2), float(i)) for i in range(6)])
    found = processed(image, mean=[1.0, 4.0], std=[1.0, 2.0])['inputs'][0]
    assert found[:, 0, 0].tolist() == [-1, 0, 1, -0.5, 0, 0.5]
    assert found[:, 2:].abs().max() == 0


@pytest.mark.parametrize(
    ('mean', 'std'), [([], []), ([1.0], [1.0, 2.0]), ([1.0], [0.0])]
)
def test_wrong_statistics_are_refused(mean, std):
    with pytest.raises(ValueError, match='one a window'):
        CTDataPreprocessor(mean, std)


def test_channels_that_do_not_divide_are_an_error():
    with pytest.raises(ValueError, match=r'9 channels.*2 values'):
        processed(torch.zeros(9, 4, 4), mean=[0.0, 1.0], std=[1.0, 1.0])


def test_a_last_channel_has_the_distance_of_the_slices():
    images = [torch.full((3, 4, 4), 10.0), torch.full((3, 4, 8), 10.0)]
    samples = [
        DetDataSample(metainfo=dict(img_shape=i.shape[1:], **facts))
        for i, facts in zip(
            images,
            ({'loaded_interval_mm': 2.0}, {'loaded_interval_mm': 5.0}),
            strict=True,
        )
    ]
    preprocessor = CTDataPreprocessor([9.0], [0.5], interval_channel=True)
    data = {'inputs': images, 'data_samples': samples}
    found = preprocessor(data)['inputs']
    assert found.shape == (2, 4, 4, 8)
    # (10 - 9) / 0.5 = 2 inside, 0 in the padding; the last channel everywhere.
    assert found[0, 2, 0].tolist() == [2] * 4 + [0] * 4
    assert (found[0, 3] == 2).all()
    assert (found[1, 3] == 5).all()


def test_an_unknown_distance_is_an_error():
    with pytest.raises(ValueError, match=r'loaded_interval_mm.*`meta_keys`'):
        processed(
            torch.zeros(3, 4, 4), mean=[0.0], std=[1.0], interval_channel=True
        )
