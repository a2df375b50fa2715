"""Clocks in tests: policies in force from plain rules, and a simple kind of subject, so that clocks can be tried without
cases. Everything is built through the services."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml
from django.db import transaction

from shounuo.calendars.testing import make_defaults
from shounuo.commitments.models import Clock
from shounuo.events import registry, subjects
from shounuo.events.services import NewEvent, Published, publish
from shounuo.events.subjects import Facts, NearestClock, People, Subject
from shounuo.kernel.actors import Actor
from shounuo.policy.services import version_import, version_publish_at_once

PARCEL = "parcel"
EVENTS = (
    "parcel.made",
    "parcel.asked",
    "parcel.answered",
    "parcel.failed",
    "parcel.dropped",
    "parcel.changed",
    "parcel.waiting",
    "parcel.resumed",
    "parcel.resolved",
    "parcel.reopened",
    "parcel.disputed",
    "parcel.closed",
    "parcel.merged",
    "parcel.merge_undone",
)
_PAYLOAD: dict[str, type | tuple[type, ...]] = {
    "interaction": int,
    "automatic": bool,
    "channel": str,
    "note": str,
    "on": str,
    "into": int,
}


@dataclass
class Parcels:
    """The facts of parcels, and which clock they were told is nearest."""

    facts: dict[int, Facts] = field(default_factory=dict)
    people: dict[int, People] = field(default_factory=dict)
    nearest: dict[int, NearestClock] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)

    def told(self, news: dict[int, NearestClock]) -> None:
        self.nearest.update(news)

    def visible(self, actor: Actor, ids: Iterable[int]) -> set[int]:
        if actor.is_system:
            return set(ids)
        return {i for i in ids if i not in self.hidden} if actor.kind == "person" else set()


parcels = Parcels()


def declare_parcels() -> None:
    """Makes the kind known; may be called again and again."""
    for kind in EVENTS:
        registry.declare(kind, subject=PARCEL, payload=_PAYLOAD, label=kind)
    if subjects.get(PARCEL) is None:
        subjects.register(
            Subject(
                kind=PARCEL,
                facts=lambda ids: {i: parcels.facts.get(i, {}) for i in ids},
                visible_ids=lambda actor, ids: parcels.visible(actor, ids),
                people=lambda id: parcels.people.get(id, People()),
                label=lambda ids: {i: f"parcel {i}" for i in ids},
                url=lambda id: f"/parcels/{id}/",
                clocks_changed=lambda news: parcels.told(news),
            )
        )


def enforce(
    *rules: dict[str, Any],
    at: datetime,
    pack: str = "trial",
    calendar: str = "always",
    version: str = "1",
    clause: str = "T-1",
) -> None:
    """Puts a policy in force whose clauses (T-1, T-2 ...) have these rules, on parcels where they do not say."""
    declare_parcels()
    make_defaults(at=at)
    stem, _dash, number = clause.rpartition("-")
    text = yaml.safe_dump(
        {
            "pack": pack,
            "title": "试行规定",
            "version": version,
            "default_calendar": calendar,
            "clauses": [
                {
                    "id": f"{stem}-{int(number) + n}",
                    "title": "试行",
                    "wording": "说到做到",
                    "rules": [deepcopy(rule) | {"subject": rule.get("subject", PARCEL)}],
                }
                for n, rule in enumerate(rules)
            ],
        },
        allow_unicode=True,
        sort_keys=False,
    )
    version_import(text=text, file_name="trial.yaml", actor=Actor.system(), at=at)
    version_publish_at_once(policy_code=pack, actor=Actor.system(), at=at)


def happen(
    kind: str, at: datetime, id: int = 1, *, actor: Actor | None = None, **payload: Any
) -> list[Published]:
    """Publishes one event on a parcel in a transaction of its own."""
    return happened((kind, payload), at=at, id=id, actor=actor)


def happened(
    *given: tuple[str, dict[str, Any]], at: datetime, id: int = 1, actor: Actor | None = None
) -> list[Published]:
    """Publishes several events of one act."""
    with transaction.atomic():
        return publish(
            [NewEvent(kind, (PARCEL, id), at, actor or Actor.system(), payload) for kind, payload in given]
        )


def clocks(id: int = 1, commitment: str | None = None) -> list[Clock]:
    """The clocks of a parcel, oldest first."""
    rows = Clock.objects.filter(subject_kind=PARCEL, subject_id=id).order_by("id")
    return list(rows.filter(commitment=commitment) if commitment else rows)


def clock(id: int = 1, commitment: str | None = None) -> Clock:
    """The one clock of a parcel."""
    (found,) = clocks(id, commitment)
    return found
