"""The command itself, before it needs a model."""

import logging
import os
import signal
import time
import warnings

import pytest

from mmuldor.pacs.running import discreet, say, stopped_by_signals
from tools.pacs import main

OPTIONS = ('--work', 'w', '--model', 'm')


@pytest.mark.parametrize(
    ('options', 'match'),
    [
        (('https://doctor:secret@pacs/x',), 'no user and no password'),
        (('http://pacs/secret',), 'must be https:// for another machine'),
        (
            (
                *('https://pacs/x', '--filter', 'StudyID=1'),
                *('--filter', 'StudyID=2'),
            ),
            'must give each key once',
        ),
        (
            ('https://pacs/x', '--filter', 'BodyPart=CHEST'),
            'a keyword or a tag of DICOM, like BodyPartExamined',
        ),
    ],
)
def test_a_wrong_server_is_refused_in_one_line(options, match, capsys):
    with pytest.raises(SystemExit, match='1'):
        main(['--dicomweb', *options, *OPTIONS])
    said = capsys.readouterr()
    assert said.out == ''
    assert said.err.startswith('error: ')
    assert said.err.count('\n') == 1
    assert match in said.err
    assert 'secret' not in said.err


def test_sigterm_is_a_stop():
    def wait():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), stopped_by_signals():
        wait()
    assert signal.getsignal(signal.SIGTERM) is before


def test_libraries_say_nothing_and_files_are_private(tmp_path, capsys, caplog):
    mask = os.umask(0o022)
    try:
        with discreet():
            warnings.warn('Smith^John', stacklevel=1)
            logging.getLogger('dicomweb_client').error('Smith^John')
            (tmp_path / 'x').touch()
            say('1.2.3')
        (tmp_path / 'y').touch()
    finally:
        os.umask(mask)
    assert (tmp_path / 'x').stat().st_mode & 0o777 == 0o600
    assert (tmp_path / 'y').stat().st_mode & 0o777 == 0o644
    said = capsys.readouterr()
    assert said.out.endswith(' 1.2.3\n')
    assert 'Smith' not in said.out + said.err + caplog.text
    logging.getLogger('dicomweb_client').error('heard again')
    assert 'heard again' in caplog.text
