"""A DICOMweb server in the test's own process, which can be told to fail."""

import contextlib
import json
import ssl
import threading
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pydicom


def encoded(data):
    """A dataset as the bytes of a file."""
    buffer = BytesIO()
    data.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


class FakeServer:
    """Instances, and what is answered.

    Attributes:
        url: Of the service.
        files: Bytes by series and instance UID.
        studies: Study UID and modality by series UID.
        stored: SOPInstanceUIDs in the order in which they were sent.
        requests: Method, path and headers of each request.
        fail: Called with method and path; returns a status, or None.
        most: Rows of a page at most.
        answer_kind: Content type of what is answered to a store.
        counts: Whether series have the number of their instances.
        fail_query: Key that it cannot search for.
    """

    def __init__(self):
        self.url = ''
        self.files, self.studies = {}, {}
        self.stored, self.requests = [], []
        self.fail = lambda method, path: None
        self.most = 1000
        self.answer_kind = 'application/dicom+json'
        self.counts, self.fail_query = True, None

    def add(self, data, series=None):
        series = series or str(data.SeriesInstanceUID)
        self.studies[series] = (
            str(data.StudyInstanceUID),
            str(data.get('Modality', 'CT')),
        )
        place = self.files.setdefault(series, {})
        place[str(data.SOPInstanceUID)] = encoded(data)

    def results(self, modality='SEG'):
        """Series of results and their instances."""
        return {
            uid: list(self.files[uid])
            for uid, (_, kind) in self.studies.items()
            if kind == modality
        }

    def rows(self, parts, query):
        if 'instances' in parts:
            found = [
                {'00080018': {'vr': 'UI', 'Value': [uid]}}
                for uid in self.files.get(parts[3], ())
            ]
        else:
            found = [
                {
                    '0020000D': {'vr': 'UI', 'Value': [study]},
                    '0020000E': {'vr': 'UI', 'Value': [uid]},
                    '00201209': {'vr': 'IS', 'Value': [len(self.files[uid])]},
                }
                for uid, (study, modality) in list(self.studies.items())
                if query.get('Modality', [modality])[0] == modality
            ]
        if not self.counts:
            found = [
                {tag: row[tag] for tag in row if tag != '00201209'}
                for row in found
            ]
        start = int(query.get('offset', ['0'])[0])
        count = min(int(query.get('limit', ['1000'])[0]), self.most)
        return found[start : start + count]

    def take(self, body, kind):
        """Store the parts of a request; returns the answer."""
        head = f'Content-Type: {kind}\r\n\r\n'.encode()
        message = message_from_bytes(head + body.lstrip(b'\r\n'))
        items = []
        boundary = message.get_param('boundary').encode()
        for part in body.split(b'\r\n--' + boundary)[1:-1]:
            content = part.partition(b'\r\n\r\n')[2]
            data = pydicom.dcmread(BytesIO(content))
            uid = str(data.SOPInstanceUID)
            self.stored.append(uid)
            self.add(data)
            items.append({'00081155': {'vr': 'UI', 'Value': [uid]}})
        return {'00081199': {'vr': 'SQ', 'Value': items}}


def _handler(fake):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        # Headers and body in one packet: else each answer waits for 40 ms.
        wbufsize = 2**16

        def log_message(self, *_):
            pass

        def reply(self, status, body=b'', kind='application/dicom+json'):
            self.send_response(status)
            self.send_header('Content-Type', kind)
            self.send_header('Content-Length', str(len(body)))
            if status in (301, 302, 307):
                self.send_header('Location', 'http://192.0.2.1/')
            self.end_headers()
            self.wfile.write(body)

        def failed(self):
            path = urlsplit(self.path).path
            headers = dict(self.headers)
            fake.requests.append((self.command, self.path, headers))
            status = fake.fail(self.command, path)
            if fake.fail_query and fake.fail_query in self.path:
                status = 400
            if status:
                self.reply(status, b'Smith^John')
            return status

        def do_GET(self):
            if self.failed():
                return
            url = urlsplit(self.path)
            parts = url.path.removeprefix('/dicom-web/').split('/')
            if len(parts) == 6:
                content = fake.files.get(parts[3], {}).get(parts[5])
                if content is None:
                    self.reply(404)
                    return
                body = b'--x\r\nContent-Type: application/dicom\r\n\r\n'
                body += content + b'\r\n--x--'
                kind = 'multipart/related; type="application/dicom"'
                self.reply(200, body, f'{kind}; boundary=x')
                return
            rows = fake.rows(parts, parse_qs(url.query))
            self.reply(200, json.dumps(rows).encode())

        def do_POST(self):
            body = self.rfile.read(int(self.headers['Content-Length'] or 0))
            if not self.failed():
                answer = fake.take(body, self.headers['Content-Type'])
                body = (
                    answer if isinstance(answer, str) else json.dumps(answer)
                )
                self.reply(200, body.encode(), fake.answer_kind)

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        # Clients that do not trust us hang up.
        pass


@contextlib.contextmanager
def fake_server(certificate=None):
    """A server on a free port of this machine.

    Args:
        certificate: File with a certificate and its key, for TLS.
    """
    fake = FakeServer()
    server = _Server(('127.0.0.1', 0), _handler(fake))
    scheme = 'http'
    if certificate is not None:
        scheme, context = 'https', ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    fake.url = f'{scheme}://127.0.0.1:{server.server_port}/dicom-web'
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
