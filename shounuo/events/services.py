"""Writing events, and running what follows from them."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from shounuo.events import registry
from shounuo.events.models import Era, Event, Failure, Handled
from shounuo.events.shapes import NewEvent as NewEvent
from shounuo.events.shapes import Published as Published
from shounuo.kernel import prepared

MAX_ATTEMPTS = 12
CHANNEL = "shounuo_events"
QUEUE = "events"
DISPATCH_TASK = "events.dispatch"
RETRY_TASK = "events.retry"


# One statement: the streams are locked and counted up, the events get their numbers, listeners are told at commit,
# and the dispatch job is queued as Procrastinate itself would queue it.
# The streams are taken in order of their subject so that two writers never wait for each other in a ring.
_INSERT = """
WITH given AS (
  SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::text[])
    WITH ORDINALITY AS g(kind, at, subject_kind, subject_id, actor_kind, actor_id, payload, ord)
), streams AS (
  INSERT INTO events_stream AS s (subject_kind, subject_id, last_seq)
  SELECT subject_kind, subject_id, count(*) FROM given GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (subject_kind, subject_id) DO UPDATE SET last_seq = s.last_seq + EXCLUDED.last_seq
  RETURNING subject_kind, subject_id, last_seq
), numbered AS (
  SELECT g.*, s.last_seq - count(*) OVER w_all + row_number() OVER w_one AS seq
  FROM given g JOIN streams s USING (subject_kind, subject_id)
  WINDOW w_all AS (PARTITION BY g.subject_kind, g.subject_id),
         w_one AS (PARTITION BY g.subject_kind, g.subject_id ORDER BY g.ord)
), written AS (
  INSERT INTO events_event (kind, at, subject_kind, subject_id, seq, actor_kind, actor_id, payload)
  SELECT kind, at, subject_kind, subject_id, seq, actor_kind, actor_id, payload::jsonb FROM numbered ORDER BY ord
  RETURNING id, seq, xid::text::bigint AS xid
), told AS (SELECT count(pg_notify(%s::text, news)) FROM unnest(%s::text[]) AS news
), queued AS (
  SELECT count(procrastinate_defer_jobs_v1(ARRAY[ROW('events', 'events.dispatch', 0, NULL, NULL,
           jsonb_build_object('xid', xid), NULL)::procrastinate_job_to_defer_v1]))
  FROM (SELECT xid FROM written LIMIT 1) w WHERE %s::bool AND xid <> %s::bigint
)
SELECT id, seq, xid FROM written, told, queued ORDER BY id
"""
_buffer: ContextVar[list[NewEvent] | None] = ContextVar("events_together", default=None)


@contextmanager
def together() -> Iterator[None]:
    """What is published inside is written at the end of the block, in order and in one statement: for a transaction of
    several parts, each of which publishes. Needs the transaction of the change around it. Inside, `publish` returns
    nothing; an exception drops what was collected."""
    if _buffer.get() is not None:
        yield
        return
    collected: list[NewEvent] = []
    token = _buffer.set(collected)
    try:
        yield
    finally:
        _buffer.reset(token)
    publish(collected)


def publish(events: Sequence[NewEvent]) -> list[Published]:
    """Writes the events in the caller's transaction, in order, each with the next `seq` of its subject.

    Runs the same-transaction handlers on them and queues one job for the transaction when any has a job handler.
    Live pages are told at commit. Must be called inside `transaction.atomic()`. Inside `together()` it only collects.
    """
    if not events:
        return []
    if (collected := _buffer.get()) is not None:
        collected += events
        return []
    if not connection.in_atomic_block:
        raise RuntimeError("publish needs the transaction of the change that it tells of")
    for event in events:
        registry.check(event.kind, event.subject[0], event.payload)
    has_jobs = any(registry.job_handlers(e.kind, e.payload) for e in events)
    here = tuple(s for s in connection.savepoint_ids if s)
    rows = prepared.execute(
        _INSERT,
        [
            [e.kind for e in events],
            [e.at for e in events],
            [e.subject[0] for e in events],
            [e.subject[1] for e in events],
            [e.actor.kind for e in events],
            [e.actor.id for e in events],
            [json.dumps(e.payload, separators=(",", ":")) for e in events],
            CHANNEL,
            _news(events),
            has_jobs,
            _queued(here),
        ],
    )
    published = [
        Published(row[0], e.kind, e.subject, row[1], e.at, e.actor.kind, e.actor.id, e.payload, e.actor.roles)
        for row, e in zip(rows, events, strict=True)
    ]
    if has_jobs and rows[0][2] != _queued(here):
        connection._shounuo_dispatch = (rows[0][2], here)  # type: ignore[attr-defined]
    kinds = {e.kind for e in events}
    for wanted, handler in registry.sync_handlers(kinds):
        handler([p for p in published if wanted is None or p.kind in wanted])
    return published


def _news(events: Sequence[NewEvent]) -> list[str]:
    """What live pages are told: kinds by subject; who may see them is decided by the listener. One text is the rule; a
    notification holds 8,000 bytes, so that large batches take several, and those that still do not fit name subjects only."""
    news: dict[str, list[str]] = {}
    for e in events:
        news.setdefault(f"{e.subject[0]}:{e.subject[1]}", []).append(e.kind)
    items = list(news.items())
    texts = []
    for start in range(0, len(items), 60):
        some = dict(items[start : start + 60])
        text = json.dumps(some, separators=(",", ":"))
        texts.append(text if len(text) < 7900 else json.dumps({subject: [] for subject in some}))
    return texts


def _queued(here: tuple[str, ...]) -> int:
    """The transaction whose dispatch job is queued for sure, or 0. One job per transaction; one queued inside a savepoint
    that is gone is queued again: repeats are harmless."""
    queued: tuple[int, tuple[str, ...]] | None = getattr(connection, "_shounuo_dispatch", None)
    return queued[0] if queued is not None and here[: len(queued[1])] == queued[1] else 0


def handle_waiting(xid: int, at: datetime) -> int:
    """What the dispatch job of one transaction does: runs its handlers, and those of the transactions that wait behind it.

    A job of its own costs more than the handlers of most writes; when many wait, one takes the place of up to `BATCH`.
    Their jobs go in the same transaction as what was done for them: whoever dies here leaves them waiting. Returns how many
    handlers ran.
    """
    with transaction.atomic():
        behind = prepared.execute(_TAKE, [BATCH])
        return _handle([xid, *(int(row[0]) for row in behind)], at)


def handle_transaction(xid: int, at: datetime) -> int:
    """Runs every job handler not yet done for the events of one transaction; returns how many ran. Safe to repeat."""
    with transaction.atomic():
        return _handle([xid], at)


def _handle(xids: list[int], at: datetime) -> int:
    """All handlers in one savepoint; where one fails, each in its own, and the failed one is written down and tried again
    alone, later. What is done is recorded with it.

    Subject by subject, so that two of these at once take the rows of their subjects in the same order.
    """
    due = []
    for *row, seen in prepared.execute(_OF_TRANSACTIONS, [[str(xid) for xid in xids]]):
        event = _published(row)
        due += [
            (event, name) for name in registry.job_handlers(event.kind, event.payload) if name not in seen
        ]
    due.sort(key=lambda item: (item[0].subject, item[0].id))
    try:
        with transaction.atomic():
            for event, name in due:
                _call(event, name, at)
    except Exception:  # noqa: BLE001  which one it was, and whether it was more than one, is found by running each alone
        finished = [(event.id, name) for event, name in due if _run(event, name, at, record=False)]
    else:
        finished = [(event.id, name) for event, name in due]
    if finished:
        prepared.execute(_DONE, [at, [e for e, _n in finished], [n for _e, n in finished]])
    return len(due)


BATCH = 50
_TAKE = """
DELETE FROM procrastinate_jobs WHERE id IN (
  SELECT id FROM procrastinate_jobs
  WHERE status = 'todo' AND queue_name = 'events' AND task_name = 'events.dispatch' AND scheduled_at IS NULL
  ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING args->>'xid'
"""
# Plain SQL: this runs once for every write of the installation. `seen`: handlers that are done, or failed and come back alone.
_OF_TRANSACTIONS = """
SELECT e.id, e.kind, e.subject_kind, e.subject_id, e.seq, e.at, e.actor_kind, e.actor_id, e.payload,
       ARRAY(SELECT handler FROM events_handled WHERE event_id = e.id
             UNION ALL SELECT handler FROM events_failure WHERE event_id = e.id)
FROM events_event e WHERE e.xid = ANY(%s::text[]::xid8[]) ORDER BY e.id
"""
_DONE = """
INSERT INTO events_handled (event_id, handler, at)
SELECT d.event_id, d.handler, %s::timestamptz FROM unnest(%s::bigint[], %s::text[]) AS d(event_id, handler)
ON CONFLICT DO NOTHING
"""


def _published(row: Sequence[Any]) -> Published:
    id, kind, subject_kind, subject_id, seq, at, actor_kind, actor_id, payload = row
    if isinstance(payload, str):  # the driver leaves JSON as text
        payload = json.loads(payload)
    return Published(id, kind, (subject_kind, subject_id), seq, at, actor_kind, actor_id, payload)


def handle_again(event_id: int, handler: str, at: datetime) -> bool:
    """Tries one failed handler again; True when it is done (or was already)."""
    with transaction.atomic():
        failure = Failure.objects.select_for_update().filter(event_id=event_id, handler=handler).first()
        if failure is None or Handled.objects.filter(event_id=event_id, handler=handler).exists():
            return True
        return _run(as_published(Event.objects.get(pk=event_id)), handler, at, record=True)


def as_published(event: Event) -> Published:
    return Published(
        event.id,
        event.kind,
        (event.subject_kind, event.subject_id),
        event.seq,
        event.at,
        event.actor_kind,
        event.actor_id,
        event.payload,
    )


def _call(event: Published, name: str, at: datetime) -> None:
    handler = registry.job_handler(name)
    if handler is not None:  # a handler that a newer version no longer has is done by definition
        handler(event, at)


def _run(event: Published, name: str, at: datetime, *, record: bool) -> bool:
    try:
        with transaction.atomic():
            _call(event, name, at)
            if record:
                Handled.objects.bulk_create(
                    [Handled(event_id=event.id, handler=name, at=at)], ignore_conflicts=True
                )
                Failure.objects.filter(event_id=event.id, handler=name).delete()
    except Exception:  # noqa: BLE001  whatever it was is written down, shown and tried again
        _note_failure(event.id, name, at, traceback.format_exc()[-4000:])
        return False
    return True


def _note_failure(event_id: int, name: str, at: datetime, error: str) -> None:
    """Writes the failure down and queues the next try alone, without a lock, 5 s doubling to 1 h; gives up at 12."""
    from procrastinate.contrib.django import app

    failure, created = Failure.objects.get_or_create(
        event_id=event_id,
        handler=name,
        defaults={"error": error, "first_at": at, "last_at": at},
    )
    if not created:
        Failure.objects.filter(pk=failure.pk).update(attempts=F("attempts") + 1, error=error, last_at=at)
        failure.refresh_from_db()
    if failure.attempts >= MAX_ATTEMPTS:
        Failure.objects.filter(pk=failure.pk).update(next_at=None)
        return
    next_at = at + timedelta(seconds=min(5 * 2 ** (failure.attempts - 1), 3600))
    Failure.objects.filter(pk=failure.pk).update(next_at=next_at)
    app.configure_task(RETRY_TASK, queue=QUEUE, schedule_at=next_at).defer(event_id=event_id, handler=name)


def era_settle(*, at: datetime) -> int | None:
    """Begins a new era where the database lies in another cluster than the log's last row of `Era` names; returns its
    number, or None where nothing had to be done.

    Called at every start, after the schema is current. Positions are made of the cluster's transaction ids, which start
    anew in a new cluster; a new era lifts them over all that were ever given (docs/decisions/0005). In its own transaction.
    """
    with transaction.atomic():
        cluster = _cluster()
        if Era.objects.order_by("-number").values_list("cluster", flat=True).first() == cluster:
            return None
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE events_era IN ACCESS EXCLUSIVE MODE")
            cursor.execute(
                "SELECT EXISTS (SELECT FROM events_event WHERE xid >= pg_current_xact_id()),"
                " (SELECT max(number) FROM events_era)"
            )
            ahead, last = cursor.fetchone()
        if last is not None:
            return era_begin(at=at)
        # The first start that knows of eras: those of an installation restored before it need a new one.
        Era.objects.create(number=int(ahead), cluster=cluster, began_at=at)
    return 1 if ahead else None


def era_begin(*, at: datetime) -> int:
    """Begins a new era of the log: every position from now on lies behind all that were given before. Returns its number.

    For a database put back from a copy of earlier: readers may have read on meanwhile. Waits for the writers that are at
    work (they hold a share lock on `events_era`), so that none of theirs is skipped. In its own transaction.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE events_era IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SELECT coalesce(max(number), 0) + 1 FROM events_era")
        number = int(cursor.fetchone()[0])
        Era.objects.create(number=number, cluster=_cluster(), began_at=at)
    return number


def _cluster() -> str:
    """The PostgreSQL cluster: its system identifier, and its timeline, which a recovery to a point in time forks. Empty
    where the server keeps that from us; then `shounuo restore` and `shounuo events era` are the ways to a new era."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('pg_control_system()', 'execute')"
            " AND has_function_privilege('pg_control_checkpoint()', 'execute')"
        )
        if not cursor.fetchone()[0]:
            return ""
        cursor.execute(
            "SELECT system_identifier || '/' || timeline_id FROM pg_control_system(), pg_control_checkpoint()"
        )
        return str(cursor.fetchone()[0])


def prune(at: datetime, *, keep: timedelta = timedelta(days=7)) -> int:
    """Deletes the done marks older than `keep`; by then no job for them can be waiting."""
    return Handled.objects.filter(at__lt=at - keep).delete()[0]
