"""What a thing is that events, clocks, duties and audit rows hang on, as far as lower parts need to know.

Each app fills this in its `ready()`; lower parts know their subjects through it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shounuo.kernel.actors import Actor

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class People:
    """Who stands behind a subject: person ids, any may be missing. `supervisor_ids` lead the owner's team."""

    owner_id: int | None = None
    team_id: int | None = None
    supervisor_ids: tuple[int, ...] = ()
    dept_head_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class NearestClock:
    """The live clock of a subject that is due first (none: all fields empty); `overdue` when one is breached, unmet."""

    due_at: datetime | None = None
    warn_at: datetime | None = None
    clause: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Filled:
    """Which fields of a subject's record are filled, by name; of its items of a sort, one by one, which fields of each."""

    fields: Mapping[str, bool]
    items: Mapping[str, Sequence[Mapping[str, bool]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """`facts(ids)`: id -> plain facts a rule may match on. `visible_ids(actor, ids)`: those of the ids the actor may
    see. `people(id)`. `label(ids)`: id -> short text for lists. `url(id)`: its page. `clocks_changed`, where given, is
    told in the clock's own transaction which live clock of each subject is now the nearest, so that lists can sort.
    `urls(ids)`, where given, are the pages of many in one question; `addresses` asks for them. `listed(actor)`, where
    given, says whether lists of such things are for the actor: what he sees of single ones by way of exception does not count.

    A kind that rules may demand fields of: `fields` are their names, `items` sort -> names of the fields of each of them,
    `own_fields()` those that the organisation has made itself (name -> what it is called), `filled(ids, with_items)` which are filled,
    of the items only where they are asked for.
    """

    kind: str
    facts: Callable[[Iterable[int]], dict[int, Facts]]
    visible_ids: Callable[[Actor, Iterable[int]], set[int]]
    people: Callable[[int], People]
    label: Callable[[Iterable[int]], dict[int, str]]
    url: Callable[[int], str]
    clocks_changed: Callable[[dict[int, NearestClock]], None] | None = None
    urls: Callable[[Iterable[int]], dict[int, str]] | None = None
    listed: Callable[[Actor], bool] | None = None
    fields: frozenset[str] = frozenset()
    items: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own_fields: Callable[[], Mapping[str, str]] | None = None
    filled: Callable[[Iterable[int], bool], dict[int, Filled]] | None = None

    def is_listed(self, actor: Actor) -> bool:
        """True where a list of such things may show the actor any."""
        return self.listed is None or self.listed(actor)

    def addresses(self, ids: Iterable[int]) -> dict[int, str]:
        """The page of each of the ids."""
        wanted = list(ids)
        return self.urls(wanted) if self.urls is not None else {id: self.url(id) for id in wanted}


_subjects: dict[str, Subject] = {}


def register(subject: Subject) -> None:
    """Adds a kind; a second registration is a fault."""
    if subject.kind in _subjects:
        raise RuntimeError(f"subject {subject.kind} is registered twice")
    _subjects[subject.kind] = subject


def get(kind: str) -> Subject | None:
    return _subjects.get(kind)


def kinds() -> list[str]:
    return sorted(_subjects)


def nobody(_actor: Actor, _ids: Iterable[int]) -> set[int]:
    """For subjects that no list shows: visible to none but through their own pages."""
    return set()
