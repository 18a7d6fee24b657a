"""Put a single value into MMEngine's log.

``LogProcessor`` takes the mean of the last ten values of whatever has 'loss'
in its name, validations included: the log of an epoch's validation would
carry ten epochs. A scalar is begun anew by taking it out of the dict that
``MessageHub.log_scalars`` returns, which is the hub's own and no copy. Seen
with onedl-mmengine 0.10.12, for ``>=0.10.12,<0.11``.
"""

from __future__ import annotations

from mmengine.logging import MessageHub


def replace_scalar(hub: MessageHub, name: str, value: float) -> None:
    """Set a scalar of the log, forgetting its values so far."""
    hub.log_scalars.pop(name, None)
    hub.update_scalar(name, value)
