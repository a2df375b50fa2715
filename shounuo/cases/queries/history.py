"""A case's events as people read them: what changed since a version, and the timeline of its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from shounuo.events import registry
from shounuo.events.models import Event
from shounuo.events.queries import of_subject
from shounuo.kernel.composed import Composed
from shounuo.staff.queries import names

MAX_CHANGES = 20


def changes_since(case_id: int, version: int) -> list[dict[str, Any]]:
    """What happened to the case after it had this version, oldest first, the latest 20: kind, words, when, who."""
    events = list(
        of_subject("case", case_id).filter(payload__version__gt=version).order_by("-seq")[:MAX_CHANGES]
    )
    people = names(e.actor_id for e in events if e.actor_kind == "person")
    return [
        {
            "kind": e.kind,
            "label": str(registry.kind_of(e.kind).label),
            "at": e.at.isoformat(),
            "by": people.get(e.actor_id or 0, "") if e.actor_kind == "person" else e.actor_kind,
        }
        for e in reversed(events)
    ]


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the timeline: the event, its words, and the ids of the people and things it names."""

    event: Event
    label: str
    payload: dict[str, Any]

    @property
    def at(self) -> datetime:
        return self.event.at

    @property
    def kind(self) -> str:
        return self.event.kind

    @property
    def person_ids(self) -> set[int]:
        ids = {self.payload.get(key) for key in ("owner", "was", "person")} | set(
            self.payload.get("persons", ())
        )
        if self.event.actor_kind == "person":
            ids.add(self.event.actor_id)
        return {i for i in ids if isinstance(i, int)}


# Told by the message itself, or by the clocks beside it.
_SHOWN_ELSEWHERE = (
    "interaction.received",
    "interaction.sent",
    "interaction.noted",
    "interaction.delivered",
    "case.mentioned",
)


def timeline(case_id: int, *, limit: int = 300) -> list[Happening]:
    """What happened to the case besides its messages, oldest first, the latest `limit`; without the clocks' noise."""
    events = _told.objects(None, limit, case=case_id)
    return [Happening(e, str(_label(e.kind)), e.payload) for e in reversed(events)]


@Composed
def _told(_actor: None, limit: int, *, case: int) -> QuerySet[Event]:
    rows = of_subject("case", case).exclude(kind__startswith="clock.").exclude(kind__in=_SHOWN_ELSEWHERE)
    return rows.order_by("-seq")[:limit]


def _label(kind: str) -> Any:
    known = registry.kinds().get(kind)
    return known.label if known is not None else kind
