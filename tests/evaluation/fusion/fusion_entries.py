"""Results of a detector for tests of fusion."""

import numpy as np

from mmuldor.io.run_length import encode_runs


def entry(x, score, image_id=1, category=1, **more):
    """A detection of 10 px from (x, 0) on."""
    found = {'image_id': image_id, 'bbox': [x, 0, 10, 10], 'score': score}
    return {**found, 'category_id': category, **more}


def mask(*runs, height=4, width=5):
    """A mask of 4 x 5 px by its runs, column by column."""
    (rle,) = encode_runs([np.array(runs)], height, width)
    return {'segmentation': rle}
