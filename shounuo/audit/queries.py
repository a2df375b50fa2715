"""Reading the log of access and configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from shounuo.audit.models import Entry, Hold, Retention, Seal
from shounuo.audit.permissions import RETAIN, VIEW
from shounuo.audit.retention import Kept, all_kinds
from shounuo.events import registry, subjects
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed
from shounuo.kernel.text import whole


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; empty fields do not narrow. `action` may be a whole code or its first part (`person`)."""

    action: str = ""
    actor_id: int | None = None
    target: tuple[str, str] | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as the viewer shows it. Names are those of today; who is gone is shown by number."""

    id: int
    at: datetime
    actor: str
    action: str
    label: str
    target: str
    target_url: str
    detail: dict[str, Any] = field(default_factory=dict)
    address: str | None = None


def entries(
    actor: Actor,
    filters: Filters | None = None,
    *,
    cursor: str | None = None,
    limit: int | None = None,
) -> tuple[list[Shown], str | None]:
    """Entries, newest first; NotAllowed without audit.view. One query and one more per kind of target."""
    if not actor.may(VIEW):
        raise NotAllowed(_("您没有看这份日志的权限"))
    size, wanted = paging.limit_of(limit), filters or Filters()
    rows = Entry.objects.order_by("-id")
    if wanted.action:
        rows = rows.filter(Q(action=wanted.action) | Q(action__startswith=f"{wanted.action}."))
    if wanted.actor_id is not None:
        rows = rows.filter(actor_kind="person", actor_id=wanted.actor_id)
    if wanted.target is not None:
        rows = rows.filter(target_kind=wanted.target[0], target_id=wanted.target[1])
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(at__lt=wanted.until)
    if cursor:
        (last,) = paging.decode(cursor, int)
        rows = rows.filter(id__lt=last)
    found = list(rows[: size + 1])
    following = paging.encode(found[size - 1].id) if len(found) > size else None
    return _shown(found[:size]), following


def _names(wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, str], str]:
    """Labels of subjects by (kind, id as text); one query per kind."""
    ids: dict[str, set[int]] = {}
    for kind, id in wanted:
        ids.setdefault(kind, set()).add(id)
    names: dict[tuple[str, str], str] = {}
    for kind, of_kind in ids.items():
        if (subject := subjects.get(kind)) is not None:
            names |= {(kind, str(id)): name for id, name in subject.label(of_kind).items()}
    return names


def _shown(rows: list[Entry]) -> list[Shown]:
    names = _names(
        {(row.actor_kind, row.actor_id) for row in rows if row.actor_id is not None}
        | {(row.target_kind, id) for row in rows if (id := whole(row.target_id)) is not None}
    )
    return [
        Shown(
            id=row.id,
            at=row.at,
            actor=_name(names, row.actor_kind, str(row.actor_id or "")),
            action=row.action,
            label=action_label(row.action),
            target=_name(names, row.target_kind, row.target_id) if row.target_kind else "",
            target_url=_url(row.target_kind, row.target_id),
            detail=row.detail,
            address=row.address,
        )
        for row in rows
    ]


def _name(names: dict[tuple[str, str], str], kind: str, id: str) -> str:
    if kind == "system":
        return str(_("系统"))
    return names.get((kind, id)) or f"{kind} {id}".strip()


def _url(kind: str, id: str) -> str:
    subject = subjects.get(kind)
    number = whole(id)
    return subject.url(number) if subject is not None and number is not None else ""


def action_label(action: str) -> str:
    """The action in words: those of the event of the same name, else its code."""
    kind = registry.kinds().get(action)
    return str(kind.label) if kind is not None and kind.label else action


def actions() -> list[str]:
    """The actions that occur, for the filter, in their order. One step of an index for each, however long the log is."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTIONS)
        return [row[0] for row in cursor.fetchall()]


_ACTIONS = """
WITH RECURSIVE known(action) AS (
  (SELECT action FROM audit_entry ORDER BY action LIMIT 1)
  UNION ALL
  SELECT (SELECT e.action FROM audit_entry e WHERE e.action > known.action ORDER BY e.action LIMIT 1)
  FROM known WHERE known.action IS NOT NULL
)
SELECT action FROM known WHERE action IS NOT NULL
"""


def seals(*, limit: int = 50) -> list[Seal]:
    """The latest seals without their proofs."""
    return list(Seal.objects.defer("proofs").order_by("-id")[:limit])


def retentions(actor: Actor) -> list[tuple[Kept, int | None]]:
    """Each kind of what is kept with its days, None for ever; NotAllowed without audit.retain. One query."""
    _need_retain(actor)
    days = dict(Retention.objects.values_list("kind", "days"))
    return [(kept, days.get(kept.code)) for kept in all_kinds()]


@dataclass(frozen=True, slots=True)
class Held:
    """A hold with what it names in words."""

    hold: Hold
    label: str
    url: str
    by: str


def holds(actor: Actor) -> list[Held]:
    """All holds, those that still hold first, each group the newest first; NotAllowed without audit.retain."""
    _need_retain(actor)
    rows = list(Hold.objects.order_by(F("lifted_at").desc(nulls_first=True), "-id")[:500])
    names = _names(
        {(r.subject_kind, r.subject_id) for r in rows} | {("person", r.placed_by or 0) for r in rows}
    )
    return [
        Held(
            hold=row,
            label=_name(names, row.subject_kind, str(row.subject_id)),
            url=_url(row.subject_kind, str(row.subject_id)),
            by=names.get(("person", str(row.placed_by)), ""),
        )
        for row in rows
    ]


def held(kind: str) -> set[int]:
    """Ids of this kind of subject that stand under a hold; one query. For those who erase; visibility plays no part."""
    return set(Hold.objects.filter(subject_kind=kind, lifted_at=None).values_list("subject_id", flat=True))


def _need_retain(actor: Actor) -> None:
    if not actor.may(RETAIN):
        raise NotAllowed(_("您没有看保存期限的权限"))
