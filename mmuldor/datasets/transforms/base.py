"""Base class of transforms that a dataset of CT slices checks."""

from __future__ import annotations

from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from mmuldor.functional.recist import PseudoMask


class CTTransform(BaseTransform):
    """A transform that ``DeepLesionDataset`` checks before a long run.

    The base class has nothing to check and loads no slices.

    Attributes:
        num_slices: Number of slices that it loads; None if it loads none.
        mask_shape: Shape of the pseudo masks that it draws, a key of
            ``MASK_SHAPES``; None if it draws none.
    """

    num_slices: int | None = None
    mask_shape: str | None = None

    @property
    def pseudo_mask(self) -> PseudoMask | None:
        """How it draws pseudo masks; None if it draws none."""
        return None if self.mask_shape is None else PseudoMask(self.mask_shape)

    def check(self, fingerprint: str, classes: Sequence[str]) -> None:
        """Check the transform against its dataset.

        Args:
            fingerprint: Fingerprint of the dataset's images.
            classes: Names of the dataset's classes.

        Raises:
            ValueError: If the transform does not fit the dataset.
        """

    def slice_offsets(self, results: dict) -> Sequence[float]:
        """The outermost offsets that it may set for ``LoadCTSlices``.

        In stored slices; none by default. They lie at most one slice apart,
        so that no offset between them needs other slices than these do.
        """
        return ()

    def check_slices(self, results: dict) -> None:
        """Check the slices that it will load for an image.

        Raises:
            FileNotFoundError: If the key slice is missing.
            ValueError: If a slice is damaged or of another size.
        """

    def lacks_neighbours(self, results: dict) -> bool:
        """Whether another slice replaces a missing one of an image."""
        return False
