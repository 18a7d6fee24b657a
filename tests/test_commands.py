"""Every message names a command that its reader can type."""

import ast
import re
import shutil
import subprocess
import sys

import pytest

from mmuldor import commands
from mmuldor.cli.main import find_command
from mmuldor.commands import COMMANDS, command_line, command_name

NAMING = {'command_line', 'command_name'}
STEMS = '|'.join(command.module.split('.')[1] for command in COMMANDS)
# Also a name alone: a placeholder parts a text into two constants.
FILE = re.compile(rf'(?<!\w)(?:{STEMS})\.(?:py|sh)\b|setup_env')
# Where a sub-command stands at the begin of a text or in backticks.
CONSOLE = re.compile(r'(?:^|`)mmuldor ([a-z][a-z -]*)', re.MULTILINE)
MAYBE = re.compile(rf'{FILE.pattern}|mmuldor [a-z]|{"|".join(NAMING)}')
# Cards of models are read by others, most of whom have the package alone.
CARDS = ['mmuldor/apis/bundle/publish.py', 'mmuldor/apis/publish.py']


@pytest.fixture(scope='module')
def said(root):
    """By file: texts in code, and the commands that calls name."""
    found = {}
    for room in ('mmuldor', 'tools', 'data_prep'):
        for path in sorted((root / room).rglob('*.py')):
            source = path.read_text()
            if MAYBE.search(source):
                place = str(path.relative_to(root))
                found[place] = texts_and_names(ast.parse(source))
    return found


def texts_and_names(tree):
    """String constants without docstrings; first arguments of `NAMING`."""
    nodes = list(ast.walk(tree))
    docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docs
    ]
    names = [
        ast.literal_eval(node.args[0])
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in NAMING
        and isinstance(node.args[0], ast.Constant)
    ]
    return texts, names


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """As if the commands lay inside `mmuldor`, as in a wheel."""
    (tmp_path / 'tools').mkdir()
    monkeypatch.setattr(commands, '__file__', str(tmp_path / 'commands.py'))


def test_no_message_names_a_file_of_a_clone(said):
    for place, (texts, _) in said.items():
        assert list(filter(FILE.search, texts)) == [], place


def test_sub_commands_are_written_out_on_cards_only(said):
    found = {}
    for place, (texts, _) in said.items():
        for words in CONSOLE.findall('\n'.join(texts)):
            command, _ = find_command(words.split(' '))
            found.setdefault(place, []).append(command.words)
    assert found == {place: ['infer'] for place in CARDS}


def test_messages_name_commands_that_exist(root, said, installed):
    words = [name for _, names in said.values() for name in names]
    assert len(words) > 40
    for one in words:
        command, count = find_command(one.split(' '))
        assert (command.words, count) == (one, len(one.split(' ')))
        assert (root / command.file).is_file()
        assert command_line(one) == command_name(one) == f'mmuldor {one}'


def test_in_a_clone_files_are_named():
    assert command_line('test', 'CONFIG') == 'python tools/test.py CONFIG'
    assert command_name('data pack') == 'data_prep/pack_deeplesion.py'


@pytest.mark.parametrize(
    ('started', 'typed'),
    [
        ('mmuldor infer', 'mmuldor calibrate --volumes'),
        ('python -m mmuldor infer', 'python -m mmuldor calibrate --volumes'),
        ('tools/infer.py', 'python tools/calibrate.py --volumes'),
        ('', 'python tools/calibrate.py --volumes'),
    ],
)
def test_a_clone_answers_in_the_form_that_was_typed(
    started, typed, monkeypatch
):
    monkeypatch.setattr(sys, 'argv', [started])
    assert command_line('calibrate', '--volumes') == typed


def test_only_a_clone_needs_the_module(root, request):
    file = str(root / 'mmuldor/__main__.py')
    assert commands.door_of(file) == 'python -m mmuldor'
    assert commands.door_of('/usr/bin/mmuldor') == 'mmuldor'
    request.getfixturevalue('installed')
    assert commands.door_of(file) == 'mmuldor'


@pytest.mark.parametrize(
    ('started', 'name'),
    [
        ('tools/froc.py', 'python tools/froc.py'),
        ('/a/data_prep/make_phantom.py', 'python data_prep/make_phantom.py'),
        ('mmuldor froc', None),
        ('/usr/bin/pytest', None),
        ('', None),
    ],
)
def test_a_parser_has_the_name_that_is_typed(started, name, monkeypatch):
    monkeypatch.setattr(sys, 'argv', [started])
    assert commands.program_name() == name


def test_help_is_put_into_the_form_of_an_install(installed):
    text = '    python tools/infer.py A\nof `tools/froc_volumes.py`, python\nB'
    assert commands.in_help(text) == (
        '    mmuldor infer A\nof `mmuldor froc-volumes`, python\nB'
    )


def test_an_extra_is_of_the_folder_or_of_the_package(request):
    assert commands.install_line('pacs') == "pip install '.[pacs]'"
    request.getfixturevalue('installed')
    assert commands.install_line('pacs') == "pip install 'mmuldor[pacs]'"


def test_an_error_of_an_install(root, tmp_path):
    """A package as a wheel puts it, without building one."""
    for room in ('mmuldor', 'tools', 'data_prep'):
        inside = tmp_path / 'mmuldor' / room.removeprefix('mmuldor')
        shutil.copytree(
            root / room,
            inside,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns('__pycache__', 'web'),
        )

    def run(*words):
        return subprocess.run(
            [sys.executable, '-m', *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    (tmp_path / 'ann.json').write_text('{}')
    asked = ('--ann', 'ann.json', '--dets', 'absent.json')
    done = run('mmuldor', 'froc', *asked)
    assert '`mmuldor data deeplesion --csv DL_info.csv' in done.stderr
    done = run('mmuldor.tools.froc', '--ann')
    assert done.stderr.endswith('See `mmuldor froc --help`.\n')
