"""What rules match on: the facts of subjects, each asked for once while nothing changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shounuo.events import subjects
from shounuo.events.subjects import Facts

Key = tuple[str, int]


class FactsBook:
    """The facts of the subjects that were asked for, as they were at the first question. One for each publish."""

    def __init__(self) -> None:
        self._known: dict[Key, Facts] = {}

    def __call__(self, keys: Iterable[Key]) -> Mapping[Key, Facts]:
        """The facts of at least these subjects; none for what is gone. One question a kind, for those not yet known."""
        for kind, ids in by_kind(key for key in dict.fromkeys(keys) if key not in self._known).items():
            subject = subjects.get(kind)
            if subject is not None:
                self._known |= {(kind, id): facts for id, facts in subject.facts(ids).items()}
        return self._known


def by_kind(keys: Iterable[Key]) -> dict[str, list[int]]:
    """kind -> ids."""
    ids: dict[str, list[int]] = {}
    for kind, id in keys:
        ids.setdefault(kind, []).append(id)
    return ids
