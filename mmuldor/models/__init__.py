"""Model parts that mmdet does not have."""

from mmuldor.models.channel_groups import GroupedBackbone, GroupFusionNeck
from mmuldor.models.ct_data_preprocessor import CTDataPreprocessor
from mmuldor.models.focal_loss import SoftmaxFocalLoss
from mmuldor.models.inflated_init import InflatedInit
from mmuldor.models.vgg import VGG16
from mmuldor.models.view_averaging import ViewAveraging

__all__ = [
    'VGG16',
    'CTDataPreprocessor',
    'GroupFusionNeck',
    'GroupedBackbone',
    'InflatedInit',
    'SoftmaxFocalLoss',
    'ViewAveraging',
]
