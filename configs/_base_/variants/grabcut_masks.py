# Masks of the annotation file, which `data_prep/grabcut_masks.py` refines by
# the pixels (benchmarks/grabcut-masks.md). For both pipelines:
# `train_pipeline[2].update(_base_.grabcut_masks)`, also in
# `val_loss_pipeline`.
grabcut_masks = dict(shape='segmentation')
