from mmuldor.datasets.transforms import LoadCTSlices, SliceOffset


def test_a_stated_distance_is_loaded(series):
    shifted = SliceOffset(mm=-1.0).transform({**series})
    # Slices 2 mm apart differ by 100 HU.
    assert shifted['slice_offset'] == -0.5
    image = LoadCTSlices(num_slices=1).transform(shifted)['img']
    assert image[0, 0].tolist() == [450]
