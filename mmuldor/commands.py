"""The sub-commands of `mmuldor`, their modules, and how a user types them.

The wheel has no files to run: there `mmuldor infer` is what a clone calls
`python tools/infer.py`. Messages and help name a command by the functions
below, so that whoever reads them can type it.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

# A model as one file.
BUNDLE_SUFFIX = '.mmuldor'
CONSOLE, MODULE = 'mmuldor', 'python -m mmuldor'
_FILE = re.compile(r'(?:python\s+)?\b((?:tools|data_prep)/\w+)\.py\b')


@dataclass(frozen=True)
class Command:
    """A sub-command.

    Attributes:
        words: What is typed after ``mmuldor``.
        module: Its module, inside a wheel below `mmuldor`; it has a `main`.
        summary: A few words for the help.
    """

    words: str
    module: str
    summary: str

    @property
    def file(self) -> str:
        """Its file in a clone."""
        return f'{self.module.replace(".", "/")}.py'


COMMANDS = tuple(
    Command(*entry)
    for entry in (
        ('train', 'tools.train', 'train a config'),
        ('test', 'tools.test', 'test a checkpoint'),
        ('infer', 'tools.infer', 'find lesions in scans'),
        ('follow', 'tools.follow', 'lesions over time'),
        ('pacs', 'tools.pacs', 'find lesions in a PACS'),
        ('froc', 'tools.froc', 'FROC of results'),
        ('froc-volumes', 'tools.froc_volumes', 'FROC of whole scans'),
        ('compare', 'tools.compare', 'compare methods'),
        ('report', 'tools.report', 'report on runs'),
        ('figures', 'tools.figures', "the paper's figures"),
        ('calibrate', 'tools.calibrate', 'scores to probabilities'),
        ('mine', 'tools.mine_hard_negatives', 'mine hard negatives'),
        ('review', 'tools.review', 'judge what was mined'),
        ('fuse', 'tools.fuse', 'fuse results'),
        ('join-folds', 'tools.join_folds', 'results of all folds'),
        ('convert', 'tools.convert_results', 'results of others'),
        ('check', 'tools.check', 'before a long run'),
        ('browse', 'tools.browse_dataset', 'draw the input'),
        ('publish', 'tools.publish_model', 'a model as one file'),
        ('info', 'tools.info', 'versions, devices'),
        ('data deeplesion', 'data_prep.deeplesion_to_coco', 'DeepLesion'),
        ('data verify', 'data_prep.verify_deeplesion', 'is it complete?'),
        ('data pack', 'data_prep.pack_deeplesion', 'slices, read faster'),
        ('data slices', 'data_prep.slices_to_coco', 'own PNG slices'),
        ('data volumes', 'data_prep.volumes_to_coco', 'own NIfTI volumes'),
        ('data grabcut', 'data_prep.grabcut_masks', 'masks along edges'),
        ('data convert', 'data_prep.convert_volumes', 'PNG to NIfTI, back'),
        ('data phantom', 'data_prep.make_phantom', 'a synthetic CT set'),
    )
)
_BY_WORDS = {command.words: command for command in COMMANDS}
_BY_FILE = {command.file: command for command in COMMANDS}


def is_installed() -> bool:
    """Whether the commands lie inside `mmuldor`, where a wheel puts them."""
    return (Path(__file__).parent / 'tools').is_dir()


def door_of(program: str) -> str:
    """What is typed before a sub-command, as who started `program` can.

    Args:
        program: The first word of the process, that of the console command or
            of ``python -m mmuldor``, which alone a clone has.
    """
    by_module = Path(program).name == '__main__.py'
    return MODULE if by_module and not is_installed() else CONSOLE


def _door() -> str:
    """Likewise, for messages; empty where files of a clone are run."""
    started = sys.argv[0] if sys.argv else ''
    # As `mmuldor.cli.main` leaves it.
    for door in (CONSOLE, MODULE):
        if started.startswith(f'{door} '):
            return door
    return CONSOLE if is_installed() else ''


def command_name(words: str) -> str:
    """A command as texts call it: ``tools/infer.py`` or ``mmuldor infer``.

    Args:
        words: Of the sub-command, like ``infer`` or ``data volumes``.
    """
    door = _door()
    command = _BY_WORDS[words]
    return f'{door} {words}' if door else command.file


def command_line(words: str, rest: str = '') -> str:
    """A command as it is typed, in a clone in its top folder.

    Args:
        words: Of the sub-command, like ``infer`` or ``data volumes``.
        rest: Its arguments.
    """
    python = '' if _door() else 'python '
    return f'{python}{command_name(words)} {rest}'.rstrip()


def program_name() -> str | None:
    """How this process's command is typed; None if it is none of ours."""
    started = Path(sys.argv[0] if sys.argv else '')
    command = _BY_FILE.get(f'{started.parent.name}/{started.name}')
    return None if command is None else command_line(command.words)


def in_help(text: str) -> str:
    """A help text about files of a clone, with what is typed here."""
    if not _door():
        return text
    return _FILE.sub(
        lambda match: command_name(_BY_FILE[f'{match[1]}.py'].words), text
    )


def install_line(extra: str) -> str:
    """What installs an extra of this package."""
    return f"pip install '{'mmuldor' if is_installed() else '.'}[{extra}]'"
