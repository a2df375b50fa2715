"""Every kind of event, declared once by the part that publishes it, with the shape of its payload.

A payload carries ids, codes, numbers and times, never a name, an address or text: events are append-only and outlive
an erased person. `publish` refuses what was not declared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shounuo.events.shapes import Published

CODE = re.compile(r"^[A-Za-z0-9_.:+/%@-]{0,80}$")
SyncHandler = Callable[[list[Published]], None]
JobHandler = Callable[[Published, datetime], None]
Wanted = Callable[[str, dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class EventKind:
    """`subject` is the kind of thing it happens to (`*`: any); `payload` maps each allowed field to its type (all optional).
    `alters`: the subject's facts or record may be others afterwards."""

    name: str
    subject: str
    payload: dict[str, type | tuple[type, ...]] = field(default_factory=dict)
    label: Any = ""
    alters: bool = True


_kinds: dict[str, EventKind] = {}
_sync: list[tuple[frozenset[str] | None, SyncHandler]] = []
_jobs: dict[str, tuple[frozenset[str], JobHandler, Wanted | None]] = {}


def declare(
    name: str,
    *,
    subject: str,
    payload: dict[str, type | tuple[type, ...]] | None = None,
    label: Any = "",
    alters: bool = True,
) -> str:
    """Declares a kind and gives its name back; declaring it twice with another shape is a fault."""
    kind = EventKind(name, subject, payload or {}, label, alters)
    known = _kinds.get(name)
    if known is not None and (known.subject, known.payload) != (kind.subject, kind.payload):
        raise RuntimeError(f"event kind {name} is declared twice")
    _kinds[name] = kind
    return name


def kind_of(name: str) -> EventKind:
    """The declaration; KeyError for a kind nobody declared."""
    return _kinds[name]


def kinds() -> dict[str, EventKind]:
    """All declarations by name."""
    return dict(sorted(_kinds.items()))


def check(name: str, subject: str, payload: dict[str, Any]) -> None:
    """Raises ValueError when an event does not fit its declaration: a fault of the publisher, never of a user."""
    kind = _kinds.get(name)
    if kind is None:
        raise ValueError(f"event kind {name} is not declared")
    if kind.subject not in (subject, "*"):
        raise ValueError(f"{name} happens to a {kind.subject}, not a {subject}")
    for key, value in payload.items():
        wanted = kind.payload.get(key)
        if wanted is None:
            raise ValueError(f"{name} has no payload field {key}")
        if value is None:
            continue
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is int):
            raise ValueError(f"{name}.{key} is {type(value).__name__}, declared {wanted}")
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and not CODE.match(item):
                raise ValueError(f"{name}.{key} must be a code, not text")


def subscribe_sync(kinds: Iterable[str] | None, handler: SyncHandler) -> None:
    """The handler runs in the publisher's transaction with the list of events of one publish (clocks only).

    `kinds` None means every kind.
    """
    _sync.append((None if kinds is None else frozenset(kinds), handler))


def subscribe_job(
    name: str, kinds: Iterable[str], handler: JobHandler, *, when: Wanted | None = None
) -> None:
    """The handler runs in a job after commit, once per event, in a savepoint; it must be safe to repeat.

    `name` is stable: it is stored with what was done. `when(kind, payload)` says from the event alone that there is nothing
    to do, so that no job is made for it; it must give the same answer every time.
    """
    if name in _jobs:
        raise RuntimeError(f"handler {name} is wired twice")
    _jobs[name] = (frozenset(kinds), handler, when)


def sync_handlers(names: set[str]) -> list[tuple[frozenset[str] | None, SyncHandler]]:
    return [(ks, h) for ks, h in _sync if ks is None or ks & names]


def job_handlers(kind: str, payload: dict[str, Any]) -> list[str]:
    """Names of the handlers that want an event."""
    return [
        name for name, (ks, _h, when) in _jobs.items() if kind in ks and (when is None or when(kind, payload))
    ]


def job_handler(name: str) -> JobHandler | None:
    return _jobs[name][1] if name in _jobs else None


def wired() -> dict[str, list[str]]:
    """Handler names by event kind, for the operations page and the wiring test."""
    table: dict[str, list[str]] = {}
    for name, (ks, _h, _when) in _jobs.items():
        for k in ks:
            table.setdefault(k, []).append(name)
    return table


def clear_wiring() -> None:
    """For tests that wire handlers of their own; declarations stay."""
    _sync.clear()
    _jobs.clear()
