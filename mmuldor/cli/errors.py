"""What every command line tool shares."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator

DEBUG_VARIABLE = 'MMULDOR_DEBUG'


@contextlib.contextmanager
def user_errors(debug: bool | None = None) -> Iterator[None]:
    """Turn errors a user can cause into one line on stderr and exit code 1.

    Wraps the `main()` of a tool: `with user_errors(): main()`, or as a
    decorator, `@user_errors()`. ValueError and OSError (FileNotFoundError,
    PermissionError, ...) are what this project raises for bad input, and
    MemoryError is what a machine says that is too small; anything else is a
    bug of ours and keeps its traceback. One of several processes ends at once,
    so that its launcher ends the others.

    Args:
        debug: True lets every traceback through; None asks the environment
            variable `MMULDOR_DEBUG` (anything but empty and 0 means True).

    Raises:
        SystemExit: code 1 after an error, 130 after Ctrl-C.
    """
    if debug is None:
        debug = os.environ.get(DEBUG_VARIABLE, '') not in ('', '0')
    try:
        yield
    except (ValueError, OSError, MemoryError) as error:
        if debug:
            raise
        _close_what_ran(error)
        print(f'error: {_one_line(error)}', file=sys.stderr)
        _end_process(1)
        raise SystemExit(1) from error
    except KeyboardInterrupt as error:
        if debug:
            raise
        _close_what_ran(error)
        print('interrupted', file=sys.stderr)
        _end_process(130)
        raise SystemExit(130) from error
    except Exception:
        if _is_one_of_several():
            traceback.print_exc()
            _end_process(1)
        raise


def _is_one_of_several() -> bool:
    """Whether this process is in a group; asks torch only if it is there."""
    distributed = sys.modules.get('torch.distributed')
    return bool(
        distributed
        and distributed.is_available()
        and distributed.is_initialized()
        and distributed.get_world_size() > 1
    )


def _end_process(code: int) -> None:
    """End one of several processes without the interpreter's own end.

    There, threads of the group may wait for the other processes, or abort.
    """
    if _is_one_of_several():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def check_outputs(
    inputs: Iterable[str | os.PathLike | None],
    outputs: Iterable[str | os.PathLike | None],
) -> None:
    """Raise ValueError where an output would overwrite an input or another.

    None is a file that is not written.
    """
    taken = {os.path.realpath(name) for name in inputs if name}
    for name in filter(None, outputs):
        path = os.path.realpath(name)
        if path in taken:
            raise ValueError(
                'an output must be another file than the inputs and the '
                f'other outputs, but got {str(name)!r}. Choose another name.'
            )
        taken.add(path)


def _close_what_ran(error: BaseException) -> None:
    """Let progress bars end, so that the error is the last line.

    They are drawn by generators, which the traceback holds.
    """
    link: BaseException | None = error
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__


def _without_traceback(error: BaseException) -> str:
    """What an error says, also one that a loader's process handed over.

    torch puts the traceback of the process into the message.
    """
    text = str(error)
    if not re.match(r'Caught \w+ in .*\nOriginal Traceback', text):
        return text
    return text.rpartition(f'\n{type(error).__name__}: ')[2]


def _one_line(error: BaseException) -> str:
    """Joins the lines of a message; never empty.

    Texts out of files may hold anything: what a terminal would obey or cannot
    show is escaped.
    """
    text = _without_traceback(error) or type(error).__name__
    if isinstance(error, MemoryError):
        text = f'not enough memory. {text}'
    lines = [line.strip() for line in text.splitlines()]
    return ''.join(
        c if c.isprintable() else ascii(c)[1:-1]
        for c in ' '.join(filter(None, lines))
    )
