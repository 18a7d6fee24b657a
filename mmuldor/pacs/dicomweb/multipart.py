"""The one part of a multipart answer, as it comes in.

dicomweb-client and requests-toolbelt take an answer into memory as a whole,
and dicomweb-client gives what pydicom has made of it, which need not be the
file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message

from mmuldor.pacs.dicomweb.errors import BadAnswerError

_HEADERS_END = b'\r\n\r\n'
_MAX_HEADERS = 2**16


def only_part(content_type: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes of the first part, at most a chunk of them in memory.

    Args:
        content_type: Header of the answer. Servers that send an instance as
            ``application/dicom`` are understood, too.
        chunks: The body.

    Raises:
        BadAnswerError: If the answer has no part or ends within it.
    """
    message = Message()
    message['Content-Type'] = content_type
    kind = message.get_content_type()
    if kind == 'application/dicom':
        yield from chunks
        return
    boundary = message.get_param('boundary')
    if kind != 'multipart/related' or not isinstance(boundary, str):
        raise BadAnswerError('an answer that is no multipart/related')
    yield from _part(b'\r\n--' + boundary.encode(), iter(chunks))


def _part(delimiter: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    # The first delimiter may have no line before it.
    buffer = bytearray(b'\r\n')
    start = -1
    while start < 0:
        begin = buffer.find(delimiter)
        if begin >= 0:
            start = buffer.find(_HEADERS_END, begin)
        if start < 0:
            if len(buffer) > _MAX_HEADERS:
                raise BadAnswerError('a part without an end of its headers')
            buffer += _next(chunks)
    del buffer[: start + len(_HEADERS_END)]
    while (end := buffer.find(delimiter)) < 0:
        # The delimiter may lie across two chunks.
        ready = max(len(buffer) - len(delimiter) + 1, 0)
        yield bytes(buffer[:ready])
        del buffer[:ready]
        buffer += _next(chunks)
    yield bytes(buffer[:end])


def _next(chunks: Iterator[bytes]) -> bytes:
    for chunk in chunks:
        return chunk
    raise BadAnswerError('an answer that ends too early')
