"""Put a single value into MMEngine's log.

``LogProcessor`` logs the mean of the last ten values of every scalar with
'loss' in its name. For a validation loss that would be the mean over ten
epochs. Removing the scalar from the dict that ``MessageHub.log_scalars``
returns clears its history, since that dict is not a copy. Seen with
onedl-mmengine 0.10.12, for ``>=0.10.12,<0.11``.
"""

from __future__ import annotations

from mmengine.logging import MessageHub


def replace_scalar(hub: MessageHub, name: str, value: float) -> None:
    """Set a scalar of the log and drop its earlier values."""
    hub.log_scalars.pop(name, None)
    hub.update_scalar(name, value)
