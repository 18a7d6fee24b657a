"""mmdet's mask branch on boxes of our choice."""

import inspect

import pytest
import torch
from mmdet.models.roi_heads import CascadeRoIHead, StandardRoIHead
from mmdet.structures.bbox import bbox2roi
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData

from mmuldor.upstream.two_stage import mask_predictions

CONFIGS = {
    StandardRoIHead: 'mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py',
    CascadeRoIHead: 'detectors/cascade-mask-rcnn_r18_fpn_5e_phantom.py',
}


def test_the_private_methods_have_our_arguments():
    one, cascade = (
        list(inspect.signature(kind._mask_forward).parameters)
        for kind in (StandardRoIHead, CascadeRoIHead)
    )
    assert one[:3] == ['self', 'x', 'rois']
    assert cascade == ['self', 'stage', 'x', 'rois']


@pytest.fixture(params=CONFIGS, ids=lambda kind: kind.__name__)
def head(request, root):
    config = Config.fromfile(root / 'configs' / CONFIGS[request.param])
    init_default_scope('mmdet')
    torch.manual_seed(0)
    roi_head = config.model.roi_head
    roi_head.test_cfg = config.model.test_cfg.rcnn
    roi_head.train_cfg = None
    head = MODELS.build(roi_head).eval()
    assert type(head) is request.param
    return head


@torch.no_grad()
def test_they_are_what_mmdet_pastes(head, monkeypatch):
    """`predict_mask` hands the same values to the mask head's paste."""
    last = head.mask_head
    last = last[-1] if isinstance(last, torch.nn.ModuleList) else last
    channels = last.convs[0].in_channels
    features = [torch.randn(2, channels, 64 // s, 64 // s) for s in
                (4, 8, 16, 32)]  # fmt: skip
    boxes = [torch.tensor([[4.0, 4, 20, 24], [8, 2, 40, 30]]),
             torch.tensor([[10.0, 10, 50, 60]])]  # fmt: skip
    found = [
        InstanceData(bboxes=part, labels=torch.zeros(len(part)).long())
        for part in boxes
    ]
    meta = dict(ori_shape=(64, 64), img_shape=(64, 64), scale_factor=(1, 1))
    pasted = {}

    def paste(mask_preds, results_list, **options):
        pasted.update(options, mask_preds=torch.cat(list(mask_preds)))
        return results_list

    monkeypatch.setattr(last, 'predict_by_feat', paste)
    monkeypatch.setattr(head.mask_head, 'predict_by_feat', paste, False)
    head.predict_mask(features, [meta, meta], found)
    ours = mask_predictions(head, features, bbox2roi(boxes))
    assert len(ours) == 3
    assert torch.equal(ours, pasted['mask_preds'])
    is_cascade = isinstance(head, CascadeRoIHead)
    assert pasted.get('activate_map', False) is is_cascade
