# Focal loss (Lin et al., ICCV 2017) in the box head, compared with HNEM.
focal = dict(
    roi_head=dict(
        bbox_head=dict(
            loss_cls=dict(
                _delete_=True, type='mmuldor.SoftmaxFocalLoss', gamma=2.0))))
