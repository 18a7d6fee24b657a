import torch
from mmengine.registry import MODELS, init_default_scope

from benchmarks.models import build


def test_a_one_class_model_starts_the_timed_one(mini_config, tmp_path):
    init_default_scope('mmdet')
    for head in ('bbox_head', 'mask_head'):
        mini_config.model.roi_head[head].num_classes = 1
    torch.manual_seed(7)
    lesion = MODELS.build(mini_config.model)
    torch.save({'state_dict': lesion.state_dict()}, tmp_path / 'one.pth')
    for head in ('bbox_head', 'mask_head'):
        mini_config.model.roi_head[head].num_classes = 2
    model, _ = build(mini_config, tmp_path / 'one.pth', 'cpu')
    found = model.roi_head.bbox_head.fc_cls.weight
    trained = lesion.roi_head.bbox_head.fc_cls.weight
    # The lesion is first, the background last.
    assert torch.equal(found[[0, -1]], trained)
    assert len(found) == 3
