"""What a training left: weights, and what they say of themselves."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from mmuldor.upstream.safe_checkpoints import load_safely


@dataclass(frozen=True, eq=False)
class Trained:
    """A checkpoint, read safely.

    Attributes:
        weights: Tensors by name.
        meta: What the training recorded: epoch, seed, ...
    """

    weights: dict[str, torch.Tensor]
    meta: Mapping

    @classmethod
    def of_file(cls, path: str | os.PathLike) -> Trained:
        """Read a checkpoint.

        Raises:
            FileNotFoundError: If there is none.
            ValueError: If it is none, or has no weights.
        """
        loaded = load_safely(path)
        return cls(_weights(path, loaded), _meta(path, loaded))

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, () if unknown."""
        dataset = self.meta.get('dataset_meta')
        named = (
            dataset.get('classes') if isinstance(dataset, Mapping) else None
        )
        if not isinstance(named, (list, tuple)):
            return ()
        return tuple(map(str, named))

    @property
    def config_name(self) -> str:
        """The config's name; MMEngine appends date and time to it."""
        experiment = str(self.meta.get('experiment_name', ''))
        return '_'.join(experiment.split('_')[:-2])

    @property
    def config_text(self) -> str:
        """The config in Python, '' if it is not recorded."""
        return str(self.meta.get('cfg', ''))

    @property
    def parameters(self) -> int:
        """How many numbers the weights are."""
        return sum(weight.numel() for weight in self.weights.values())

    def properties(
        self, data: str | None, licence: str, config: str = ''
    ) -> dict[str, object]:
        """Facts for the card.

        Args:
            data: Name of the training data.
            licence: Of the weights.
            config: Name of the config, if the checkpoint's is not used.
        """
        return {
            'config': config or self.config_name or 'not recorded',
            'classes': ', '.join(self.classes) or 'not recorded',
            'parameters': f'{self.parameters:,}',
            'training data': data or 'not stated',
            'seed': self.meta.get('seed', 'not recorded'),
            'epoch': self.meta.get('epoch', 'not recorded'),
            'licence': licence,
        }


def file_name(name: str) -> str:
    """The first part of a published file's name.

    Raises:
        ValueError: If it could leave the folder: it may come from the
            checkpoint, which is not trusted.
    """
    if not re.fullmatch(r'[\w.+-]{1,200}', name) or name.startswith('.'):
        raise ValueError(
            "the first part of the files' names must be letters, digits and "
            f'_.+-, but is {name[:80]!r}. Give another one with `--name`.'
        )
    return name


def _weights(path: str | os.PathLike, loaded: dict) -> dict:
    state = loaded.get('state_dict')
    if not isinstance(state, Mapping) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor)
        for key, value in state.items()
    ):
        raise ValueError(
            f"'{path}' must hold `state_dict`, a dict of tensors by name, but "
            f'got {type(state).__name__}.'
        )
    return {
        key.removeprefix('module.'): value.detach().clone().contiguous()
        for key, value in state.items()
    }


def _meta(path: str | os.PathLike, loaded: dict) -> Mapping:
    meta = loaded.get('meta', {})
    if not isinstance(meta, Mapping):
        raise ValueError(
            f"'{path}': `meta` must be a dict, but is a {type(meta).__name__}."
        )
    return meta
