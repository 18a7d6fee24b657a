"""Families of layers that behave otherwise in training.

torch's public names are those of single dimensions, and MMEngine's BatchNorm
for any dimension, which SyncBatchNorm becomes without GPUs, derives from the
private base class alone. Seen with torch 2.13, for ``>=2.4,<2.15``.
"""

from __future__ import annotations

from torch import nn

# BatchNorm, SyncBatchNorm and InstanceNorm.
NORMS = nn.modules.batchnorm._NormBase
DROPOUTS = nn.modules.dropout._DropoutNd
