"""Counts and notes of a conversion, for report.json and the console."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table

from mmuldor.io.annotations import lesions_of

from ..common.fold_splits import Folds

_SHOWN = 3


class OwnDataReport:
    """Collects what was dropped and what is unusual.

    Attributes:
        dropped: What was left out: name and reason.
        notes: What a user should check: name, what, text.
        documents: The annotation documents by split.
        facts: What else report.json says, the options first of all.
        labels: In how many masks each label is.
        folds: Those of a cross-validation, or None.
    """

    def __init__(self) -> None:
        self.dropped: list[dict[str, str]] = []
        self.notes: list[dict[str, str]] = []
        self.documents: dict[str, dict] = {}
        self.facts: dict[str, Any] = {}
        self.labels: Counter[int] = Counter()
        self.folds: Folds | None = None

    def drop(self, name: str, reason: str) -> None:
        """Add an input that was left out."""
        self.dropped.append({'name': name, 'reason': reason})

    def note(self, name: str, what: str, text: str) -> None:
        """Add a note on an unusual input; `what` is the kind of the note."""
        self.notes.append({'name': name, 'what': what, 'text': text})

    def counts(self) -> dict[str, dict[str, int]]:
        """Patients, images and lesions on them, by split."""
        return {
            split: {
                'patients': len({i['patient'] for i in document['images']}),
                'images': len(document['images']),
                'annotations': len(lesions_of(document)),
            }
            for split, document in self.documents.items()
        }

    def as_dict(self) -> dict[str, Any]:
        """The content of report.json."""
        folds = {'folds': self.folds.as_report()} if self.folds else {}
        return {
            **self.facts,
            **folds,
            'counts': self.counts(),
            'dropped': self.dropped,
            'notes': self.notes,
        }

    def show(self, console: Console) -> None:
        """Print the counts."""
        if self.folds is not None:
            console.print(self.folds.text(), highlight=False, soft_wrap=True)
        table = Table('split')
        for column in ('patients', 'images', 'annotations'):
            table.add_column(column, justify='right')
        for split, counts in self.counts().items():
            table.add_row(split, *(str(count) for count in counts.values()))
        console.print(table)

    def warnings(self) -> list[str]:
        """One line for each of the first few notes of a kind."""
        kinds: dict[str, list[str]] = {}
        for entry in self.dropped:
            kinds.setdefault('dropped', []).append(
                f'dropped {entry["name"]}: {entry["reason"]}'
            )
        for entry in self.notes:
            text = f'{entry["name"]}: {entry["text"]}'
            kinds.setdefault(entry['what'], []).append(text)
        lines = []
        for what, found in kinds.items():
            lines += found[:_SHOWN]
            if len(found) > _SHOWN:
                more = len(found) - _SHOWN
                lines.append(f'{what}: {more} more, see report.json')
        empty = [s for s, c in self.counts().items() if not c['annotations']]
        if empty:
            lines.append(f'no lesion is in {", ".join(empty)}')
        return lines
