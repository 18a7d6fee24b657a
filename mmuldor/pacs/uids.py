"""UIDs of series, and those that their results get."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_UID = re.compile(r'[0-9]+(\.[0-9]+)*')
_MAX_CHARACTERS = 64


class ResultUids(NamedTuple):
    """UIDs of the results of a series.

    Attributes:
        segmentation_series: SeriesInstanceUID of the Segmentation.
        segmentation: Its SOPInstanceUID.
        report_series: SeriesInstanceUID of the Structured Report.
        report: Its SOPInstanceUID.
    """

    segmentation_series: str
    segmentation: str
    report_series: str
    report: str


def is_uid(value: Any) -> bool:
    """Whether a value of a server is a UID, and thus safe in paths and URLs.

    Components may begin with 0, which the standard forbids and some scanners
    write.
    """
    return (
        isinstance(value, str)
        and len(value) <= _MAX_CHARACTERS
        and _UID.fullmatch(value) is not None
    )


def result_uids(series_uid: str, model_key: str) -> ResultUids:
    """The UIDs of what a model finds in a series, always the same.

    A server is asked for results by these UIDs. Results that are stored twice,
    by two machines that know nothing of each other, are one object there.

    Args:
        series_uid: SeriesInstanceUID of the source.
        model_key: What the results depend on, see
            :func:`mmuldor.apis.many_scans.done.model_key`.
    """
    from pydicom.uid import generate_uid

    return ResultUids(
        *(
            str(
                generate_uid(
                    entropy_srcs=['mmuldor', what, series_uid, model_key]
                )
            )
            for what in ResultUids._fields
        )
    )
