"""What a thing is that events, clocks, duties and audit rows hang on, as far as lower parts need to know.

Each app fills this in its `ready()`; lower parts know their subjects through it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
class Subject:
    """`facts(ids)`: id -> plain facts a rule may match on. `visible_ids(actor, ids)`: those of the ids the actor may
    see. `people(id)`. `label(ids)`: id -> short text for lists. `url(id)`: its page."""

    kind: str
    facts: Callable[[Iterable[int]], dict[int, Facts]]
    visible_ids: Callable[[Actor, Iterable[int]], set[int]]
    people: Callable[[int], People]
    label: Callable[[Iterable[int]], dict[int, str]]
    url: Callable[[int], str]


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
