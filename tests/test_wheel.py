"""A wheel holds the commands too, inside `mmuldor`."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOMS = ('mmuldor', 'tools', 'data_prep')
OTHERS = (
    *('pyproject.toml', 'setup.py', 'MANIFEST.in', 'model-index.yml'),
    *('README.md', 'LICENSE'),
)


def run(*arguments, folder, **environment):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope='module')
def site(root, tmp_path_factory):
    """An empty folder and what a wheel, built offline, puts into it."""
    folder = tmp_path_factory.mktemp('wheel')
    source, site = folder / 'source', folder / 'site'
    # A build leaves files in its tree.
    for room in ROOMS:
        shutil.copytree(
            root / room,
            source / room,
            ignore=shutil.ignore_patterns('__pycache__'),
        )
    shutil.copytree(root / 'configs', source / 'configs')
    for name in OTHERS:
        shutil.copy(root / name, source)
    run(
        *('-m', 'pip', 'wheel', '--no-build-isolation', '--no-deps'),
        *('--no-index', '-q', '-w', folder, source),
        folder=folder,
    )
    (wheel,) = folder.glob('mmuldor-*.whl')
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


def test_nothing_lies_beside_mmuldor(site):
    names = {path.name for path in site.iterdir()}
    assert {name for name in names if '.dist-info' not in name} == {'mmuldor'}


def modules(folder):
    """Python files by their path in a folder."""
    paths = folder.rglob('*.py')
    return sorted(str(path.relative_to(folder)) for path in paths)


@pytest.mark.parametrize('room', ROOMS)
def test_every_module_is_there(site, root, room):
    inside = site / 'mmuldor' if room == 'mmuldor' else site / 'mmuldor' / room
    found = modules(inside)
    if room == 'mmuldor':
        others = ('tools/', 'data_prep/', '.mim/')
        found = [name for name in found if not name.startswith(others)]
    assert found == modules(root / room)


def test_the_files_of_the_scan_page_are_there(site, root):
    viewer = root / 'mmuldor/scans/viewer/web'
    names = {path.name for path in viewer.glob('*.*')}
    assert {'page.html', 'main.js', 'viewer.css'} <= names
    there = {
        path.name for path in (site / 'mmuldor/scans/viewer/web').glob('*')
    }
    assert names <= there


def test_users_checkers_see_the_types(site):
    assert (site / 'mmuldor/py.typed').is_file()


def test_commands_import_nothing_from_outside(site, tmp_path):
    code = """
import importlib, pkgutil, sys
import mmuldor.data_prep, mmuldor.tools
for package in (mmuldor.tools, mmuldor.data_prep):
    prefix = f'{package.__name__}.'
    for module in pkgutil.walk_packages(package.__path__, prefix):
        importlib.import_module(module.name)
print(mmuldor.__file__, sorted({'tools', 'data_prep'} & set(sys.modules)))
"""
    printed = run('-c', code, folder=tmp_path, PYTHONPATH=str(site))
    assert printed.split() == [str(site / 'mmuldor/__init__.py'), '[]']


def test_commands_run_from_a_wheel(site, tmp_path):
    def command(name, *arguments):
        return run(
            *('-m', f'mmuldor.{name}', *arguments),
            folder=tmp_path,
            PYTHONPATH=str(site),
        )

    assert '--with-fp-class' in command('tools.froc', '--help')
    command(
        *('data_prep.make_phantom', 'phantom', '--images', '3'),
        *('--size', '64', '--neighbours', '1'),
    )
    command(
        *('data_prep.deeplesion_to_coco', '--csv', 'phantom/DL_info.csv'),
        *('--images', 'phantom/Images_png', '--out', 'phantom'),
    )
    (tmp_path / 'none.json').write_text('[]')
    command(
        *('tools.froc', '--ann', 'phantom/test.json', '--dets', 'none.json'),
        *('--out', 'froc.json'),
    )
    assert (tmp_path / 'froc.json').is_file()


def test_the_configs_are_there(site, root, tmp_path):
    inside = site / 'mmuldor/.mim'
    assert modules(inside / 'configs') == modules(root / 'configs')
    assert (inside / 'model-index.yml').is_file()
    assert (inside / 'configs/blocks/metafile.yml').is_file()
    own = tmp_path / 'own.py'
    own.write_text("_base_ = 'mmuldor::uldor/uldor_r18_fpn_hnem-2e_phantom'")
    code = (
        'import mmuldor; from mmengine.config import Config\n'
        f'print(Config.fromfile({str(own)!r}).model.type)'
    )
    printed = run('-c', code, folder=tmp_path, PYTHONPATH=str(site))
    assert printed == 'MaskRCNN\n'


def test_one_command_runs_the_others(site, tmp_path):
    def command(*arguments):
        run_in = {'folder': tmp_path, 'PYTHONPATH': str(site)}
        return run('-m', 'mmuldor', *arguments, **run_in)

    assert 'usage: mmuldor froc ' in command('froc', '--help')
    small = ('--images', '3', '--size', '64', '--neighbours', '1')
    command('data', 'phantom', 'phantom', *small)
    assert (tmp_path / 'phantom/DL_info.csv').is_file()
    (entry,) = site.glob('mmuldor-*.dist-info/entry_points.txt')
    assert 'mmuldor = mmuldor.cli.main:main' in entry.read_text()


@pytest.mark.parametrize(
    'name', ['tools/froc.py', 'data_prep/make_phantom.py']
)
def test_files_of_a_clone_run_from_any_folder(root, tmp_path, name):
    assert '--help' in run(root / name, '--help', folder=tmp_path)


@pytest.mark.parametrize('room', ['tools', 'data_prep'])
def test_a_room_names_itself_relatively(root, room):
    """In a wheel it has another name, also in functions that import late."""
    for name in modules(root / room):
        for line in (root / room / name).read_text().splitlines():
            words = line.split()
            if words[:1] in (['from'], ['import']):
                assert words[1].split('.')[0] not in ROOMS[1:], (name, line)
