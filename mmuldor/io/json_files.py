"""JSON files that are either whole or absent."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmuldor.io.json_values import shortened
from mmuldor.io.limits import MAX_FILE_BYTES
from mmuldor.io.paths import existing_file, full_disk_named


def read_json(
    path: str | os.PathLike[str], name: str = 'the JSON file', advice: str = ''
) -> Any:
    """Reads one JSON document.

    Args:
        path: the file.
        name: what an error calls a file that is missing.
        advice: a sentence that says how to get it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not JSON, a key that comes twice in an object, or larger
            than `MAX_FILE_BYTES`; the message names file, line and column.
    """
    path = existing_file(path, name, advice)
    return parse_json(read_whole(path), path)


def parse_json(content: bytes, path: str | os.PathLike[str]) -> Any:
    """Parses one JSON document.

    Args:
        content: the document, UTF-8.
        path: what an error calls it: its file.

    Raises:
        ValueError: not JSON, or a key that comes twice in an object; the
            message names file, line and column.
    """
    try:
        return json.loads(content, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ValueError(
            f'{path} must be JSON, but line {error.lineno} column '
            f'{error.colno}: {error.msg}. Is it truncated? Create it again.'
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(
            f'{path} must be JSON in UTF-8, but {error}.'
        ) from error
    except RecursionError as error:
        raise ValueError(
            f'{path} must be JSON, but its brackets are nested too deeply.'
        ) from error
    # Python reads integers of up to 4,300 digits.
    except ValueError as error:
        if str(path) in str(error):
            raise
        raise ValueError(f'{path} must be JSON, but {error}.') from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; of a key that comes twice, json itself drops the first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = counts.most_common(1)[0][0]
        raise ValueError(
            f'the key {shortened(twice)} comes twice in an object'
        )
    return found


def read_whole(path: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Reads a file that must not be larger than `max_bytes`.

    Raises:
        OSError: it cannot be read; the error names it, as the system does
            for a file that cannot be opened.
        ValueError: it is larger.
    """
    try:
        with path.open('rb') as file:
            size = os.fstat(file.fileno()).st_size
            # Not every file system knows sizes.
            data = file.read(max_bytes + 1) if size <= max_bytes else b''
    except OSError as error:
        error.filename = str(path)
        raise
    if max(size, len(data)) > max_bytes:
        raise ValueError(
            f'{path} must have at most {max_bytes:,} bytes, but has '
            f'{path.stat().st_size:,}.'
        )
    return data


def write_json(
    path: str | os.PathLike[str], obj: Any, indent: int | None = None
) -> None:
    """Writes `obj` under a temporary name, then renames it to `path`.

    A reader sees the old file or the new one, never half of one. NaN and
    infinity are no JSON and raise ValueError before anything is replaced.
    """
    write_json_files({path: obj}, {path: indent})


def write_json_files(
    files: Mapping[str | os.PathLike[str], Any],
    indents: Mapping[str | os.PathLike[str], int | None] | None = None,
) -> None:
    """Writes several JSON files that belong together, all of them or none.

    Nothing is renamed before everything is written; the first of `files` is
    renamed last, so that its presence means that the others are there. Files
    that `indents` does not name are compact.
    """
    with contextlib.ExitStack() as stack:
        for path, obj in files.items():
            try:
                text = _to_text(obj, (indents or {}).get(path))
            except ValueError as error:
                raise ValueError(
                    f'{path} must hold finite numbers alone, but: {error}.'
                ) from error
            temporary = stack.enter_context(replacing(path))
            temporary.write_text(text + '\n', encoding='utf-8')


def _to_text(obj: Any, indent: int | None) -> str:
    separators = (',', ':') if indent is None else None
    return json.dumps(
        obj, indent=indent, separators=separators, allow_nan=False
    )


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a temporary path that becomes `path` when the block succeeds.

    The temporary file lies beside `path`, since `os.replace` is atomic only
    inside one file system; it keeps the suffix, which writers choose by. It is
    removed when the block fails.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _new_file(path)
    try:
        with full_disk_named(path):
            yield temporary
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _new_file(path: Path) -> Path:
    """Makes an empty file of another name beside a file.

    With the permissions of any new file, as the umask says: `mkstemp` makes
    files that only their owner may read, and the umask cannot be read without
    setting it, for all threads.
    """
    suffix = ''.join(path.suffixes[-2:])
    # 48 random bits, in the 8 characters that mkstemp would add.
    name = f'.{path.stem}.{secrets.token_urlsafe(6)}{suffix}'
    made = path.with_name(name)
    made.touch(exist_ok=False)
    return made
