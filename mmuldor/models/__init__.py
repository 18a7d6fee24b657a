"""Model parts that mmdet does not have.

Importing this package makes RoI features, and all compiled operators of mmcv,
independent of the memory layout and dtype of feature maps.
"""

from mmuldor.models.a3d import A3D
from mmuldor.models.align_shift import AlignShift
from mmuldor.models.channel_groups import GroupedBackbone, GroupFusionNeck
from mmuldor.models.context_backbone import ContextBackbone
from mmuldor.models.ct_data_preprocessor import CTDataPreprocessor
from mmuldor.models.densenet import DenseNet
from mmuldor.models.exact.hard_samples import use_forgetful_ohem
from mmuldor.models.exact.head_outputs import use_exact_head_outputs
from mmuldor.models.exact.roi_features import use_exact_roi_features
from mmuldor.models.focal_loss import SoftmaxFocalLoss
from mmuldor.models.ignoring_assigner import IgnoringSoftLabelAssigner
from mmuldor.models.inflated_init import InflatedInit
from mmuldor.models.pretrained.ct_pretrained_init import CTPretrainedInit
from mmuldor.models.vgg import VGG16
from mmuldor.models.view_averaging import ViewAveraging
from mmuldor.models.whole_slices import use_whole_slices
from mmuldor.ops.guard import guard_extension

use_forgetful_ohem()
use_exact_head_outputs()
use_exact_roi_features()
use_whole_slices()
guard_extension()

__all__ = [
    'A3D',
    'VGG16',
    'AlignShift',
    'CTDataPreprocessor',
    'CTPretrainedInit',
    'ContextBackbone',
    'DenseNet',
    'GroupFusionNeck',
    'GroupedBackbone',
    'IgnoringSoftLabelAssigner',
    'InflatedInit',
    'SoftmaxFocalLoss',
    'ViewAveraging',
]
