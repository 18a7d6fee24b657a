"""The part of an answer, cut into chunks anywhere."""

import pytest

from mmuldor.pacs.dicomweb.errors import BadAnswerError
from mmuldor.pacs.dicomweb.multipart import only_part

KIND = 'multipart/related; type="application/dicom"; boundary="a b"'
DATA = b'DICM\r\n--a \r\n\r\n\r\n--'
BODY = b'--a b\r\nContent-Type: application/dicom\r\n\r\n' + DATA
END = b'\r\n--a b--'


@pytest.mark.parametrize('size', [1, 2, 3, 7, 1000])
@pytest.mark.parametrize('before', [b'', b'\r\n', b'a preamble\r\n'])
def test_chunks_are_put_together(size, before):
    body = before + BODY + END
    chunks = [body[k : k + size] for k in range(0, len(body), size)]
    assert b''.join(only_part(KIND, chunks)) == DATA


def test_a_bare_instance_is_taken():
    chunks = only_part('application/dicom', [b'DI', b'CM'])
    assert b''.join(chunks) == b'DICM'


@pytest.mark.parametrize(
    ('kind', 'body'),
    [
        (KIND, BODY),
        (KIND, BODY + END[:-4]),
        (KIND, b''),
        (KIND, b'x' * 100_000),
        ('text/html; charset=utf-8', BODY + END),
        ('multipart/related', BODY + END),
        ('', BODY + END),
    ],
)
def test_what_is_not_whole_is_refused(kind, body):
    with pytest.raises(BadAnswerError):
        b''.join(only_part(kind, [body]))
