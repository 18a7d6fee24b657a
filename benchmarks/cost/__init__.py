"""What a training costs, from the operations of its model."""

# Before mmdet's models: it installs what stands in for mmcv's operators.
import mmuldor  # noqa: F401
