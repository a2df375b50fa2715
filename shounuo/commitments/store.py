"""Keeping what was decided: few statements, however many clocks. Nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import connection
from django.db.models import CharField, Field, Q, QuerySet

from shounuo.commitments.facts import Key
from shounuo.commitments.models import Clock, Pause, Step
from shounuo.commitments.rules import Changes
from shounuo.events.models import Event
from shounuo.events.services import NewEvent, Published, publish
from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed

# Clocks are read and written in plain SQL with one JSON document of rows: a third of the ORM's time, and what a publish
# costs is decided here. The names come from the model, so that nothing can be forgotten.
_FIELDS = tuple(Clock._meta.concrete_fields)
_NAMES = tuple(f.attname for f in _FIELDS)
_FIXED = {
    "id",
    "rule_id",
    "clause_code",
    "commitment",
    "subject_kind",
    "subject_id",
    "round",
    "start_event_id",
    "not_before",
    "calendar",
    "warn",
    "ladder",
    "cause",
    "cause_note",
}
_MOVING = tuple(name for name in _NAMES if name not in _FIXED)


def _type(field: Field) -> str:
    """The column's type; plain text for short texts, so that one too long is refused instead of cut."""
    return "text" if isinstance(field, CharField) else str(field.db_type(connection))


_TYPES = ", ".join(f"{f.attname} {_type(f)}" for f in _FIELDS)
_SELECT = f"""SELECT {prepared.columns(Clock)} FROM commitments_clock
 WHERE (subject_kind, subject_id) IN (SELECT * FROM unnest(%s::text[], %s::bigint[]))
 ORDER BY id FOR NO KEY UPDATE"""  # noqa: S608  names of ours
_SELECT_ONE = f"""SELECT {prepared.columns(Clock)} FROM commitments_clock
 WHERE subject_kind = %s AND subject_id = %s ORDER BY id FOR NO KEY UPDATE"""  # noqa: S608  its plan is kept
_INSERT = f"""INSERT INTO commitments_clock ({", ".join(_NAMES[1:])})
 SELECT {", ".join(_NAMES[1:])} FROM ROWS FROM (jsonb_to_recordset(%s::jsonb) AS ({_TYPES})) WITH ORDINALITY AS t
 ORDER BY ordinality RETURNING id"""  # noqa: S608
_UPDATE = f"""UPDATE commitments_clock c SET {", ".join(f"{name} = t.{name}" for name in _MOVING)}
 FROM (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r({_TYPES}) LIMIT """  # noqa: S608


def of_subject(key: Key) -> Q:
    return Q(subject_kind=key[0], subject_id=key[1])


def events_of(keys: Sequence[Key]) -> list[Event]:
    """The subjects' events so far, oldest first; one query."""
    if len(keys) == 1:
        [(kind, subject)] = keys
        return _told.objects(None, kind, subject=subject)
    return list(Event.objects.filter(reduce(or_, map(of_subject, keys))).order_by("id"))


@Composed
def _told(_actor: None, kind: str, *, subject: int) -> QuerySet[Event]:
    return Event.objects.filter(of_subject((kind, subject))).order_by("id")


def lock_clocks(keys: Collection[Key]) -> dict[Key, list[Clock]]:
    """All clocks of the subjects, locked, oldest first. The caller holds the subjects' streams (by having published on
    them), which is what keeps two writers of one subject apart; the row locks keep out whoever does not."""
    found: dict[Key, list[Clock]] = {key: [] for key in keys}
    if not keys:
        return found
    if len(keys) == 1:
        rows = prepared.instances(Clock, prepared.execute(_SELECT_ONE, next(iter(keys))))
    else:
        named = [[kind for kind, _id in keys], [id for _kind, id in keys]]
        rows = prepared.instances(Clock, prepared.execute(_SELECT, named))
    for clock in rows:
        found[(clock.subject_kind, clock.subject_id)].append(clock)
    return found


def write(changes: Changes) -> None:
    """Writes clocks, pauses and steps."""
    touched = list(changes.touched.values())
    fresh = [c for c in touched if c.pk is None]
    known = [c for c in touched if c.pk is not None]
    _insert([c for c in fresh if c.follows is None])
    _insert([c for c in fresh if c.follows is not None])  # after those that they follow, whose ids they need
    _update(known)
    _keep_pauses(changes)
    if changes.steps:
        Step.objects.bulk_create(
            Step(clock=t.clock, lap=t.lap, position=t.position, to=t.to, due_at=t.due_at, fired_at=t.fired_at)
            for t in changes.steps
        )


def tell(changes: Changes, actor: Actor | None = None, more: Sequence[NewEvent] = ()) -> list[Published]:
    """Publishes what happened, in order, and what else is new. Needs the transaction of the change."""
    own = [as_event(h.clock, h.kind, h.at, h.due, h.extra, actor) for h in changes.happenings]
    return publish([*own, *more])


def as_event(
    clock: Clock,
    kind: str,
    at: datetime,
    due: datetime,
    extra: dict[str, object],
    actor: Actor | None = None,
) -> NewEvent:
    """The event of something that happened to a clock."""
    return NewEvent(
        kind,
        (clock.subject_kind, clock.subject_id),
        at,
        actor or Actor.system(),
        {
            "clock": clock.id,
            "rule": clock.rule_id,
            "clause": clock.clause_code,
            "commitment": clock.commitment,
            "round": clock.round,
            "due": due.isoformat(),
            **extra,
        },
    )


def _insert(clocks: list[Clock]) -> None:
    if not clocks:
        return
    for clock, (id,) in zip(clocks, prepared.execute(_INSERT, [_document(clocks)]), strict=True):
        clock.id = id
        clock._state.adding = False


def _update(clocks: list[Clock]) -> None:
    if not clocks:
        return
    prepared.execute(f"{_UPDATE}{prepared.at_most(len(clocks))}) t WHERE c.id = t.id", [_document(clocks)])


def _document(clocks: list[Clock]) -> str:
    for clock in clocks:
        target = clock._state.fields_cache.get("follows")  # given an id only when it was written itself
        if isinstance(target, Clock):
            clock.follows_id = target.id
    return json.dumps(
        [{name: getattr(c, name) for name in _NAMES} for c in clocks], default=datetime.isoformat
    )


def _keep_pauses(changes: Changes) -> None:
    if changes.repaused:
        Pause.objects.filter(clock__in=changes.repaused).delete()
    rows: list[Pause] = []
    open_rows: dict[int, Pause] = {}
    ends: dict[int, datetime] = {}
    for clock, at, reason in changes.pauses:
        if reason is not None:
            open_rows[clock.id] = Pause(clock=clock, started_at=at, reason=reason)
            rows.append(open_rows[clock.id])
        elif clock.id in open_rows:
            open_rows.pop(clock.id).ended_at = at
        else:
            ends[clock.id] = at
    if ends:
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE commitments_pause p SET ended_at = t.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS t(id, at)
                   WHERE p.clock_id = t.id AND p.ended_at IS NULL""",
                [list(ends), list(ends.values())],
            )
    rows += [
        Pause(clock=c, started_at=from_, ended_at=to, reason=reason) for c, from_, to, reason in changes.spans
    ]
    if rows:
        Pause.objects.bulk_create(rows)
