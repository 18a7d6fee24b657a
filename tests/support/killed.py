"""Processes that are killed at a chosen file operation."""

import os
import signal
import sys
import traceback


def kill_at(number, work):
    """Run `work` in a process that is killed before a file operation.

    Args:
        number: Which of its operations: files opened, made, renamed, removed.
        work: Called without arguments, in a fork of this process.

    Returns:
        Whether it was killed; False if it ended well before.
    """
    process = os.fork()
    if process == 0:
        count = 0

        def watch(event, args):
            nonlocal count
            if event == 'open' or event.startswith(('os.', 'shutil.')):
                count += 1
                if count > number:
                    # os.kill would be watched, too.
                    signal.raise_signal(signal.SIGKILL)

        sys.addaudithook(watch)
        try:
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False
