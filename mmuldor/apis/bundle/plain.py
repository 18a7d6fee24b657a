"""Settings as plain JSON data, and what such data may hold.

JSON has no tuples, and some classes ask for tuples: ``(1, 2)`` is written as
``{"__tuple__": [1, 2]}``. Whoever wrote a bundle's JSON is not trusted, so
:func:`check_plain` allows no more than a model needs: no names of files, no
numbers that make a network of any size, no nesting without end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mmuldor.io.json_values import shortened

_TUPLE = '__tuple__'
_MAX_DEPTH = 32
# Of channels; those of shipped models reach 2,048. Where a class takes a float
# for an integer, NumPy makes that many values.
_MAX_NUMBER = 2**16
# What sets the memory or time of a slice where no weight has its shape: these
# keys, and those that end in them (`level_paddings`, `seg_scale_factor`).
_MOST = {
    'featmap_strides': 1024,
    'max_per_img': 2048,
    'max_size': 2048,
    'num_branch': 16,
    'num_grids': 128,
    'num_points': 1024,
    'num_slices': 127,
    'output_size': 64,
    'padding': 64,
    'paddings': 64,
    # FCOS writes 1e8 for infinity.
    'regress_ranges': 10**9,
    'pad_size_divisor': 1024,
    'sampling_ratio': 16,
    'scale': 2048,
    'scale_factor': 16,
    'size': 2048,
    'size_divisor': 1024,
    'window_size': 64,
}
# Less is no limit to mmdet; a stride below 1 makes RoIs of any size.
_LEAST = {'max_per_img': 1, 'featmap_strides': 1}
_LONGEST = {'flips': 3, 'slice_offsets_mm': 32, 'windows': 16, 'pipeline': 32}
# Names and words: no dot, slash or colon, so no file and no address.
_WORD = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_ +-]{0,99}|')
_KEY = re.compile(r'[A-Za-z0-9][A-Za-z0-9_]{0,63}')


def to_plain(value: Any, path: str = '') -> Any:
    """Settings as JSON has them.

    Args:
        value: Dicts with text as keys, lists, tuples, numbers, text, None.
        path: Key path of the value, for messages.

    Raises:
        ValueError: If there is anything else in it, such as a class.
    """
    if isinstance(value, Mapping):
        return {
            str(key): to_plain(item, _below(path, key))
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        items = [to_plain(v, _below(path, k)) for k, v in enumerate(value)]
        return {_TUPLE: items} if isinstance(value, tuple) else items
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise ValueError(
        f'`{path}` must be text, a number, a list or a dict, but is '
        f'{shortened(value)}, which is no plain data. Write its name.'
    )


def from_plain(value: Any) -> Any:
    """The settings that :func:`to_plain` was given."""
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {_TUPLE}:
        return tuple(map(from_plain, value[_TUPLE]))
    return {key: from_plain(item) for key, item in value.items()}


def check_plain(value: Any) -> None:
    """Check data of JSON before anything is made of it.

    Raises:
        ValueError: Names the key path of the first value that no bundle may
            have, what was expected and what was found.
    """
    # A list of things to do, since the data may be nested without end.
    waiting = [('', '', value, 0)]
    while waiting:
        path, key, value, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise ValueError(f'`{path}` is nested too deeply')
        _check_value(path, key, value)
        for below, item in _inside(path, value):
            inner = key if isinstance(below, int) else below
            waiting.append((_below(path, below), inner, item, depth + 1))


def _inside(path: str, value: Any) -> Iterator[tuple[str | int, Any]]:
    """Keys, or places in a list, and values. A tuple's tag is no key."""
    if isinstance(value, list):
        yield from enumerate(value)
    elif isinstance(value, dict) and _TUPLE in value:
        if set(value) != {_TUPLE} or not isinstance(value[_TUPLE], list):
            raise ValueError(f'`{path}.{_TUPLE}` must be a list alone')
        yield from enumerate(value[_TUPLE])
    elif isinstance(value, dict):
        for key, item in value.items():
            if not _KEY.fullmatch(key):
                raise ValueError(
                    f'`{_below(path, shortened(key))}` must be a name of '
                    'letters and digits'
                )
            yield key, item


def _check_value(path: str, key: str, value: Any) -> None:
    if isinstance(value, dict) and _TUPLE in value:
        value = value[_TUPLE]
    if isinstance(value, str):
        # Names of classes have dots, and rules of their own.
        if key != 'type' and not _WORD.fullmatch(value):
            raise ValueError(
                f'`{path}` must be a word, no file, address or text, but is '
                f'{shortened(value)}'
            )
    elif type(value) in (int, float):
        _check_number(path, key, value)
    elif isinstance(value, list) and len(value) > _LONGEST.get(key, 4096):
        raise ValueError(
            f'`{path}` must have at most {_LONGEST.get(key, 4096):,} values, '
            f'but has {len(value):,}'
        )
    elif key in _LEAST and not isinstance(value, list):
        raise ValueError(
            f'`{path}` must be a number, but is {shortened(value)}'
        )


def _check_number(path: str, key: str, value: int | float) -> None:
    most, least = _limits(key)
    # Not so of NaN, either.
    if not least <= value <= most:
        kind = 'an integer' if type(value) is int else 'a finite number'
        start = '' if least < 0 else f'from {least} '
        raise ValueError(
            f'`{path}` must be {kind} {start}up to {most:,}, but is '
            f'{shortened(value)}'
        )


def _limits(key: str) -> tuple[int, int]:
    """The largest number that a key may have, and the least."""
    words = key.split('_')
    ends = ('_'.join(words[start:]) for start in range(len(words)))
    name = next((end for end in ends if end in _MOST), None)
    if name is None or key == 'regress_ranges':
        most = _MOST.get(key, _MAX_NUMBER)
        return most, -most
    return _MOST[name], _LEAST.get(name, 0)


def _below(path: str, key: object) -> str:
    return f'{path}.{key}' if path else str(key)
