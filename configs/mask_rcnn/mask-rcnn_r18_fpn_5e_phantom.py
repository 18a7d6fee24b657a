_base_ = [
    '../_base_/models/mask-rcnn_r18_fpn_tiny.py',
    '../_base_/datasets/phantom.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]

# HNEM starts from the checkpoint of the third epoch.
default_hooks = dict(checkpoint=dict(max_keep_ckpts=-1))
