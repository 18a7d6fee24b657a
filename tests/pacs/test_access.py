"""How a server is reached, and what nobody may see."""

import shutil
import subprocess

import certifi
import pytest

from mmuldor.pacs.dicomweb.access import Access, open_session
from mmuldor.pacs.dicomweb.errors import PacsError
from mmuldor.pacs.dicomweb.server import Series, Server
from tests.pacs.conftest import put_series
from tests.support.pacs.fake_server import fake_server


@pytest.mark.parametrize(
    ('url', 'match'),
    [
        ('https://doctor:secret@pacs/dicom-web', 'must have no user'),
        ('http://pacs/dicom-web', 'must be https:// for another machine'),
        ('http://192.168.1.2/dicom-web', 'must be https:// for another'),
        ('pacs/secret', 'must be a URL'),
        ('ftp://pacs/secret', 'must be a URL'),
        ('https://pacs:secret/', 'must be a URL'),
        ('https://pacs/x?token=secret', r'but has a "\?"'),
    ],
)
def test_a_url_that_is_refused_is_not_quoted(url, match):
    with pytest.raises(ValueError, match=match) as caught:
        Access(url)
    assert 'secret' not in str(caught.value)


@pytest.mark.parametrize(
    'url',
    ['http://127.0.0.1:8042/dicom-web', 'http://[::1]/', 'http://localhost/'],
)
def test_this_machine_needs_no_tls(url):
    assert open_session(Access(url), {}).verify is True
    assert open_session(Access('http://pacs/', insecure=True), {}).verify is (
        False
    )


def sent_to(fake, access, environment=None):
    """The Authorization of a request."""
    session = open_session(access, environment or {})
    session.get(f'{fake.url}/series', timeout=5)
    return fake.requests[-1][2].get('Authorization')


def test_credentials_come_from_environment_file_or_netrc(
    fake, tmp_path, monkeypatch
):
    # printf user:pässword | base64
    basic = 'Basic dXNlcjpww6Rzc3dvcmQ='
    access = Access(fake.url)
    both = {
        'MMULDOR_PACS_USER': 'user',
        'MMULDOR_PACS_PASSWORD': 'pässword',
    }
    assert sent_to(fake, access, both) == basic
    token = {'MMULDOR_PACS_TOKEN': 'abc'}
    assert sent_to(fake, access, token) == 'Bearer abc'
    file = tmp_path / 'login'
    file.write_text('user:pässword\n')
    file.chmod(0o600)
    assert sent_to(fake, Access(fake.url, file), token) == basic
    netrc = tmp_path / 'netrc'
    netrc.write_text('machine 127.0.0.1 login user password pw\n')
    monkeypatch.setenv('NETRC', str(netrc))
    # printf user:pw | base64
    assert sent_to(fake, access) == 'Basic dXNlcjpwdw=='


def test_wrong_credentials_files_are_not_quoted(fake, tmp_path):
    file = tmp_path / 'login'
    file.write_text('secret')
    file.chmod(0o644)
    with pytest.raises(ValueError, match='chmod 600'):
        open_session(Access(fake.url, file), {})
    file.chmod(0o600)
    with pytest.raises(ValueError, match='USER:PASSWORD') as caught:
        open_session(Access(fake.url, file), {})
    assert 'secret' not in str(caught.value)
    with pytest.raises(ValueError, match='must be set together'):
        open_session(Access(fake.url), {'MMULDOR_PACS_USER': 'secret'})


@pytest.mark.parametrize('status', [302, 307, 400, 401, 404, 500, 503])
def test_errors_quote_neither_address_nor_answer(fake, status, tmp_path):
    put_series(fake, '1.1')
    fake.fail = lambda method, path: status
    server = Server(Access(fake.url))
    series = Series('1.2', '1.1', 3)
    for request in (
        server.check,
        server.ct_series,
        lambda: server.fetch(series, '1.1.0', tmp_path / 'x', 1000),
    ):
        with pytest.raises(PacsError) as caught:
            request()
        text = str(caught.value)
        assert 'http:' not in text
        assert 'Smith' not in text
        assert caught.value.final == (status in (400, 404))
    # Nothing followed the redirect to another machine.
    assert all(path.startswith('/dicom') for _, path, _ in fake.requests)


def test_a_file_is_what_was_stored_and_has_a_limit(fake, tmp_path):
    put_series(fake, '1.1')
    server = Server(Access(fake.url))
    series = Series('1.2', '1.1', 3)
    stored = fake.files['1.1']['1.1.0']
    server.ct_series()
    host = fake.url.removeprefix('http://').partition('/')[0]
    assert {headers['Host'] for _, _, headers in fake.requests} == {host}
    # Also one with lines that look like the end of a part.
    fake.files['1.1']['1.1.1'] = stored + b'\r\n--y\r\n\r\n--'
    for uid in ('1.1.0', '1.1.1'):
        size = server.fetch(series, uid, tmp_path / 'x', 10_000)
        assert (tmp_path / 'x').read_bytes() == fake.files['1.1'][uid]
        assert size == len(fake.files['1.1'][uid])
    with pytest.raises(PacsError) as caught:
        server.fetch(series, '1.1.0', tmp_path / 'x', len(stored))
    assert caught.value.too_large


def test_an_unencrypted_answer_of_another_kind_is_no_list(fake, monkeypatch):
    monkeypatch.setattr(fake, 'rows', lambda *_: 'Smith^John')
    server = Server(Access(fake.url))
    assert server.ct_series() == ([], 1)
    monkeypatch.setattr(fake, 'rows', lambda *_: [1, {'0020000E': 3}, None])
    assert server.ct_series() == ([], 1)


def test_without_dicomweb_client_the_remedy_is_said(fake, monkeypatch):
    monkeypatch.setattr(
        'mmuldor.pacs.dicomweb.server.find_spec', lambda name: None
    )
    with pytest.raises(ValueError, match=r'pip install'):
        Server(Access(fake.url))


@pytest.fixture(scope='module')
def certificate(tmp_path_factory):
    """A file with a key and a certificate of 127.0.0.1 that nobody knows."""
    openssl = shutil.which('openssl')
    if openssl is None:
        pytest.skip('no openssl, which makes a certificate')
    file = tmp_path_factory.mktemp('tls') / 'both.pem'
    key, signed = file.with_name('key.pem'), file.with_name('signed.pem')
    subprocess.run(
        [
            *(openssl, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes'),
            *('-keyout', key, '-out', signed, '-days', '2'),
            *('-subj', '/CN=pacs', '-addext', 'subjectAltName=IP:127.0.0.1'),
        ],
        check=True,
        capture_output=True,
    )
    file.write_bytes(key.read_bytes() + signed.read_bytes())
    return file


def test_a_certificate_is_verified_unless_that_is_switched_off(
    certificate, monkeypatch
):
    with fake_server(certificate) as fake:
        put_series(fake, '1.1')
        with pytest.raises(PacsError, match='SSLError'):
            Server(Access(fake.url)).check()
        assert fake.requests == []
        signed = certificate.with_name('signed.pem')
        Server(Access(fake.url, ca_file=signed)).check()
        with pytest.warns(Warning, match='Unverified'):
            Server(Access(fake.url, insecure=True)).check()
        # The environment does not undo what was typed.
        monkeypatch.setenv('REQUESTS_CA_BUNDLE', certifi.where())
        Server(Access(fake.url, ca_file=signed)).check()
        with pytest.raises(PacsError, match='SSLError'):
            Server(Access(fake.url)).check()
