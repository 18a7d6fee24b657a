"""Checkpoints that stay complete after a kill or on a full disk."""

from __future__ import annotations

import inspect
import os

from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.runner import Runner

from mmuldor.io.json_files import replacing
from mmuldor.registry import HOOKS
from mmuldor.upstream.checkpoint_hook import CheckpointHookPoints


class AtomicLocalBackend(LocalBackend):
    """MMEngine's local files, written atomically."""

    def put(self, obj: bytes, filepath: str | os.PathLike) -> None:
        """Write under a temporary name, then rename."""
        with replacing(filepath) as temporary, open(temporary, 'wb') as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())


@HOOKS.register_module()
class CarefulCheckpointHook(CheckpointHookPoints):
    """MMEngine's hook; removes old checkpoints after writing the new one.

    MMEngine's hook removes the old file, and the best one so far, before it
    writes the new one in place. A kill in between leaves a truncated file or
    none.

    Example:
        ``default_hooks = dict(checkpoint=dict(
        type='mmuldor.CarefulCheckpointHook', interval=1))``

    Args:
        *args: As for MMEngine's ``CheckpointHook``.
        **kwargs: As for MMEngine's ``CheckpointHook``.

    Raises:
        TypeError: If an argument is unknown. MMEngine passes unknown ones on
            to the writing of checkpoints, which fails after an epoch.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        known = inspect.signature(Runner.save_checkpoint).parameters
        unknown = sorted(set(self.args) - set(known))
        if unknown:
            raise TypeError(
                f'{type(self).__name__} got unexpected arguments {unknown}'
            )

    def before_train(self, runner: Runner) -> None:
        """Let MMEngine write all local files atomically."""
        register_backend('local', AtomicLocalBackend, force=True, prefixes='')
        super().before_train(runner)

    def save_step_checkpoint(
        self, runner: Runner, step: int, meta: dict
    ) -> None:
        """Save an epoch or iteration, then remove the oldest."""
        outdated = None
        if self.max_keep_ckpts > 0:
            kept = self.keep_ckpt_ids
            if len(kept) == self.max_keep_ckpts and kept[-1] != step:
                outdated = kept.popleft()
        super().save_step_checkpoint(runner, step, meta)
        if outdated is not None:
            self._remove(self.filename_tmpl.format(outdated))

    def save_best_checkpoint(self, runner: Runner, metrics: dict) -> None:
        """Save the best, then remove the one before it."""
        before = self._best_paths()
        # MMEngine's hook removes the files that it knows, so they are hidden.
        self._set_best_paths(dict.fromkeys(before))
        super().save_best_checkpoint(runner, metrics)
        after = self._best_paths()
        self._set_best_paths({k: after[k] or before[k] for k in before})
        for key, path in before.items():
            new = after[key]
            # By name: a resumed training knows the path in the work dir of
            # the first one, which keeps its file, or was moved.
            if path and new and not _same_name(new, path):
                self._remove(os.path.basename(path))

    def _best_paths(self) -> dict[str | None, str | None]:
        """Best checkpoint by metric; the key of a single metric is None."""
        if hasattr(self, 'best_ckpt_path_dict'):
            return dict(self.best_ckpt_path_dict)
        return {None: getattr(self, 'best_ckpt_path', None)}

    def _set_best_paths(self, paths: dict[str | None, str | None]) -> None:
        if hasattr(self, 'best_ckpt_path_dict'):
            self.best_ckpt_path_dict.update(paths)
        else:
            self.best_ckpt_path = paths[None]

    def _remove(self, name: str) -> None:
        """Remove a file by its name in the output folder."""
        path = self.file_backend.join_path(self.out_dir, name)
        if is_main_process() and self.file_backend.isfile(path):
            self.file_backend.remove(path)


def _same_name(first: str, second: str) -> bool:
    return os.path.basename(first) == os.path.basename(second)
