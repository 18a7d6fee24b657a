"""Run-length masks decode as pycocotools encodes them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco_mask

from mmuldor.io.run_length import decode_mask, encode_mask, encode_runs

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=40))


@given(mask=MASKS)
def test_any_mask(mask):
    rle = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    assert np.array_equal(decode_mask(rle), mask)
    as_text = {'size': rle['size'], 'counts': rle['counts'].decode('ascii')}
    assert np.array_equal(decode_mask(as_text), mask)
    assert encode_mask(mask) == as_text


@given(mask=MASKS)
def test_runs_are_encoded_as_the_mask(mask):
    columns = mask.T.reshape(-1)
    ends = np.flatnonzero(np.diff(columns, prepend=False))
    runs = np.diff(ends, prepend=0, append=mask.size)
    rle = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    as_text = {'size': rle['size'], 'counts': rle['counts'].decode('ascii')}
    assert encode_runs([runs], *mask.shape) == [as_text]


def test_a_large_mask_with_long_runs():
    mask = np.zeros((700, 900), dtype=bool)
    mask[100:650, 300:301] = mask[3, 800] = True
    rle = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    assert np.array_equal(decode_mask(rle), mask)


def test_integers_along_columns():
    mask = decode_mask({'size': [2, 3], 'counts': [1, 2, 3]})
    assert mask.tolist() == [[False, True, False], [True, False, False]]


@settings(max_examples=300)
@given(counts=st.one_of(st.text(max_size=40), st.binary(max_size=40)))
def test_any_text_is_a_mask_or_refused(counts):
    """pycocotools ends the process on some of these."""
    try:
        mask = decode_mask({'size': [5, 7], 'counts': counts})
    except ValueError:
        return
    assert mask.shape == (5, 7)


@pytest.mark.parametrize('counts', [[3, 4], [-1, 7], [2**62, 2**62], [6.0]])
def test_runs_that_do_not_fill_the_mask(counts):
    with pytest.raises(ValueError, match=r'`segmentation` must be'):
        decode_mask({'size': [2, 3], 'counts': counts})
