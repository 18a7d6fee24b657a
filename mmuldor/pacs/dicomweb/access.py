"""Where a server is, and how it is reached: TLS and credentials."""

from __future__ import annotations

import ipaddress
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mmuldor.io.json_files import read_whole
from mmuldor.io.limits import MAX_HEADER_BYTES
from mmuldor.io.paths import existing_file
from mmuldor.pacs.dicomweb.errors import BadAnswerError, TooLargeError

if TYPE_CHECKING:
    import requests

USER, PASSWORD = 'MMULDOR_PACS_USER', 'MMULDOR_PACS_PASSWORD'
TOKEN = 'MMULDOR_PACS_TOKEN'
_BEARER = 'Bearer '
_MAX_CREDENTIAL_BYTES = 2**16
# Of an answer in JSON; an instance has a limit of its own.
MAX_ANSWER_BYTES = MAX_HEADER_BYTES


@dataclass(frozen=True)
class Access:
    """How a server is reached.

    Attributes:
        url: Of its DICOMweb service.
        credentials: File with ``USER:PASSWORD`` or ``Bearer TOKEN``.
        ca_file: Certificates to trust in place of the system's.
        insecure: Use HTTP, or TLS without a look at the certificate.
        timeout_s: How long the server may be silent.

    Raises:
        ValueError: If the URL is none, or has a password in it, or what goes
            to another machine would not be encrypted.
    """

    url: str
    credentials: str | os.PathLike | None = field(default=None, repr=False)
    ca_file: str | os.PathLike | None = None
    insecure: bool = False
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        parts = _parts(self.url)
        if parts.username is not None or parts.password is not None:
            raise ValueError(
                '`--dicomweb` must have no user and no password, since other '
                f'users see them. Set {USER} and {PASSWORD}, or write them '
                'into ~/.netrc or into the file of `--credentials`.'
            )
        if parts.query or parts.fragment:
            raise ValueError(
                '`--dicomweb` must end with the path of the service, but has '
                'a "?" or "#".'
            )
        encrypted = parts.scheme == 'https' or _is_here(parts.hostname or '')
        if not encrypted and not self.insecure:
            raise ValueError(
                '`--dicomweb` must be https:// for another machine, since '
                'images and passwords would be sent in clear text. Use TLS, '
                'or type `--insecure-tls`.'
            )


def _parts(url: str) -> Any:
    """The parts of a URL of HTTP; the message quotes nothing of it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ('http', 'https') and bool(parts.hostname)
        # Raises for what is no number.
        usable = usable and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            '`--dicomweb` must be a URL like https://pacs:8043/dicom-web.'
        )
    return parts


def _is_here(host: str) -> bool:
    if host == 'localhost':
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def open_session(
    access: Access, environment: Mapping[str, str] = os.environ
) -> requests.Session:
    """A session with the credentials, which never show in a process list.

    They are those of the file, of the environment, or of ``.netrc``.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If one is wrong.
    """
    import requests

    class Session(requests.Session):
        def merge_environment_settings(self, *args: Any) -> Any:
            # REQUESTS_CA_BUNDLE would replace what was typed.
            settings = super().merge_environment_settings(*args)
            if self.verify is not True:
                settings['verify'] = self.verify
            return settings

    session = Session()
    session.auth = _auth(access, environment)
    if access.insecure:
        session.verify = False
    elif access.ca_file is not None:
        session.verify = str(existing_file(access.ca_file, '`--ca-file`'))
    session.hooks['response'] = [_check_response]
    return session


def _auth(access: Access, environment: Mapping[str, str]) -> Any:
    if access.credentials is not None:
        return _from_line(_credential_line(Path(access.credentials)))
    if environment.get(TOKEN):
        return _bearer(environment[TOKEN])
    user, password = environment.get(USER), environment.get(PASSWORD)
    if (user is None) != (password is None):
        raise ValueError(
            f'{USER} and {PASSWORD} must be set together, but one is missing.'
        )
    if user is None or password is None:
        return None  # requests looks into .netrc
    return user.encode(), password.encode()


def _credential_line(path: Path) -> str:
    existing_file(path, '`--credentials`')
    if path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ValueError(
            f'{path} must be readable by its owner alone: chmod 600.'
        )
    try:
        text = read_whole(path, _MAX_CREDENTIAL_BYTES).decode()
    except UnicodeDecodeError:
        text = ''
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) != 1:
        raise ValueError(
            f'{path} must have one line of UTF-8, USER:PASSWORD or Bearer '
            f'TOKEN, but has {len(lines)}.'
        )
    return lines[0]


def _from_line(line: str) -> Any:
    if line.startswith(_BEARER):
        return _bearer(line.removeprefix(_BEARER).strip())
    user, colon, password = line.partition(':')
    if not colon:
        raise ValueError(
            'the file of `--credentials` must have USER:PASSWORD or Bearer '
            'TOKEN.'
        )
    return user.encode(), password.encode()


def _bearer(token: str) -> Callable[[Any], Any]:
    if not token.isascii() or not token.isprintable():
        raise ValueError('the token must be printable ASCII.')

    def add(request: Any) -> Any:
        request.headers['Authorization'] = _BEARER + token
        return request

    return add


def _check_response(response: Any, **_: Any) -> None:
    """Refuse redirects; bound what is read of any other answer.

    A redirect could send images and results to another server.
    """
    if response.is_redirect:
        raise BadAnswerError('a redirect, which is not followed')
    response.raw = BoundedBody(response.raw)


class BoundedBody:
    """The body of an answer, up to a number of bytes when decompressed.

    Attributes:
        max_bytes: May be raised before the body is read.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.max_bytes = MAX_ANSWER_BYTES

    def stream(self, *args: Any, **settings: Any) -> Iterator[bytes]:
        """As of urllib3.

        Raises:
            TooLargeError: If there are more bytes.
        """
        count = 0
        for part in self._raw.stream(*args, **settings):
            count += len(part)
            if count > self.max_bytes:
                raise TooLargeError(
                    f'an answer of more than {self.max_bytes:,} bytes'
                )
            yield part

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)
