"""Debian's Orthanc with its DICOMweb plugin, on a port of this machine."""

import json
import os
import shutil
import subprocess
import time

import pytest
import requests

USER, PASSWORD = 'mmuldor', 'k3ep-this-secret'
PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'


def program():
    """Path of Orthanc; skips the test where it is missing."""
    found = shutil.which('Orthanc', path=f'{os.environ["PATH"]}:/usr/sbin')
    if found is None or not os.path.exists(PLUGIN):
        pytest.skip(
            'no Orthanc with DICOMweb: `make test-pacs`, or apt-get install '
            'orthanc orthanc-dicomweb'
        )
    return found


class Orthanc:
    """A server with its own store, which outlives `stop`.

    Attributes:
        url: Of its DICOMweb service.
        session: With its password.
    """

    def __init__(self, folder, port):
        self._command = [program(), str(folder / 'orthanc.json')]
        self._log = folder / 'orthanc.log'
        self._api = f'http://127.0.0.1:{port}'
        self.url = f'{self._api}/dicom-web'
        self.session = requests.Session()
        self.session.auth = (USER, PASSWORD)
        self._process = None
        store = str(folder / 'store')
        settings = {
            'HttpPort': port,
            'RemoteAccessAllowed': False,
            'AuthenticationEnabled': True,
            'RegisteredUsers': {USER: PASSWORD},
            'StorageDirectory': store,
            'IndexDirectory': store,
            'DicomServerEnabled': False,
            'OverwriteInstances': False,
            'Plugins': [PLUGIN],
            'DicomWeb': {'Enable': True, 'Root': '/dicom-web/'},
        }
        (folder / 'orthanc.json').write_text(json.dumps(settings))

    def start(self):
        with open(self._log, 'ab') as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.session.get(f'{self._api}/system', timeout=5).ok:
                    return self
            except requests.ConnectionError:
                time.sleep(0.1)
        raise TimeoutError(self._log.read_text()[-2000:])

    def stop(self):
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)
            self._process = None

    def put(self, data):
        """Store the bytes of a file, as a scanner's DICOM would come in."""
        answer = self.session.post(
            f'{self._api}/instances', data=data, timeout=30
        )
        answer.raise_for_status()

    def instances(self, modality):
        """SOPInstanceUIDs of a modality, by series UID."""
        found = {}
        query = {'Level': 'Series', 'Query': {'Modality': modality}}
        for name in self.session.post(
            f'{self._api}/tools/find', json=query, timeout=30
        ).json():
            series = self._get(f'series/{name}')
            uid = series['MainDicomTags']['SeriesInstanceUID']
            found[uid] = series['Instances']
        return found

    def count(self, modality):
        return len(self.instances(modality))

    def file(self, name):
        """Bytes of an instance."""
        return self.session.get(
            f'{self._api}/instances/{name}/file', timeout=30
        ).content

    def _get(self, path):
        return self.session.get(f'{self._api}/{path}', timeout=30).json()
