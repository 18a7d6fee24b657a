"""The page of the benchmark."""

from __future__ import annotations

from typing import Any

_HEAD = """# Cost of a training

Written by `python benchmarks/cost/run.py`; do not edit.
`python benchmarks/cost/run.py CONFIG ...` prints the same of any config.

Operations are counted in the forward pass of one training image with one
lesion, by torch's `FlopCounterMode`: convolutions and matrix products, two
operations for a multiplication and an addition. A training step has three
times as many, since the backward pass computes two gradients; frozen layers
need less. Memory is what the forward pass keeps for the backward one, in 32
bits; `--amp` halves most of it. A step needs more: parameters, gradients, the
optimizer's state, buffers of operators. Two images of 352 px keep 0.34 GB in
the small AlignShift and the small A3D model, where PyTorch's peak on an H200
was 0.43 and 0.50 GB (benchmarks/recipe-study.md).

**Hours are estimates: none of these trainings was run.** They are the
operations of the whole training divided by {low:.0f} and by {high:.0f} % of
what the data sheet of one GPU states ({gpu}).
Both shares are assumptions. What is not counted (loading, RoIAlign, NMS,
assignment, normalisation, waiting) takes time too, with a small batch most of
all. A training has {train:,} images an epoch, validates on {val:,} twice (FROC
and loss) and, with HNEM, mines all training images.
"""
_TABLE = """
## Operations, memory and hours

Image: channels x side, px. Millions of parameters; 10^9 operations and GB an
image. Hours of one GPU.

| config | image | parameters | forward | training | memory | epochs | hours |
|---|---|---:|---:|---:|---:|---:|---:|
"""
_PLANS = """
## Batch, rate and warm-up

With the images a GPU of `configs/_base_/schedules/gpus.py` and the rate that
the tools set: in proportion to the batch for SGD (Goyal et al. 2017), by the
square root for Adam (Malladi et al. 2022), after a linear warm-up of 500
iterations or one epoch. `--amp` computes in 16 bits. Goyal et al. warm up for
five epochs and found the rule to hold up to 8,192 images of ImageNet; nobody
has tried it here.

| config | GPUs | images an iteration | rate | warm-up | iterations an epoch |
|---|---:|---:|---:|---:|---:|
"""


def page(document: dict[str, Any]) -> str:
    """The page in Markdown.

    Args:
        document: ``assumed`` (``utilisation``, ``gpu``, ``train_images``,
            ``val_images``) and ``configs``, each with ``name``, ``cost``,
            ``epochs``, ``hours`` and ``plans``.
    """
    return _head(document) + tables(document)


def tables(document: dict[str, Any]) -> str:
    """Both tables."""
    text = _TABLE
    for entry in document['configs']:
        cost = entry['cost']
        low, high = sorted(entry['hours'])
        text += (
            f'| {entry["name"]} | {cost["channels"]} x {cost["side_px"]} | '
            f'{cost["parameters"] / 1e6:.1f} | {cost["forward"] / 1e9:.0f} | '
            f'{3 * cost["forward"] / 1e9:.0f} | '
            f'{cost["kept_bytes"] / 1e9:.1f} | {entry["epochs"]} | '
            f'{_hours(low)} to {_hours(high)} |\n'
        )
    text += _PLANS
    for entry in document['configs']:
        for plan in entry['plans']:
            text += (
                f'| {entry["name"]} | {plan["gpus"]} | {plan["batch"]} | '
                f'{plan["rate"]:.3g} | {plan["warm_up"]} | '
                f'{plan["iterations"]:,} |\n'
            )
    return text


def _head(document: dict[str, Any]) -> str:
    assumed = document['assumed']
    low, high = (100 * share for share in assumed['utilisation'])
    return _HEAD.format(
        low=low,
        high=high,
        gpu=assumed['gpu'],
        train=assumed['train_images'],
        val=assumed['val_images'],
    )


def _hours(value: float) -> str:
    return f'{value:.0f}' if value >= 10 else f'{value:.1f}'
