"""Errors of command-line tools as one line."""

from __future__ import annotations

import contextlib
import io
import os
import re
import select
import sys
import traceback
from collections.abc import Iterator

DEBUG_VARIABLE = 'MMULDOR_DEBUG'


@contextlib.contextmanager
def user_errors(debug: bool | None = None) -> Iterator[None]:
    """Report errors that a user can cause as one line, with exit code 1.

    Wraps the `main()` of a tool: `with user_errors(): main()`, or as a
    decorator, `@user_errors()`. This project raises ValueError and OSError
    (FileNotFoundError, PermissionError, ...) for bad input; MemoryError means
    that the machine has too little memory. Any other exception is a bug and
    keeps its traceback. If the process is one of several, it exits at once,
    so that its launcher ends the others. What the terminal cannot show, like
    the bytes of a file's name that is no UTF-8, is printed as an escape.

    Args:
        debug: True keeps all tracebacks. None reads the environment variable
            `MMULDOR_DEBUG` (any value but an empty one and 0 means True).

    Raises:
        SystemExit: Code 1 after an error, 130 after Ctrl-C, 141 where what is
            printed is read no further, as by ``| head``.
    """
    for stream in (sys.stdout, sys.stderr):
        # Names of files may be no text of the terminal's encoding.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors='backslashreplace')
    if debug is None:
        debug = os.environ.get(DEBUG_VARIABLE, '') not in ('', '0')
    try:
        yield
        sys.stdout.flush()
    except (ValueError, OSError, MemoryError) as error:
        if debug:
            raise
        _close_generators(error)
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            # 128 + SIGPIPE, as a shell's own commands end.
            _end_process(141)
            raise SystemExit(141) from error
        print(f'error: {one_line(error)}', file=sys.stderr)
        _end_process(1)
        raise SystemExit(1) from error
    except KeyboardInterrupt as error:
        if debug:
            raise
        _close_generators(error)
        print('interrupted', file=sys.stderr)
        _end_process(130)
        raise SystemExit(130) from error
    except Exception:
        if _is_one_of_several():
            traceback.print_exc()
            _end_process(1)
        raise


def _nobody_reads() -> bool:
    """Whether standard output is a pipe that was closed at its other end."""
    try:
        output = sys.stdout.fileno()
    except (OSError, ValueError):  # no file, as in a test or a notebook
        return False
    poll = select.poll()
    poll.register(output, select.POLLOUT)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def _is_one_of_several() -> bool:
    """Whether this is one of several processes; does not import torch."""
    distributed = sys.modules.get('torch.distributed')
    return bool(
        distributed
        and distributed.is_available()
        and distributed.is_initialized()
        and distributed.get_world_size() > 1
    )


def _end_process(code: int) -> None:
    """End one of several processes without Python's normal shutdown.

    During that, threads of the process group may wait for the other processes
    or abort.
    """
    if _is_one_of_several():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _close_generators(error: BaseException) -> None:
    """Close generators that draw progress bars, so the error comes last.

    They are alive as long as the traceback refers to their frames.
    """
    link: BaseException | None = error
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__


def _without_traceback(error: BaseException) -> str:
    """The message of an error, without the traceback of a loader's process.

    torch puts that traceback into the message.
    """
    text = str(error)
    if not re.match(r'Caught \w+ in .*\nOriginal Traceback', text):
        return text
    return text.rpartition(f'\n{type(error).__name__}: ')[2]


def one_line(error: BaseException) -> str:
    """The message of an error as one line, never empty.

    Messages may quote files, so control characters and others that cannot be
    printed are escaped.
    """
    text = _without_traceback(error) or type(error).__name__
    if isinstance(error, MemoryError):
        text = f'not enough memory. {text}'
    lines = [line.strip() for line in text.splitlines()]
    return ''.join(
        c if c.isprintable() else ascii(c)[1:-1]
        for c in ' '.join(filter(None, lines))
    )
