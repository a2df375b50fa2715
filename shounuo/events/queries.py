"""Reading events: one subject's history, and the whole log by position."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.db.models import QuerySet

from shounuo.events import subjects
from shounuo.events.models import Event
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor


def of_subject(kind: str, id: int) -> QuerySet[Event]:
    """The subject's events in their order. Visibility is the caller's: he holds the subject already."""
    return Event.objects.filter(subject_kind=kind, subject_id=id).order_by("seq")


def after(
    actor: Actor, cursor: str | None, *, limit: int, kinds: Iterable[str] = ()
) -> tuple[list[Event], str]:
    """Up to `limit` events past the position, and the position to go on from.

    A position is (transaction id, id). The answer ends before the oldest transaction still open, so that a reader who
    goes on from it misses nothing. Events whose subject the actor may not see are left out, the position still moves.
    """
    xid, last = paging.decode(cursor, int, int) if cursor else (0, 0)
    with connection.cursor() as cur:
        cur.execute(
            """SELECT id, xid::text::bigint FROM events_event
               WHERE (xid, id) > (%s::text::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())
               ORDER BY xid, id LIMIT %s""",
            [str(xid), last, limit],
        )
        positions = cur.fetchall()
    if not positions:
        return [], cursor or paging.encode(0, 0)
    by_id = Event.objects.in_bulk([row[0] for row in positions])
    events = [by_id[row[0]] for row in positions]
    seen = visible(actor, events)
    wanted = set(kinds)
    shown = [e for e in events if (e.subject_kind, e.subject_id) in seen and (not wanted or e.kind in wanted)]
    return shown, paging.encode(positions[-1][1], positions[-1][0])


def visible(actor: Actor, events: Iterable[Event]) -> set[tuple[str, int]]:
    """The subjects among the events that the actor may see, one call per kind of subject."""
    ids: dict[str, set[int]] = {}
    for event in events:
        ids.setdefault(event.subject_kind, set()).add(event.subject_id)
    seen: set[tuple[str, int]] = set()
    for kind, of_kind in ids.items():
        if actor.is_system:
            seen |= {(kind, i) for i in of_kind}
        elif (subject := subjects.get(kind)) is not None:
            seen |= {(kind, i) for i in subject.visible_ids(actor, of_kind)}
    return seen
