"""Base classes of layers that behave differently in training.

torch's public classes have one dimension each. MMEngine's BatchNorm for any
dimension, which replaces SyncBatchNorm on a CPU, derives only from the private
base class. Seen with torch 2.13, for ``>=2.4,<2.15``.
"""

from __future__ import annotations

from torch import nn

# BatchNorm, SyncBatchNorm and InstanceNorm.
NORMS = nn.modules.batchnorm._NormBase
DROPOUTS = nn.modules.dropout._DropoutNd
