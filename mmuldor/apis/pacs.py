"""A detector beside a PACS."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from mmengine.config import Config

from mmuldor import __version__
from mmuldor.apis.bundle.load import ModelBundle
from mmuldor.apis.infer import load_inference
from mmuldor.apis.many_scans.done import model_key
from mmuldor.apis.scan_inference import (
    InferenceSettings,
    ReadingOptions,
    ReadScan,
    ScanInference,
)
from mmuldor.pacs.dicomweb.access import Access
from mmuldor.pacs.dicomweb.server import Server
from mmuldor.pacs.kinds import OtherSeriesError, check_kind
from mmuldor.pacs.model import Found
from mmuldor.pacs.patience import GaveUpError, Patience, Pauses
from mmuldor.pacs.series_work import SeriesWork
from mmuldor.pacs.service import Plan, Service
from mmuldor.scans.dicom.headers import NoVolumeError
from mmuldor.scans.outputs import write_reports

# With `once`, how long a server is waited for.
_GIVE_UP_S = 3600.0


class SeriesModel:
    """See :class:`mmuldor.pacs.model.Model`.

    Args:
        inference: The detector.
        accept_values: See :class:`ReadingOptions`.
    """

    def __init__(
        self, inference: ScanInference, accept_values: bool = False
    ) -> None:
        self._inference = inference
        self._reading = ReadingOptions(accept_values=accept_values)
        self.key = model_key(inference.provenance)
        # The next version may read more.
        self.reading = f'{__version__}, accept_values {accept_values}'

    def __call__(self, folder: Path, series_uid: str, out: Path) -> Found:
        """Find the lesions of a series; see there."""
        try:
            scan = ReadScan.from_path(folder, self._reading)
        except NoVolumeError as error:
            raise OtherSeriesError(str(error)) from error
        check_kind(scan.volume.dicom_headers, series_uid)
        lesions = self._inference.detect(scan)
        facts = self._inference.provenance
        notes = write_reports(out, lesions, scan.volume, facts)
        about_fit = self._inference.scan_notes(scan)
        return Found(len(lesions), [*about_fit, *scan.notes, *notes])


def serve_pacs(
    access: Access,
    config: Config,
    checkpoint: str | ModelBundle,
    work: str | os.PathLike,
    plan: Plan,
    *,
    settings: InferenceSettings,
    accept_values: bool = False,
    rest_s: float = 120.0,
    give_up_s: float | None = None,
    say: Callable[[str], object] = print,
) -> Counter[str]:
    """Find the lesions of the CT series of a PACS and store them there.

    Args:
        access: The server.
        config: From :func:`mmuldor.apis.load_config`, or of a bundle.
        checkpoint: Weights of that config, or the bundle.
        work: Folder of the state; made if missing.
        plan: Which series, and how often.
        settings: Of the detector.
        accept_values: Note values that cannot be HU, do not refuse them.
        rest_s: A series that got no instance for so long is whole.
        give_up_s: End when the server is away for so long; None never ends,
            or with ``plan.once`` after an hour.
        say: Called with lines of UIDs and counts.

    Returns:
        With ``plan.once``, how many series have which status; see
        :mod:`mmuldor.pacs.records`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If an argument is wrong, or the server was away for too
            long.
    """
    if give_up_s is None and plan.once:
        give_up_s = _GIVE_UP_S
    server = Server(access)
    patience = Patience(server.check, say, Pauses(give_up_s=give_up_s))
    inference = load_inference(config, checkpoint, settings)
    for note in inference.notes:
        say(f'note: {note}')
    model = SeriesModel(inference, accept_values)
    series = SeriesWork(server, model, Path(work), patience, rest_s)
    service = Service(server, series, patience, plan, say)
    try:
        service.check()
        return service.run()
    except GaveUpError as error:
        raise ValueError(f'{error}. The same command goes on.') from None
