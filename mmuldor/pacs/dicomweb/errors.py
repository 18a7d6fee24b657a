"""What goes wrong with a server, without what it was asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

# The server may do later what it did not do now: too slow, too much.
_LATER = (408, 425, 429)
_NOT_ALLOWED = (401, 403)


class PacsError(Exception):
    """A request failed.

    The message has no URL, no text of the server and no value of a header:
    all of them may name a patient or a password.

    Args:
        kind: What happened, for a log: 'HTTP 503', 'ConnectTimeout'.
        status: HTTP status, if the server answered.
        too_large: The answer was larger than allowed.
        away: There was no answer, or one of a server that is not ready.

    Attributes:
        final: Whether the same request would fail again.
    """

    def __init__(
        self,
        kind: str,
        status: int | None = None,
        *,
        too_large: bool = False,
        away: bool = False,
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.away = away or (status or 0) >= 500 or status in _LATER
        self.too_large = too_large
        of_client = 400 <= (status or 500) < 500
        wait = status in (*_LATER, *_NOT_ALLOWED)
        self.final = too_large or (of_client and not wait)

    @property
    def not_allowed(self) -> bool:
        """Whether the server wants other credentials."""
        return self.status in _NOT_ALLOWED

    @property
    def is_gone(self) -> bool:
        """Whether the server has no such thing."""
        return self.status in (404, 410)


class BadAnswerError(Exception):
    """An answer that is no answer of DICOMweb."""


class TooLargeError(BadAnswerError):
    """An answer with more bytes than allowed."""


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors of a request into `PacsError`.

    Errors of files, like a full disk, stay what they are.
    """
    from requests import HTTPError, RequestException
    from requests.exceptions import ConnectionError, SSLError, Timeout

    try:
        yield
    except HTTPError as error:
        response = error.response
        status = None if response is None else response.status_code
        raise PacsError(f'HTTP {status}', status) from None
    except RequestException as error:
        # Also answers that are no JSON.
        away = isinstance(error, ConnectionError | Timeout)
        away = away and not isinstance(error, SSLError)
        raise PacsError(type(error).__name__, away=away) from None
    except BadAnswerError as error:
        too_large = isinstance(error, TooLargeError)
        raise PacsError(str(error), too_large=too_large) from None
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # What pydicom, dicomweb-client and parsers of XML and JSON make of a
        # wrong answer: SyntaxError and RecursionError, too.
        kind = f'not an answer of DICOMweb ({type(error).__name__})'
        raise PacsError(kind) from None
