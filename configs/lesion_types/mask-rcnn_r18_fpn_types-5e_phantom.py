_base_ = [
    '../_base_/models/mask-rcnn_r18_fpn_tiny.py',
    '../_base_/datasets/phantom_types.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]

model = dict(
    roi_head=dict(bbox_head=dict(num_classes=8), mask_head=dict(num_classes=8)))

# Nothing is validated: the weights of the last epoch count.
val_cfg = None
default_hooks = dict(
    val_loss=None,
    early_stopping=None,
    checkpoint=dict(save_best=None, rule=None))
