# Eight lesion types as classes. DeepLesion has types for its validation and
# test splits only, so training uses the validation split, there is no
# validation, and the weights of the last epoch are the result.
typed = dict(
    model=dict(
        roi_head=dict(
            bbox_head=dict(num_classes=8), mask_head=dict(num_classes=8))),
    train_dataloader=dict(
        dataset=dict(ann_file='val.json', lesion_types='known')),
    val_dataloader=None,
    val_evaluator=None,
    val_cfg=None,
    test_dataloader=dict(dataset=dict(lesion_types='known')),
    test_evaluator=dict(lesion_types='known'),
    default_hooks=dict(
        val_loss=None,
        early_stopping=None,
        checkpoint=dict(save_best=None, rule=None)))
