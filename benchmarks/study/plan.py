"""Which models the study trains, in which order."""

from __future__ import annotations

from dataclasses import dataclass

CONFIGS = {
    'without_mask': 'configs/faster_rcnn/faster-rcnn_r18_fpn_5e_phantom.py',
    'mask': 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py',
    'hnem': 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py',
    'hnem-spare': 'configs/uldor/uldor_r18_fpn_hnem-spare-2e_phantom.py',
    'mask-ohem': 'configs/mask_rcnn/mask-rcnn_r18_fpn_ohem-5e_phantom.py',
    'mask-focal': 'configs/mask_rcnn/mask-rcnn_r18_fpn_focal-5e_phantom.py',
}
# HNEM starts from Mask R-CNN after three of five epochs, for two epochs.
START_EPOCH = 3
SHAPES = ('ellipse', 'quadrilateral', 'box')
# Config keys of the mask shape, in the pipelines of training and loss.
_SHAPE_KEYS = (
    'train_dataloader.dataset.pipeline.2.shape',
    'val_loss_pipeline.2.shape',
)


_HOOK = 'default_hooks.hnem'


@dataclass(frozen=True)
class Piece:
    """One training and its test.

    Attributes:
        group: The comparison that it belongs to.
        method: What is trained, a word; the row's name in the tables is the
            business of the report.
        config: The config file.
        seed: Of the training, and of the mining.
        missing: Share of the training lesions without annotation, in percent.
        options: What ``--cfg-options`` changes, by key.
        start: Name of the piece whose checkpoint it goes on from.
        tta: Whether it is tested with test-time augmentation, too.
    """

    group: str
    method: str
    config: str
    seed: int
    missing: int = 0
    options: tuple[tuple[str, str], ...] = ()
    start: str | None = None
    tta: bool = False

    @property
    def name(self) -> str:
        """Unique name, that of its folder and of its result files."""
        return f'{self.method}_missing-{self.missing}_seed-{self.seed}'


def make_plan() -> list[Piece]:
    """All pieces, ordered by importance and seed."""
    core = []
    for seed in range(5):
        core += _systems(seed)
        if seed < 3:
            core += _with_missing(seed, 50) + _with_missing(seed, 25)
            core.append(_hnem('remedy', 'hnem-spare', seed, 0))
    return core + [piece for seed in range(3) for piece in _others(seed)]


def _systems(seed: int) -> list[Piece]:
    return [
        Piece('systems', 'mask', CONFIGS['mask'], seed),
        _hnem('systems', 'hnem', seed),
        Piece('systems', 'without_mask', CONFIGS['without_mask'], seed),
    ]


def _with_missing(seed: int, share: int) -> list[Piece]:
    return [
        Piece('missing', 'mask', CONFIGS['mask'], seed, share),
        _hnem('missing', 'hnem', seed, share),
        _hnem('remedy', 'hnem-spare', seed, share),
    ]


def _others(seed: int) -> list[Piece]:
    pieces = [
        Piece('rivals', name, CONFIGS[name], seed)
        for name in ('mask-ohem', 'mask-focal')
    ]
    pieces += [
        Piece(
            'shapes',
            f'mask-{shape}',
            CONFIGS['mask'],
            seed,
            options=tuple((key, shape) for key in _SHAPE_KEYS),
        )
        for shape in SHAPES
    ]
    mining = (
        ('m-1', 'max_per_image', '1'),
        ('m-10', 'max_per_image', '10'),
        ('accumulate', 'accumulate', 'True'),
    )
    return pieces + [
        _hnem('mining', f'hnem-{name}', seed, 0, ((f'{_HOOK}.{key}', value),))
        for name, key, value in mining
    ]


def _hnem(
    group: str,
    method: str,
    seed: int,
    missing: int = 0,
    options: tuple[tuple[str, str], ...] = (),
) -> Piece:
    """HNEM after the Mask R-CNN of the same seed and annotations."""
    start = Piece('', 'mask', CONFIGS['mask'], seed, missing).name
    options = ((f'{_HOOK}.seed', str(seed)), *options)
    config = CONFIGS.get(method, CONFIGS['hnem'])
    return Piece(group, method, config, seed, missing, options, start)
