"""Command-line arguments that the tools of a config share."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from mmengine.config import DictAction

from mmuldor.cli import types
from mmuldor.cli.arguments import make_parser
from mmuldor.cli.config_values import parse_config_value
from mmuldor.cli.scan_arguments import LAUNCHERS
from mmuldor.commands import command_name


class Options(DictAction):
    """``--cfg-options``: MMEngine's action, extended to values with dicts.

    MMEngine splits ``{'type': 'Adam'}``, ``dict(type='Adam')`` and lists of
    either at their commas. Here they are parsed as Python literals. Options
    without a value are an error.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Sequence[str],
        option_string: str | None = None,
    ) -> None:
        """Parse ``key=value`` arguments into a dict."""
        for text in values:
            key, sign, _ = text.partition('=')
            if not key or not sign:
                parser.error(
                    f'{option_string} must be key=value ..., without spaces '
                    f'around the sign, but got {text!r}.'
                )
        plain = [text for text in values if not _holds_dict(text)]
        super().__call__(parser, namespace, plain, option_string)
        options = getattr(namespace, self.dest)
        for text in values:
            if _holds_dict(text):
                key, _, value = text.partition('=')
                try:
                    options[key] = parse_config_value(value)
                except ValueError as error:
                    parser.error(f'{option_string} {key}: {error}')


def _holds_dict(text: str) -> bool:
    return '{' in text or 'dict(' in text


def new_parser(
    doc: str, *, checkpoints: bool = False, launcher: bool = False
) -> argparse.ArgumentParser:
    """A parser with a tool's docstring and the arguments of config tools.

    Args:
        doc: The tool's docstring.
        checkpoints: Whether the tool reads checkpoints.
        launcher: Whether several processes can run it.
    """
    parser = make_parser(doc)
    parser.add_argument('config', type=types.path, help='config file')
    parser.add_argument(
        '--work-dir', type=types.path, help='folder of logs and checkpoints'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=Options,
        help='override settings of the config: key=value ...',
    )
    parser.add_argument(
        '--store',
        type=types.path,
        help=f'folder of slices that {command_name("data pack")} packed; '
        'by default what the config says, else MMULDOR_STORE',
    )
    if launcher:
        _add_launcher(parser)
    if checkpoints:
        _add_unsafe(parser)
    return parser


def config_arguments(args: argparse.Namespace) -> dict:
    """The arguments of `mmuldor.apis.load_config` for a tool's own."""
    return dict(
        path=args.config,
        work_dir=args.work_dir,
        cfg_options=args.cfg_options,
        launcher=getattr(args, 'launcher', 'none'),
        store=args.store,
        default_store=os.environ.get('MMULDOR_STORE'),
    )


def _add_unsafe(parser: argparse.ArgumentParser) -> None:
    """``--allow-unsafe-checkpoint``."""
    parser.add_argument(
        '--allow-unsafe-checkpoint',
        action='store_true',
        help='unpickle checkpoints fully: runs any code in them',
    )


def _add_launcher(parser: argparse.ArgumentParser) -> None:
    """``--launcher``, and the rank that torch.distributed.launch passes."""
    parser.add_argument(
        '--launcher',
        choices=LAUNCHERS,
        default='none',
        help='job launcher',
    )
    parser.add_argument(
        '--local_rank',
        '--local-rank',
        type=_set_local_rank,
        help=argparse.SUPPRESS,
    )


def _set_local_rank(text: str) -> int:
    os.environ.setdefault('LOCAL_RANK', str(int(text)))
    return int(text)
