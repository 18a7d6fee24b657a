"""Count how often the host synchronises with the device."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from unittest.mock import patch

import mmcv.ops  # noqa: F401
import torch
from mmengine.config import Config
from torch.overrides import TorchFunctionMode

from benchmarks.models import epoch, loader
from benchmarks.rows import row
from mmuldor.engine.detection import image_stream
from mmuldor.engine.detection.image_losses import losses_by_image
from mmuldor.engine.detection.image_stream import single_images
from mmuldor.engine.detection.one_pass import features_known
from mmuldor.engine.mining_round import mine
from mmuldor.engine.runner.loops import predict
from mmuldor.mining.rule import MiningRule
from mmuldor.upstream.torch_dispatch import (
    INDEXING,
    SYNCHRONIZING,
    TorchDispatchMode,
)

# Images mined together, as on a GPU.
BATCH = 8
# Functions that run on the host only, by the module that calls them.
_ON_HOST = {
    'mmuldor.engine.detection.detections': 'paste',
    'mmengine.model.base_model.data_preprocessor': 'stack_batch',
}
# Copies to the host, which a CPU run does not show as operators.
_COPIES = {torch.Tensor.cpu, torch.Tensor.tolist}
_MASKS = (torch.bool, torch.uint8)


class _Operators(TorchDispatchMode):
    def __init__(self, found: Counter) -> None:
        super().__init__()
        self._found = found

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        by_mask = func in INDEXING and any(
            index is not None and index.dtype in _MASKS for index in args[1]
        )
        if func in SYNCHRONIZING or by_mask:
            self._found[str(func)] += 1
        return func(*args, **(kwargs or {}))


class _Methods(TorchFunctionMode):
    def __init__(self, found: Counter) -> None:
        super().__init__()
        self._found = found

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in _COPIES:
            self._found[func.__name__] += 1
        return func(*args, **(kwargs or {}))


@contextlib.contextmanager
def _nms_as_one_wait(found: Counter) -> Iterator[None]:
    """Count one wait for NMS and none for RoIAlign, as if compiled."""
    with contextlib.ExitStack() as stack:
        for name, waits in (('nms', 1), ('roi_align', 0)):
            # From sys.modules: functions of mmcv.ops hide these modules.
            module = sys.modules[f'mmcv.ops.{name}']
            stack.callback(setattr, module, 'ext_module', module.ext_module)
            module.ext_module = _Quiet(module.ext_module, found, waits)
        for name, function in _ON_HOST.items():
            module = sys.modules[name]
            stack.callback(setattr, module, function, vars(module)[function])
            setattr(
                module, function, getattr(_Quiet(module, found, 0), function)
            )
        yield


class _Quiet:
    """A module whose functions count as a fixed number of waits."""

    def __init__(self, module, found: Counter, waits: int) -> None:
        self._module, self._found, self._waits = module, found, waits

    def __getattr__(self, name: str) -> Callable:
        call = getattr(self._module, name)

        def counted(*args, **kwargs):
            before = Counter(self._found)
            result = call(*args, **kwargs)
            self._found.clear()
            self._found.update(before)
            if self._waits:
                self._found[name] += self._waits
            return result

        return counted


def count_waits(work: Callable[[], object], device: str) -> Counter:
    """Count the waits of the host while a function runs, by operator.

    On a GPU, CUDA counts them. On a CPU, operators of this thread are counted
    that would wait for a GPU, with mmcv's compiled operators; copies to a GPU
    are not counted.

    Args:
        work: The function, which is called once.
        device: 'cpu' or 'cuda:0'.
    """
    found: Counter = Counter()
    if device == 'cpu':
        with _nms_as_one_wait(found), _Methods(found), _Operators(found):
            work()
        return found
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        torch.cuda.set_sync_debug_mode('warn')
        try:
            work()
        finally:
            torch.cuda.set_sync_debug_mode(before)
    for warning in caught:
        if 'synchronizing CUDA operation' in str(warning.message):
            found[f'{warning.filename}:{warning.lineno}'] += 1
    return found


def wait_rows(
    config: Config, model, optimiser, device: str, images: int
) -> list[dict]:
    """Rows with the host's waits for the device an image, for each stage."""
    loading = loader(config, images)
    batches, dataset = list(loading), loading.dataset
    stages = {
        'training': lambda: epoch(model, optimiser, batches),
        'mining': lambda: mine_in_turn(model, dataset, config),
        'validation': lambda: validate(model, dataset, config),
    }
    rows = []
    for stage, work in stages.items():
        count = count_waits(work, device)
        most = [f'{n / images:.1f} {what}' for what, n in count.most_common(3)]
        rows.append(
            row(
                f'{stage}: waits of the host',
                {},
                f'an image, most of them: {", ".join(most)}',
                sum(count.values()) / images,
                ('<=', 5) if stage == 'mining' else None,
            )
        )
    return rows


def mine_in_turn(model, dataset, config: Config) -> dict:
    """A mining round in this thread only, in batches as on a GPU."""

    def in_turn(
        work: Callable, batches: Iterator, concurrent_images: int
    ) -> Iterator:
        return (work(*batch) for batch in batches)

    pipeline = config.val_dataloader.dataset.pipeline
    with torch.no_grad(), patch.object(image_stream, 'in_order', in_turn):
        return mine(
            *(model.eval(), dataset, pipeline, MiningRule(), 0),
            batch_size=BATCH,
        )


@torch.no_grad()
def validate(model, dataset, config: Config) -> None:
    """Detections and losses of every image, as in `DetectionValLoop`."""
    model.eval()
    indices = range(len(dataset))
    for batch in single_images(dataset, config.val_loss_pipeline, indices, 0):
        data = model.data_preprocessor(batch, False)
        features = model.extract_feat(data['inputs'])
        with features_known(model, features):
            predict(model, data, features, masks=False)
            losses_by_image(model, data, features, 0, 1)
