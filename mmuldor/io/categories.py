"""Which categories of a COCO file are lesions."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmuldor.classes import LESION_CATEGORY
from mmuldor.io.json_values import shortened

OPTION = '--lesion-category'
# A file of several categories that uses one of such a name needs no question.
_LESION_NAMES = ('lesion', 'lesions')


def lesions_by_category(
    document: dict[str, Any],
    source: str | os.PathLike[str],
    wanted: Sequence[str] | None = None,
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The annotations of lesions, and how many of other categories there are.

    Without `wanted`, the only category is the lesion, whatever its id and
    name. Of a file that lists several, one that is used alone and is called
    lesion is taken. Everything else must be chosen.

    Args:
        document: With `annotations`, a list of objects, and maybe
            `categories`.
        source: The file, for messages.
        wanted: Names (in any case) or ids of the categories of lesions.

    Returns:
        The annotations, and the number of others by category.

    Raises:
        ValueError: Several categories and no choice, or a choice that is no
            category; lists all of them with their numbers.
    """
    names = _names(document.get('categories'))
    entries = document['annotations']
    counts = Counter(_key(entry.get('category_id')) for entry in entries)
    known = list(dict.fromkeys([*names, *counts]))
    if wanted:
        lesions = _chosen(wanted, known, names, counts, source)
    elif len(known) <= 1:
        return entries, {}
    else:
        lesions = set(counts)
        only = names.get(next(iter(counts), ''), '').lower()
        if counts and not (len(counts) == 1 and only in _LESION_NAMES):
            raise ValueError(
                f'{source} has {len(known)} categories: '
                f'{_listed(known, names, counts)}. Which are lesions? Name '
                f'them, as in `{OPTION} {_example(known, names)}`; boxes of '
                'the others are left out.'
            )
    kept = [e for e in entries if _key(e.get('category_id')) in lesions]
    left_out = {
        _title(key, names): count
        for key, count in counts.items()
        if key not in lesions
    }
    return kept, left_out


def of_lesions(
    document: dict[str, Any],
    source: str | os.PathLike[str],
    wanted: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The document with lesions alone, their category as our files have it.

    Where others are left out, `left_out` has their number by category. Takes
    and raises what `lesions_by_category` does.
    """
    lesions, left_out = lesions_by_category(document, source, wanted)
    ids = {lesion['category_id'] for lesion in lesions}
    if ids <= {LESION_CATEGORY} and not left_out:
        return document
    own = [{**lesion, 'category_id': LESION_CATEGORY} for lesion in lesions]
    document = {**document, 'annotations': own}
    return {**document, 'left_out': left_out} if left_out else document


def category_titles(
    document: dict[str, Any],
) -> Callable[[dict[str, Any]], str]:
    """Gives the name and id of an annotation's category, for messages."""
    names = _names(document.get('categories'))
    return lambda entry: _title(_key(entry.get('category_id')), names)


def left_out_text(left_out: Mapping[str, int]) -> str:
    """The numbers of boxes by category, in one line."""
    return ', '.join(f'{count} {name}' for name, count in left_out.items())


def _chosen(
    wanted: Sequence[str],
    known: Sequence[str],
    names: dict[str, str],
    counts: Counter[str],
    source: str | os.PathLike[str],
) -> set[str]:
    """Keys of the categories that are wanted, by name before id."""
    found: set[str] = set()
    for text in wanted:
        by_name = {
            k for k in known if names.get(k, '').lower() == text.lower()
        }
        by_id = {text} & set(known)
        if not by_name | by_id:
            raise ValueError(
                f'`{OPTION}` must name categories of {source}, '
                f'{_listed(known, names, counts)}, but got {text!r}.'
            )
        found |= by_name or by_id
    return found


def _names(categories: Any) -> dict[str, str]:
    """Names by key; of entries without an id or a name, none."""
    listed = categories if isinstance(categories, list) else []
    return {
        _key(entry['id']): entry['name'].strip()
        for entry in listed
        if isinstance(entry, dict)
        and 'id' in entry
        and isinstance(entry.get('name'), str)
    }


def _key(value: Any) -> str:
    """An id as text; annotations without one share a category."""
    return '(none)' if value is None else shortened(value).strip('\'"')


def _title(key: str, names: dict[str, str]) -> str:
    return f'{names[key]!r} (id {key})' if key in names else f'id {key}'


def _listed(
    known: Sequence[str], names: dict[str, str], counts: Counter[str]
) -> str:
    shown = [f'{_title(k, names)} with {counts[k]} boxes' for k in known[:9]]
    more = len(known) - len(shown)
    return ', '.join(shown) + (f' and {more} more' if more > 0 else '')


def _example(known: Sequence[str], names: dict[str, str]) -> str:
    """A category that may be it: one with lesion in its name, else any."""
    titles = [names.get(key, key) for key in known]
    like = [t for t in titles if 'lesion' in t.lower() or 'tum' in t.lower()]
    name = (like or titles)[0]
    return f"'{name}'" if ' ' in name else name
