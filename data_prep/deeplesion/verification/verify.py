"""Check that a download of DeepLesion is complete; writes verify.json."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmuldor.functional.slices import ranges_text
from mmuldor.io.json_files import write_json
from mmuldor.io.paths import out_folder

from ...common.dl_info import OFFICIAL_GIT_HASH, git_hash, read_bytes
from ...common.progress import Progress, no_progress
from ..conversion.image_checks import find_root
from .requested_slices import RequestedSlices, read_requested_slices
from .slice_checks import CheckCache, SeriesCheck, check_series_all
from .zip_parts import NUM_PARTS, Contents, ZipPart, read_parts

REPORT_FILE = 'verify.json'
CACHE_FILE = 'verified.json'
KINDS = ('key_slices', 'neighbours')


@dataclass(frozen=True)
class VerifyOptions:
    """Choices of the command line.

    Attributes:
        zips: folder of the zip parts, or None.
        parts: numbers of the parts that should be there.
        ann_files: only the images of these annotation files are requested.
        neighbours: how many on each side of a key slice; None asks for the
            whole slice range.
        workers: threads.
    """

    zips: str | os.PathLike | None = None
    parts: Sequence[int] = tuple(range(1, NUM_PARTS + 1))
    ann_files: Sequence[str | os.PathLike] = ()
    neighbours: int | None = None
    workers: int = 16


@dataclass
class Verification:
    """What was requested and what of it is missing.

    `missing` and `damaged` map a series to its numbers by kind, and to
    sentences by number; `opened` counts files that were opened, `known`
    those that an earlier run had found intact.
    """

    requested: RequestedSlices
    root: Path
    digest: str
    parts: list[ZipPart] = field(default_factory=list)
    missing: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    damaged: dict[str, dict[int, str]] = field(default_factory=dict)
    opened: int = 0
    known: int = 0

    @property
    def official(self) -> bool:
        """Whether the CSV is the release's, to the byte."""
        return self.digest == OFFICIAL_GIT_HASH

    @property
    def complete(self) -> bool:
        """Whether all that is requested exists and is intact.

        A CSV without rows, cut after its header, asks for nothing.
        """
        return self.requested.rows > 0 and not (
            self.missing
            or self.damaged
            or self.requested.unreadable
            or any(part.state != 'whole' for part in self.parts)
        )

    @functools.cached_property
    def contents(self) -> Contents:
        """Which zip part holds which series."""
        return Contents(self.parts)

    def add(self, name: str, found: SeriesCheck) -> None:
        """Adds the check of a series."""
        self.opened += found.opened
        whole = len(found.stamps) + len(found.problems)
        self.known += whole - found.opened
        if found.problems:
            self.damaged[name] = found.problems
        if found.missing:
            series = self.requested.series[name]
            self.missing[name] = {
                kind: sorted(found.missing & getattr(series, kind))
                for kind in KINDS
            }

    def is_absent(self, name: str) -> bool:
        """Whether no slice of a series exists."""
        series = self.requested.series[name]
        lost = sum(map(len, self.missing.get(name, {}).values()))
        return lost == len(series.key_slices | series.neighbours)

    def counts(self) -> dict[str, dict[str, int]]:
        """Requested, missing and damaged: series, and slices of each kind."""
        counts = {
            'series': {
                'requested': len(self.requested.series),
                'missing': sum(map(self.is_absent, self.missing)),
                'damaged': len(self.damaged),
            }
        }
        for kind in KINDS:
            counts[kind] = {
                'requested': self.requested.count(kind),
                'missing': sum(len(m[kind]) for m in self.missing.values()),
                'damaged': sum(
                    number in getattr(self.requested.series[name], kind)
                    for name, problems in self.damaged.items()
                    for number in problems
                ),
            }
        return counts

    def as_dict(self) -> dict:
        """The content of verify.json."""
        return {
            'complete': self.complete,
            'images': str(self.root),
            'csv': {
                'git_hash': self.digest,
                'official': self.official,
                'rows': self.requested.rows,
                'unreadable': self.requested.unreadable,
            },
            'counts': self.counts(),
            'zips': [part.as_dict() for part in self.parts],
            'missing': {
                name: {
                    **{kind: ranges_text(n) for kind, n in kinds.items()},
                    'zip_parts': ranges_text(self.contents.parts_of(name)),
                }
                for name, kinds in self.missing.items()
            },
            'damaged': self.damaged,
        }


def verify(
    csv_path: str | os.PathLike,
    images: str | os.PathLike,
    out: str | os.PathLike,
    options: VerifyOptions | None = None,
    progress: Progress = no_progress,
) -> Verification:
    """Checks everything that is requested and writes verify.json.

    Intact files are remembered beside it: the next run only checks files that
    are new or changed.

    Args:
        csv_path: DL_info.csv.
        images: Images_png or its parent.
        out: folder for both files.
        options: see `VerifyOptions`.
        progress: wraps the loops.

    Raises:
        FileNotFoundError: a file or folder of the arguments is missing.
        ValueError: the CSV or an annotation file is malformed.
    """
    options = options or VerifyOptions()
    csv_path, out = Path(csv_path), out_folder(out)
    data = read_bytes(csv_path)
    requested = read_requested_slices(
        data, csv_path.name, options.ann_files, options.neighbours
    )
    root = find_root(images, requested.series)
    result = Verification(requested, root, git_hash(data))
    if options.zips is not None:
        result.parts = read_parts(
            Path(options.zips), options.parts, options.workers, progress
        )
    cache = CheckCache(out / CACHE_FILE)
    found = check_series_all(
        requested.series, root, cache, options.workers, progress
    )
    for name, state in found:
        result.add(name, state)
    write_json(out / REPORT_FILE, result.as_dict(), indent=1)
    return result
