"""What a dataset of CT slices asks of its transforms."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.transforms import BaseTransform


class CTTransform(BaseTransform):
    """A transform that ``DeepLesionDataset`` asks before a long run.

    By itself it has nothing to check and loads no slices.

    Attributes:
        num_slices: Slices that it loads; None where it loads none.
        mask_shape: Shape of the pseudo masks that it draws, a key of
            ``MASK_SHAPES``; None where it draws none.
    """

    num_slices: int | None = None
    mask_shape: str | None = None

    def check(self, fingerprint: str, classes: Sequence[str]) -> None:
        """Check the transform against its dataset.

        Args:
            fingerprint: Of the dataset's images.
            classes: The dataset's classes.

        Raises:
            ValueError: If it does not fit.
        """

    def check_slices(self, results: dict) -> None:
        """Check the slices that it will load for an image.

        Raises:
            FileNotFoundError: If the key slice is missing.
            ValueError: If a slice is damaged or of another size.
        """

    def lacks_neighbours(self, results: dict) -> bool:
        """Whether it will load other slices than an image asks for."""
        return False
