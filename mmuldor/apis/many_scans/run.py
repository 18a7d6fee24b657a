"""Find the lesions of many scans with one detector."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmuldor.apis.bundle.load import ModelBundle
from mmuldor.apis.infer import load_inference, progress_bar
from mmuldor.apis.many_scans.done import lesions_if_done
from mmuldor.apis.many_scans.outcomes import (
    DONE,
    FAILED,
    SKIPPED,
    Outcome,
    summary,
    write_tables,
)
from mmuldor.apis.many_scans.processes import (
    from_first,
    gather,
    join_processes,
    own_device,
)
from mmuldor.apis.many_scans.read_ahead import Reading, read_ahead
from mmuldor.apis.many_scans.scan_list import (
    ListedScan,
    list_scans,
    read_scan_list,
    scans_in,
)
from mmuldor.apis.runs import leave_processes
from mmuldor.apis.scan_inference import (
    InferenceSettings,
    ReadingOptions,
    ReadScan,
    ScanInference,
)
from mmuldor.cli.errors import one_line
from mmuldor.io.paths import LESIONS_NAME, out_folder
from mmuldor.scans.outputs import check_output_folder, replacing_outputs

# What bad files raise; anything else is a bug, whose traceback is shown.
_OF_USERS = (ValueError, OSError, MemoryError)


def infer_scans(
    scans: Iterable[str],
    config: Config,
    checkpoint: str | ModelBundle,
    out: str | os.PathLike,
    *,
    spacing_mm: Sequence[float] | None = None,
    accept_values: bool = False,
    skip_done: bool = False,
    launcher: str = 'none',
    say: Callable[[str], object] = print,
    **options: Any,
) -> list[Outcome]:
    """Find the lesions of many scans with one detector.

    Each scan gets a folder of its own in ``out``, with the files of
    :func:`mmuldor.scans.outputs.write_new_outputs`. ``all_lesions.csv`` and
    ``all_scans.csv`` lie beside the folders. A scan that fails does not stop
    the others. The next scan is read while one is worked on.

    Args:
        scans: NIfTI files, DICOM folders, folders of PNG slices. Those that
            are given twice are done once.
        config: From :func:`mmuldor.apis.load_config`, or of a bundle.
        checkpoint: Weights of that config, or the bundle.
        out: Output folder; created if missing.
        spacing_mm: Spacing of PNG slices: columns, rows, slices. Other scans
            note that it is not used.
        accept_values: Note values that cannot be HU, do not refuse them.
        skip_done: Leave out scans whose results in ``out`` are whole and were
            found in the same files by the same model and settings.
        launcher: 'none', or 'pytorch', 'slurm' or 'mpi' for several processes,
            of which each takes its share.
        say: Called with each line that a user should read.
        options: See :class:`InferenceSettings`.

    Returns:
        What became of each scan, in their order; in several processes the
        first one alone has those of all, and the others an empty list.

    Raises:
        FileNotFoundError: If config or checkpoint do not exist.
        ValueError: If an argument is wrong; no scan is begun then.
    """
    settings = InferenceSettings(**options)
    listed = list_scans(scans)
    place = out_folder(out)
    for scan in listed:
        check_output_folder(out, scan.path)
    rank, processes = join_processes(launcher)
    if processes > 1 and settings.device is None:
        settings = replace(settings, device=own_device())
    inference = load_inference(config, checkpoint, settings)
    place.mkdir(parents=True, exist_ok=True)
    reading = ReadingOptions(None, spacing_mm, accept_values, one_of_many=True)
    run = _Run(inference, place, reading, processes == 1, say, listed)
    if skip_done and rank == 0:
        run.find_done()
    # All processes must share the same rest, so one of them looks for it.
    done = from_first(set(run.outcomes))
    rest = [k for k in range(1, len(listed) + 1) if k not in done]
    try:
        run.go(rest[rank::processes])
    except KeyboardInterrupt:
        outcomes = [outcome for _, outcome in sorted(run.outcomes.items())]
        if processes == 1:
            write_tables(out, outcomes)
        say(summary(outcomes, len(listed)))
        say('--skip-done goes on from here.')
        raise
    outcomes = gather(run.outcomes)
    leave_processes()
    if rank:
        return []
    write_tables(out, outcomes)
    say(summary(outcomes, len(listed)))
    return outcomes


def infer_list(
    scans: Sequence[str],
    file: str | None,
    folder: str | None,
    config: Config,
    checkpoint: str | ModelBundle,
    out: str | os.PathLike,
    **options: Any,
) -> list[Outcome]:
    """:func:`infer_scans` of scans, of those in a list, or in a folder.

    Args:
        scans: Used if neither `file` nor `folder` is given.
        file: See :func:`mmuldor.apis.many_scans.scan_list.read_scan_list`.
        folder: See :func:`mmuldor.apis.many_scans.scan_list.scans_in`.
        config: See :func:`infer_scans`, and so on.
        checkpoint: See there.
        out: See there.
        options: See there.

    Raises:
        ValueError: If the output folder lies in the folder of scans.
    """
    if file is not None:
        scans = read_scan_list(file)
    elif folder is not None:
        check_output_folder(out, folder)
        scans = scans_in(folder)
    return infer_scans(scans, config, checkpoint, out, **options)


class _Run:
    """The scans of one process, one after the other."""

    def __init__(
        self,
        inference: ScanInference,
        out: Path,
        options: ReadingOptions,
        with_bars: bool,
        say: Callable[[str], object],
        listed: Sequence[ListedScan],
    ) -> None:
        self._inference, self._out = inference, out
        self._options, self._with_bars = options, with_bars
        self._say = say
        self._scans = dict(enumerate(listed, start=1))
        # By number of the scan.
        self.outcomes: dict[int, Outcome] = {}

    def find_done(self) -> None:
        """Add the outcomes of scans that were done before."""
        for number, scan in self._scans.items():
            lesions = self._lesions_before(scan)
            if lesions is not None:
                outcome = Outcome(scan.path, scan.name, SKIPPED, lesions)
                self._add(number, outcome)

    def go(self, numbers: Sequence[int]) -> None:
        """Work on the scans of these numbers."""
        for number, reading in read_ahead(numbers, self._read):
            self._add(number, self._one(number, reading))

    def _add(self, number: int, outcome: Outcome) -> None:
        self.outcomes[number] = outcome
        self._say(f'[{number}/{len(self._scans)}] {outcome.line}')

    def _lesions_before(self, scan: ListedScan) -> int | None:
        facts = self._options.facts(scan.path)
        return lesions_if_done(
            self._out / scan.name,
            scan.path,
            {**self._inference.provenance, **facts},
        )

    def _read(self, number: int) -> ReadScan:
        return ReadScan.from_path(self._scans[number].path, self._options)

    def _one(self, number: int, reading: Reading[ReadScan]) -> Outcome:
        def bar(items: Iterable, total: int, what: str) -> Iterable:
            if not self._with_bars:
                return items
            text = f'{number}/{len(self._scans)} {what}'
            return progress_bar(items, total, text)

        scan = self._scans[number]
        start = time.monotonic()
        folder = self._out / scan.name
        try:
            with replacing_outputs(folder) as new:
                read = reading.take()
                lesions, notes = self._inference.write(new, read, bar)
        except Exception as error:
            if not isinstance(error, _OF_USERS):
                traceback.print_exc()
            return self._failed(scan, error, time.monotonic() - start)
        for note in notes:
            self._say(f'{scan.path}: note: {note}')
        seconds = round(read.seconds + time.monotonic() - start, 1)
        return Outcome(scan.path, scan.name, DONE, len(lesions), seconds)

    def _failed(
        self, scan: ListedScan, error: Exception, seconds: float
    ) -> Outcome:
        reason = one_line(error)
        if not isinstance(error, _OF_USERS):
            reason = f'{type(error).__name__}: {reason}'
        if (self._out / scan.name / LESIONS_NAME).is_file():
            reason += ' (The results of an earlier run are still there.)'
        return Outcome(
            scan.path, scan.name, FAILED, None, round(seconds, 1), reason
        )
