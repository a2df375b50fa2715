"""Reading events: one subject's history, and the whole log by position."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from shounuo.events import subjects
from shounuo.events.models import Event
from shounuo.kernel import paging, prepared
from shounuo.kernel.actors import Actor


def of_subject(kind: str, id: int) -> QuerySet[Event]:
    """The subject's events in their order. Visibility is the caller's: he holds the subject already."""
    return Event.objects.filter(subject_kind=kind, subject_id=id).order_by("seq")


class Position(NamedTuple):
    """A place in the log: all up to it has been read. Positions grow with the log, over restores too, and stay valid;
    a reader may keep the two numbers in a row of its own."""

    xid: int
    id: int


START = Position(0, 0)


def read_after(
    position: Position, *, kinds: Collection[str] | None = None, limit: int
) -> tuple[list[Event], Position]:
    """The events of these kinds (None: all) among the next `limit` past the position, in the log's order, and the position to go on from.

    Ends before the oldest transaction still open, so that a reader who goes on from the new position misses nothing and
    gets nothing twice. An empty list with a new position means: go on; the same position means: nothing more now.
    One query, by index; no visibility, for readers that are part of the system.
    """
    wanted = None if kinds is None else sorted(kinds)
    found = prepared.execute(_AFTER, [str(position.xid), position.id, limit, wanted])
    rows = prepared.instances(Event, found)
    if not rows:
        return [], position
    onward = Position(rows[-1].xid, rows[-1].id)
    return rows if kinds is None or rows[-1].kind in kinds else rows[:-1], onward


# The last of the batch comes whatever its kind: it is the position to go on from. What nobody wants is not carried.
_AFTER = """
WITH batch AS (
  SELECT id, xid, kind, at, subject_kind, subject_id, seq, actor_kind, actor_id, payload FROM events_event
  WHERE (xid, id) > (%s::text::xid8, %s::bigint) AND xid < (SELECT events_horizon())
  ORDER BY xid, id LIMIT %s::bigint
), last AS (SELECT xid, id FROM batch ORDER BY xid DESC, id DESC LIMIT 1)
SELECT b.id, b.xid::text::bigint, kind, at, subject_kind, subject_id, seq, actor_kind, actor_id, payload
FROM batch b, last WHERE kind = ANY(coalesce(%s::text[], ARRAY[kind])) OR (b.xid, b.id) = (last.xid, last.id)
ORDER BY b.xid, b.id
"""


def end() -> Position:
    """The position behind which everything is still to come, what open transactions have written included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT events_horizon()::text::bigint")
        return Position(int(cursor.fetchone()[0]), 0)


def after(
    actor: Actor, cursor: str | None, *, limit: int, kinds: Iterable[str] = ()
) -> tuple[list[Event], str]:
    """What `read_after` gives, of the subjects that the actor may see, with its position as a cursor.

    Events whose subject the actor may not see are left out, the position still moves.
    """
    position = Position(*paging.decode(cursor, int, int)) if cursor else START
    events, onward = read_after(position, kinds=set(kinds) or None, limit=limit)
    seen = visible(actor, events)
    shown = [e for e in events if (e.subject_kind, e.subject_id) in seen]
    return shown, paging.encode(*onward) if onward != position or not cursor else cursor


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
