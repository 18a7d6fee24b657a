"""Model parts that mmdet does not have."""

from mmuldor.models.focal_loss import SoftmaxFocalLoss
from mmuldor.models.vgg import VGG16

__all__ = ['VGG16', 'SoftmaxFocalLoss']
