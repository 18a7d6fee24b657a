"""`check.py` looks at a model before it is trained."""

import pytest

from mmuldor.apis import load_config
from mmuldor.apis.checks.model import check_model, untrained

CONFIGS = {
    'mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py': 'model.test_cfg.rcnn',
    'detectors/retinanet_r18_fpn_5e_phantom.py': 'model.test_cfg',
}


@pytest.mark.parametrize(('name', 'key'), CONFIGS.items())
@pytest.mark.parametrize('threshold', [None, 0.01, 0.05])
def test_a_threshold_that_cuts_froc(name, key, threshold):
    options = threshold and {f'{key}.score_thr': threshold}
    model = untrained(load_config(f'mmuldor::{name}', cfg_options=options))
    found = [r for r in check_model(model, [], ('lesion',)) if 'sc' in r.text]
    assert [r.level for r in found] == ['warning'] * (threshold == 0.05)
    assert all('below a score of 0.05 are' in r.text for r in found)
