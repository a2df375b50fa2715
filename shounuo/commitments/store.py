"""Keeping what was decided: few statements, however many clocks. Nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.db.models import Q

from shounuo.commitments.models import Clock, Pause, Step
from shounuo.commitments.rules import Changes
from shounuo.events.services import NewEvent, Published, publish
from shounuo.kernel.actors import Actor

Key = tuple[str, int]

_COLUMNS: dict[str, str] = {
    "started_at": "timestamptz",
    "counted_from": "timestamptz",
    "due_at": "timestamptz",
    "warn_at": "timestamptz",
    "opens_at": "timestamptz",
    "next_at": "timestamptz",
    "paused_at": "timestamptz",
    "warned_at": "timestamptz",
    "met_at": "timestamptz",
    "person_met_at": "timestamptz",
    "breached_at": "timestamptz",
    "cancelled_at": "timestamptz",
    "state": "text",
    "cancel_reason": "text",
    "within": "text",
    "met_automatic": "boolean",
    "met_ref": "bigint",
    "met_event_id": "bigint",
    "length_s": "integer",
    "used_s": "integer",
    "lap": "smallint",
    "steps_left": "jsonb",
    "facts": "jsonb",
}
_SET = ", ".join(
    f"{name} = t.{name}::jsonb" if kind == "jsonb" else f"{name} = t.{name}"
    for name, kind in _COLUMNS.items()
)
_ARRAYS = ", ".join(f"%s::{'text' if kind == 'jsonb' else kind}[]" for kind in _COLUMNS.values())
_UPDATE = (
    f"UPDATE commitments_clock c SET {_SET} FROM unnest(%s::bigint[], {_ARRAYS}) "  # noqa: S608  names of ours
    f"AS t(id, {', '.join(_COLUMNS)}) WHERE c.id = t.id"
)


def of_subject(key: Key) -> Q:
    return Q(subject_kind=key[0], subject_id=key[1])


def lock_clocks(keys: Collection[Key]) -> dict[Key, list[Clock]]:
    """All clocks of the subjects, locked, oldest first. The caller holds the subjects' streams (by having published on
    them), which is what keeps two writers of one subject apart; the row locks keep out whoever does not."""
    wanted = Q()
    for kind in {k for k, _i in keys}:
        wanted |= Q(subject_kind=kind, subject_id__in=[i for k, i in keys if k == kind])
    found: dict[Key, list[Clock]] = {key: [] for key in keys}
    for clock in Clock.objects.filter(wanted).select_for_update(no_key=True).order_by("id"):
        found[(clock.subject_kind, clock.subject_id)].append(clock)
    return found


def write(changes: Changes) -> None:
    """Writes clocks, pauses and steps."""
    touched = list(changes.touched.values())
    fresh = [c for c in touched if c.pk is None]
    known = [c for c in touched if c.pk is not None]
    if fresh:
        Clock.objects.bulk_create([c for c in fresh if c.follows is None])
        Clock.objects.bulk_create([c for c in fresh if c.follows is not None])
    _update(known)
    _keep_pauses(changes)
    if changes.steps:
        Step.objects.bulk_create(
            Step(clock=t.clock, lap=t.lap, position=t.position, to=t.to, due_at=t.due_at, fired_at=t.fired_at)
            for t in changes.steps
        )


def tell(changes: Changes, actor: Actor | None = None) -> list[Published]:
    """Publishes what happened, in order. Needs the transaction of the change."""
    return publish([as_event(h.clock, h.kind, h.at, h.due, h.extra, actor) for h in changes.happenings])


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


def _update(clocks: list[Clock]) -> None:
    if not clocks:
        return
    values: list[list[object]] = [[c.id for c in clocks]]
    for name, kind in _COLUMNS.items():
        column = [getattr(c, name) for c in clocks]
        values.append([json.dumps(v) for v in column] if kind == "jsonb" else [_plain(v) for v in column])
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, values)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value


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
