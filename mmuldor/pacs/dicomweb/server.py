"""A DICOMweb server: its series, their instances, and what it takes back."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from mmuldor.commands import install_line
from mmuldor.pacs.dicomweb.access import Access, open_session
from mmuldor.pacs.dicomweb.errors import PacsError, plain_errors
from mmuldor.pacs.dicomweb.multipart import only_part
from mmuldor.pacs.uids import is_uid

if TYPE_CHECKING:
    from dicomweb_client.api import DICOMwebClient

# Tags in the JSON of DICOMweb.
_STUDY, _SERIES, _INSTANCE = '0020000D', '0020000E', '00080018'
_INSTANCES = '00201209'
# Of a list of series or instances; a server may send fewer.
_PAGE = 1000
_CONNECT_S = 10.0
_CHUNK_BYTES = 2**20
# As they were stored: compressed ones are decoded by our reader.
_ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'


@dataclass(frozen=True)
class Series:
    """A series of a server.

    Attributes:
        study_uid: StudyInstanceUID.
        uid: SeriesInstanceUID.
        instances: Their number; None if the server does not say it.
    """

    study_uid: str
    uid: str
    instances: int | None


class Listing(NamedTuple):
    """What a server has.

    Attributes:
        series: The series.
        left_out: Number of those without valid UIDs, or with the UID of a
            series of another study.
    """

    series: list[Series]
    left_out: int


class Server:
    """What is asked of a server; every request is made once.

    Args:
        access: How it is reached.

    Attributes:
        key: Another one for each server.

    Raises:
        FileNotFoundError: If a file of `access` does not exist.
        ValueError: If one is wrong, or dicomweb-client is not installed.
    """

    def __init__(self, access: Access) -> None:
        if find_spec('dicomweb_client') is None:
            raise ValueError(
                'dicomweb-client must be installed for a PACS: '
                f'`{install_line("pacs")}` or `pip install dicomweb-client`.'
            )
        from dicomweb_client.api import DICOMwebClient

        self._session = open_session(access)
        self._timeouts = (_CONNECT_S, access.timeout_s)
        self._url = access.url.rstrip('/')
        self.key = hashlib.sha256(self._url.encode()).hexdigest()
        self._client: DICOMwebClient = DICOMwebClient(
            self._url,
            session=self._session,
            timeout=self._timeouts,
            permissive_uid=True,
        )
        # It sends the Host header without the port, which proxies need.
        self._client.host = urlsplit(self._url).netloc
        # Our own retries know when to go on with another series.
        self._client.set_http_retry_params(retry=False)

    def check(self) -> None:
        """Ask for anything; raises PacsError if the server does not answer."""
        with plain_errors():
            self._client.search_for_series(limit=1)

    def ct_series(self, filters: Mapping[str, str] | None = None) -> Listing:
        """The CT series of the server.

        Args:
            filters: Further conditions: keyword or tag and value.

        Raises:
            PacsError: If the server does not answer as it should.
        """
        conditions = {**(filters or {}), 'Modality': 'CT'}

        def search(**page: Any) -> list[dict[str, Any]]:
            return self._client.search_for_series(
                search_filters=conditions,
                fields=['NumberOfSeriesRelatedInstances'],
                **page,
            )

        found: dict[str, Series] = {}
        left_out = 0
        for row in _all_rows(search, _STUDY, _SERIES):
            study, uid = _value(row, _STUDY), _value(row, _SERIES)
            if is_uid(study) and is_uid(uid) and uid not in found:
                found[uid] = Series(study, uid, _count(row))
            else:
                left_out += 1
        return Listing(list(found.values()), left_out)

    def instances(self, study_uid: str, series_uid: str) -> list[str]:
        """SOPInstanceUIDs of a series; none if there is no such series.

        Raises:
            PacsError: If the server does not answer as it should.
        """

        def search(**page: Any) -> list[dict[str, Any]]:
            return self._client.search_for_instances(
                study_uid, series_uid, **page
            )

        try:
            found = [
                _value(row, _INSTANCE) for row in _all_rows(search, _INSTANCE)
            ]
        except PacsError as error:
            if error.is_gone:
                return []
            raise
        if not all(map(is_uid, found)):
            raise PacsError('an instance without a valid UID')
        return found

    def fetch(
        self,
        series: Series,
        instance_uid: str,
        path: Path,
        max_bytes: int,
    ) -> int:
        """Write an instance to a file as it comes in.

        Args:
            series: Its series.
            instance_uid: SOPInstanceUID.
            path: File to write.
            max_bytes: Of its size.

        Returns:
            Its size in bytes.

        Raises:
            OSError: If the file cannot be written.
            PacsError: If the server does not answer as it should.
        """
        url = (
            f'{self._url}/studies/{series.study_uid}/series/{series.uid}'
            f'/instances/{instance_uid}'
        )
        with (
            plain_errors(),
            self._session.get(
                url,
                headers={'Accept': _ACCEPT},
                stream=True,
                timeout=self._timeouts,
            ) as response,
        ):
            response.raise_for_status()
            response.raw.max_bytes = max_bytes
            kind = response.headers.get('Content-Type', '')
            with path.open('wb') as file:
                for part in only_part(
                    kind, response.iter_content(_CHUNK_BYTES)
                ):
                    file.write(part)
                return file.tell()

    def store(self, path: str | os.PathLike, study_uid: str) -> str:
        """Offer a DICOM file.

        Returns:
            '' if the server has it now, or why it was refused.

        Raises:
            PacsError: If the server does not answer as it should.
            ValueError: If the file is damaged.
        """
        import pydicom

        try:
            data = pydicom.dcmread(path)
        except Exception as error:
            raise ValueError(f'{path} must be readable.') from error
        uid = str(data.SOPInstanceUID)
        reason = 'the answer does not name it'
        try:
            with plain_errors():
                answer = self._client.store_instances([data])
                if uid in _stated(answer, 'ReferencedSOPSequence'):
                    return ''
                codes = _failures(answer)
        except PacsError as error:
            if error.away:
                raise
            reason, codes = str(error), []
        if uid in self.instances(study_uid, str(data.SeriesInstanceUID)):
            # Refused since another process was faster, or the answer was
            # none of DICOMweb.
            return ''
        return ', '.join([reason, *codes])


def _all_rows(
    search: Callable[..., list[dict[str, Any]]], *tags: str
) -> Iterator[dict[str, Any]]:
    """The rows of all pages, each combination of these tags once."""
    seen: set[tuple[Any, ...]] = set()
    offset = 0
    while True:
        with plain_errors():
            rows = search(limit=_PAGE, offset=offset)
        before = len(seen)
        for row in rows:
            values = tuple(_value(row, tag) for tag in tags)
            if values not in seen:
                seen.add(values)
                yield row
        # A server that knows no offset sends the first page again.
        if len(seen) == before:
            return
        offset += len(rows)


def _value(row: Any, tag: str) -> Any:
    """The first value of a tag; None if it has none."""
    try:
        value = row[tag]['Value'][0]
    except (LookupError, TypeError):
        return None
    return value if isinstance(value, str | int) else None


def _count(row: Any) -> int | None:
    value = _value(row, _INSTANCES)
    try:
        return None if value is None else int(value)
    except ValueError:
        return None


def _stated(answer: Any, sequence: str) -> set[str]:
    return {
        str(item.get('ReferencedSOPInstanceUID', ''))
        for item in answer.get(sequence) or []
    }


def _failures(answer: Any) -> list[str]:
    """Codes of a failure, as the standard numbers them."""
    return [
        f'reason {int(item.get("FailureReason") or 0):#06x}'
        for item in answer.get('FailedSOPSequence') or []
    ]
