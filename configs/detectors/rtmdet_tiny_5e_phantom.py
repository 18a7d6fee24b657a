_base_ = [
    '../_base_/models/rtmdet_tiny.py',
    '../_base_/datasets/phantom_boxes.py',
    '../_base_/schedules/phantom_5e.py',
    '../_base_/default_runtime.py',
]
