"""Gets a series from a server to a folder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mmuldor.cli.errors import one_line
from mmuldor.io.limits import MAX_FRAMES, MAX_VOXELS
from mmuldor.pacs.dicomweb.errors import PacsError
from mmuldor.pacs.dicomweb.server import Series, Server
from mmuldor.pacs.patience import Patience

# Two bytes a voxel, and as much for headers or a third and fourth byte.
MAX_SERIES_BYTES = 4 * MAX_VOXELS


def retrieve(
    server: Server,
    patience: Patience,
    series: Series,
    instances: Sequence[str],
    folder: Path,
) -> None:
    """Write the instances of a series, one after the other.

    Args:
        server: The server.
        patience: Waits for it.
        series: The series.
        instances: Their SOPInstanceUIDs.
        folder: Where files are written.

    Raises:
        OSError: If a file cannot be written.
        PacsError: If the server does not send an instance.
        ValueError: If they are more than any volume has.
    """
    count = len(instances)
    if count > MAX_FRAMES:
        raise ValueError(
            f'a series must have at most {MAX_FRAMES:,} instances, but has '
            f'{count:,}.'
        )
    left = MAX_SERIES_BYTES
    for number, uid in enumerate(instances):
        # The name comes into messages: those who read them know the UID.
        path = folder / f'{uid}.dcm'
        try:
            left -= patience.ask(
                partial(server.fetch, series, uid, path, left)
            )
        except PacsError as error:
            if not error.too_large:
                raise
            raise ValueError(
                f'a series must have at most {MAX_SERIES_BYTES:,} bytes, but '
                f'instance {number + 1} of {count:,} is too large.'
            ) from error


def reason_of(error: BaseException, folder: Path) -> str:
    """An error of a series as a line that names instances, not their files."""
    text = one_line(error).replace(f'{folder}/', '')
    return text.replace(str(folder), 'the series')
