"""Whether a registration of two scans can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

# Correlation of HU in the common body, after all and after the rigid
# registration, and Dice coefficient of the bodies. Pairs of phantoms: 0.97 to
# 0.99, 0.95 to 0.99 and 0.99, of voxels of 6 mm and small fields of view from
# 0.80, 0.84 and 0.93; other parts of the same body: at most 0.68, 0.54 and
# 0.99; another patient: 0.93, 0.35 and 0.98.
MIN_CORRELATION, MIN_RIGID_CORRELATION, MIN_BODY_DICE = 0.7, 0.6, 0.85
# Share of the baseline's body that lies in the other scan.
MIN_COMMON_SHARE = 0.1
# Tissue may be folded, or grow or shrink threefold, in a few voxels alone.
MAX_IMPLAUSIBLE_SHARE = 0.02
JACOBIANS = (1 / 3, 3.0)
# Breathing and another table move tissue less; another patient: 28 and 83 mm.
MAX_MEDIAN_MM, MAX_DEFORMATION_MM = 15.0, 60.0
# A patient lies alike in both scans; scanners are told head or feet first.
MAX_ROTATION_DEG = 30.0


@dataclass(frozen=True)
class Quality:
    """What was measured after a registration.

    Attributes:
        correlation: Of HU in the common body, after rigid and deformable
            registration, -1 to 1.
        correlation_rigid: The same after the rigid one alone.
        correlation_before: The same before.
        body_dice: Dice coefficient of both bodies in the common field of
            view, 0 to 1.
        common_share: Share of the baseline's body in the field of view of the
            follow-up, 0 to 1.
        implausible_share: Share of the common body with a Jacobian outside of
            `JACOBIANS`.
        rotation_deg: Angle of the rigid rotation.
        shift_mm: How far the centre of the baseline's body moves, rigidly:
            left, posterior, superior.
        deformation_median_mm: Median length of the deformation in the body.
        deformation_max_mm: Maximum length.
    """

    correlation: float
    correlation_rigid: float
    correlation_before: float
    body_dice: float
    common_share: float
    implausible_share: float
    rotation_deg: float
    shift_mm: tuple[float, float, float]
    deformation_median_mm: float
    deformation_max_mm: float

    @property
    def problem(self) -> str:
        """Why the registration failed; '' if it did not."""
        checks = (
            (
                self.common_share < MIN_COMMON_SHARE,
                f'only {self.common_share:.0%} of the baseline lie in the '
                'follow-up',
            ),
            (
                self.correlation < MIN_CORRELATION,
                'the scans differ after registration (correlation '
                f'{self.correlation:.2f}, expected at least '
                f'{MIN_CORRELATION:g})',
            ),
            (
                self.correlation_rigid < MIN_RIGID_CORRELATION,
                'the scans differ after rigid registration (correlation '
                f'{self.correlation_rigid:.2f}, expected at least '
                f'{MIN_RIGID_CORRELATION:g})',
            ),
            (
                self.body_dice < MIN_BODY_DICE,
                'the outlines of the body differ (Dice '
                f'{self.body_dice:.2f}, expected at least {MIN_BODY_DICE:g})',
            ),
            (
                self.implausible_share > MAX_IMPLAUSIBLE_SHARE,
                f'{self.implausible_share:.0%} of the body would be folded, '
                'or grow or shrink threefold',
            ),
            (
                self.deformation_median_mm > MAX_MEDIAN_MM
                or self.deformation_max_mm > MAX_DEFORMATION_MM,
                'the body would be deformed by '
                f'{self.deformation_median_mm:.0f} mm, up to '
                f'{self.deformation_max_mm:.0f} mm',
            ),
            (
                self.rotation_deg > MAX_ROTATION_DEG,
                f'the body would be turned by {self.rotation_deg:.0f} degrees',
            ),
        )
        return next((reason for failed, reason in checks if failed), '')
