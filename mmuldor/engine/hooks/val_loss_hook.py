"""The validation loss, for the paper's "until minimizing" it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch
from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmuldor.registry import HOOKS


@HOOKS.register_module()
class ValLossHook(Hook):
    """Add the validation loss to the metrics of every validation.

    Fires after each validation epoch: runs the model in evaluation mode over
    the validation split's lesions with their pseudo masks and puts the mean
    of each loss an image, ``val_loss_cls`` and so on, and their sum,
    ``val_loss``, among the metrics, so that the log, ``save_best`` and early
    stopping see them. Mined negatives have no part in it. The samplers of an
    image are seeded by its id, so the same weights give the same loss, and
    the training's random numbers stay where they are. Writes nothing;
    several processes share the images.

    In a model with more classes than the lesion, a region of background that
    is called a false positive is called right: the classes beside the lesion
    count as background.

    Example:
        ``default_hooks = dict(val_loss=dict(type='mmuldor.ValLossHook'))``

    Args:
        pipeline: Makes the model's input with targets;
            ``val_loss_pipeline`` of the config by default.
        seed: Seed of the samplers, with the image id.

    Raises:
        ValueError: When training starts, if there is no pipeline or it draws
            on mined negatives.
    """

    # After RuntimeInfoHook, which stores the metrics, and before the hooks
    # that log or compare them.
    priority = 'HIGH'

    def __init__(
        self, pipeline: Sequence[dict] | None = None, seed: int = 0
    ) -> None:
        self.pipeline = pipeline
        self.seed = seed
        self._loader = None

    def before_train(self, runner: Runner) -> None:
        """Build the loader, so that what is missing is found now."""
        if self.pipeline is None:
            self.pipeline = runner.cfg.get('val_loss_pipeline')
        if not self.pipeline:
            raise ValueError(
                'ValLossHook needs `val_loss_pipeline` in the config (see '
                '`configs/_base_/datasets/deeplesion.py`) or its own '
                f'`pipeline`, but got {self.pipeline}.'
            )
        for step in self.pipeline:
            if step['type'] == 'mmuldor.AddHardNegatives':
                raise ValueError(
                    'the validation loss must be of annotated lesions only, '
                    f'but its pipeline holds {step["type"]}. Leave it out.'
                )
        loader = dict(
            runner.cfg.val_dataloader,
            batch_size=1,
            sampler=dict(type='DefaultSampler', shuffle=False, round_up=False),
            dataset=dict(
                runner.cfg.val_dataloader.dataset,
                pipeline=self.pipeline,
                test_mode=False,
            ),
        )
        self._loader = runner.build_dataloader(loader)

    def after_val_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Add the losses to ``metrics`` and to the log."""
        if self._loader is None or metrics is None:
            return
        losses = mean_losses(runner.model, self._loader, self.seed)
        metrics.update(losses)
        for name, value in losses.items():
            # MMEngine logs the mean of the last ten of what is named a loss.
            runner.message_hub.log_scalars.pop(f'val/{name}', None)
            runner.message_hub.update_scalar(f'val/{name}', value)


@torch.no_grad()
def mean_losses(
    model: nn.Module, loader: torch.utils.data.DataLoader, seed: int
) -> dict[str, float]:
    """Mean losses an image over all processes, and ``val_loss``, their sum.

    Args:
        model: A detector, on its device; it is left in evaluation mode.
        loader: Batches of one image with its targets.
        seed: Seed of the samplers, with the image id.
    """
    model = getattr(model, 'module', model)
    model.eval()
    found = {}
    # A loader draws too when it starts.
    with torch.random.fork_rng(), other_classes_as_background(model):
        for batch in loader:
            image_id = int(batch['data_samples'][0].img_id)
            data = model.data_preprocessor(batch, False)
            torch.manual_seed(seed + (image_id << 16))
            losses = model(**data, mode='loss')
            found[image_id] = _named(model.parse_losses(losses)[1])
    # In the order of the ids: the same sum for any number of processes.
    gathered = dict(
        item for part in all_gather_object(found) for item in part.items()
    )
    images = [gathered[image_id] for image_id in sorted(gathered)]
    return {
        name: sum(image[name] for image in images) / len(images)
        for name in images[0]
    }


def _named(log_vars: dict[str, Tensor]) -> dict[str, float]:
    """``loss`` becomes ``val_loss``; what is no loss is left out."""
    return {
        f'val_{name}': float(value)
        for name, value in log_vars.items()
        if 'loss' in name
    }


@contextlib.contextmanager
def other_classes_as_background(model: nn.Module) -> Iterator[None]:
    """Let the box head's softmax loss see lesion and everything else only."""
    loss = model.roi_head.bbox_head.loss_cls
    handle = loss.register_forward_pre_hook(_merge_classes)
    try:
        yield
    finally:
        handle.remove()


def _merge_classes(_module: nn.Module, args: tuple) -> tuple:
    """Move the probability of all classes but the lesion to background."""
    scores, *others = args
    background = scores[:, 1:].logsumexp(dim=1, keepdim=True)
    nothing = torch.full_like(scores[:, 1:-1], -torch.inf)
    merged = torch.cat([scores[:, :1], nothing, background], dim=1)
    return (merged, *others)
