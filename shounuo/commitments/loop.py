"""The loop that makes clocks warn, breach and escalate when their moment comes.

A clock's next moment is a column with a partial index, so a look costs the same with a hundred running clocks or a
hundred thousand. A batch claims clocks that are due, moves them on, writes down what they did and publishes it, all in one
transaction: killed half-way, nothing of it has happened and the next look does it. Any number of loops may run: each
takes the subjects that no other has locked.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Min

from shounuo.commitments import engine, rules
from shounuo.commitments.facts import FactsBook, Key
from shounuo.commitments.models import Clock, ClockLoop
from shounuo.commitments.rules import Changes
from shounuo.events.models import Stream
from shounuo.events.subjects import NearestClock
from shounuo.kernel.clock import now as system_now

log = logging.getLogger(__name__)

BATCH = 500
BEAT = timedelta(seconds=5)
GRACE = timedelta(milliseconds=200)
"""The loop runs this much behind, so that an answer given at the last moment, whose transaction is about to commit, is
found in time."""
PATIENCE_MS = 300
"""How long a batch waits for a lock. A write that holds a case may wait for the stream that a batch holds while the batch
waits for the case: the batch gives way first, long before PostgreSQL would pick a victim."""
PUT_OFF = timedelta(minutes=1)


def fire_due(at: datetime, *, limit: int = BATCH) -> int:
    """Does everything that clocks owe up to `at`, in batches of at most `limit`, each its own transaction.

    Returns how many clocks were moved on. Subjects locked by others are left for the next look.
    """
    total = 0
    while fired := _fire_some(at, limit):
        total += fired
    return total


def next_due() -> datetime | None:
    """The moment at which a clock is due next; None when none is."""
    return Clock.objects.filter(next_at__isnull=False).aggregate(at=Min("next_at"))["at"]


def _fire_some(at: datetime, limit: int) -> int:
    """One batch. When it cannot be had as a whole (a lock, a fault in one clock), its halves are tried, down to the one
    subject that is in the way: that one waits, the others do not."""
    ids = list(Clock.objects.filter(next_at__lte=at).order_by("next_at").values_list("id", flat=True)[:limit])
    return _fire_halves(ids, at) if ids else 0


def _fire_halves(ids: list[int], at: datetime) -> int:
    try:
        return fire_batch(ids, at)
    except InterfaceError:
        raise
    except Exception as error:
        if isinstance(error, OperationalError) and not _is_lock(error):
            raise
        if len(ids) > 1:
            middle = len(ids) // 2
            return _fire_halves(ids[:middle], at) + _fire_halves(ids[middle:], at)
        if not _is_lock(error):
            log.exception("clock %s cannot be fired, put off", ids[0])
            Clock.objects.filter(id=ids[0], next_at__isnull=False).update(next_at=at + PUT_OFF)
        return 0


def fire_batch(ids: list[int], at: datetime) -> int:
    """Moves these clocks on in one transaction; those locked elsewhere, or no longer due, are left out.

    Publishes clock.warned, clock.breached and clock.escalated, each at its own moment.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
        clocks = _claim(ids, at)
        if not clocks:
            return 0
        keys = sorted({(c.subject_kind, c.subject_id) for c in clocks})
        facts = FactsBook()(keys)
        changes = Changes()
        before = {c.id: c.state for c in clocks}
        for clock in clocks:
            rules.advance(clock, at, changes)
            changes.touch(clock)
            clock.facts = facts.get((clock.subject_kind, clock.subject_id), clock.facts)
        changes.happenings.sort(key=lambda h: h.at)
        broken = {(c.subject_kind, c.subject_id) for c in clocks if c.state != before[c.id]}
        engine.keep(changes, _nearest(broken, clocks), wake_before=None)
        return len(clocks)


def _claim(ids: list[int], at: datetime) -> list[Clock]:
    """The clocks with their subjects' streams locked: the order in which every writer locks."""
    wanted = Clock.objects.filter(id__in=ids).values_list("subject_kind", "subject_id").distinct()
    found: dict[str, list[int]] = {}
    for kind, id in wanted:
        found.setdefault(kind, []).append(id)
    free: set[Key] = set()
    for kind, subject_ids in found.items():
        streams = Stream.objects.filter(subject_kind=kind, subject_id__in=subject_ids)
        free |= {
            (kind, id)
            for id in streams.select_for_update(skip_locked=True, no_key=True).values_list(
                "subject_id", flat=True
            )
        }
    clocks = Clock.objects.filter(id__in=ids, next_at__lte=at).order_by("next_at", "id")
    locked = clocks.select_for_update(skip_locked=True, no_key=True)
    return [c for c in locked if (c.subject_kind, c.subject_id) in free]


def _nearest(keys: set[Key], moved: list[Clock]) -> dict[Key, tuple[NearestClock | None, list[Clock]]]:
    """For subjects with a breach, which are told in any case: all that is owed on them, as it is about to be written."""
    fresh = {c.id: c for c in moved}
    ids: dict[str, list[int]] = {}
    for kind, id in keys:
        ids.setdefault(kind, []).append(id)
    found: dict[Key, list[Clock]] = {}
    for kind, of_kind in ids.items():
        owed = Clock.objects.filter(
            subject_kind=kind, subject_id__in=of_kind, state__in=[Clock.State.RUNNING, Clock.State.BREACHED]
        )
        for clock in owed:
            found.setdefault((kind, clock.subject_id), []).append(fresh.get(clock.id, clock))
    return {key: (None, clocks) for key, clocks in found.items()}


def _is_lock(error: BaseException) -> bool:
    return isinstance(
        error.__cause__,
        psycopg.errors.LockNotAvailable
        | psycopg.errors.DeadlockDetected
        | psycopg.errors.SerializationFailure
        | psycopg.errors.QueryCanceled,
    )


def run(stop: threading.Event, *, now: Callable[[], datetime] = system_now, name: str = "") -> None:
    """Fires clocks until `stop` is set. Sleeps until the next moment or until told that an earlier one has come up;
    comes back by itself when the database does."""
    loop = _Loop(stop, now, name or f"{socket.gethostname()}:{os.getpid()}")
    wait = 0.2
    while not stop.is_set():
        try:
            loop.turn()
            wait = 0.2
        except (DatabaseError, InterfaceError, psycopg.Error) as error:
            log.warning("clocks wait for the database: %s", error)
            loop.close()
            stop.wait(wait)
            wait = min(wait * 2, 5.0)
    loop.close()


class _Loop:
    def __init__(self, stop: threading.Event, now: Callable[[], datetime], name: str) -> None:
        self.stop = stop
        self.now = now
        self.name = name
        self.beaten: datetime | None = None
        self.fired = 0
        self.ears: psycopg.Connection | None = None

    def turn(self) -> None:
        """One look: a beat when it is time, what is due, then sleep."""
        at = self.now()
        if self.ears is None:
            self.ears = _listen()
        if self.beaten is None or at - self.beaten >= BEAT:
            self._beat(at)
        self.fired += (fired := fire_due(at - GRACE))
        upcoming = next_due()
        sleep = BEAT.total_seconds()
        if upcoming is not None:
            sleep = min(sleep, (upcoming + GRACE - self.now()).total_seconds())
        if sleep <= 0:
            sleep = 0.05 if not fired else 0.0  # what is due is locked elsewhere: not at once again
        self._sleep(sleep)

    def _sleep(self, seconds: float) -> None:
        """Until the time is over, a notification comes or the loop is to stop."""
        assert self.ears is not None
        end = time.monotonic() + seconds
        while not self.stop.is_set():
            left = end - time.monotonic()
            if left <= 0:
                return
            for _notify in self.ears.notifies(timeout=min(left, 0.25), stop_after=1):
                return

    def _beat(self, at: datetime) -> None:
        ClockLoop.objects.update_or_create(name=self.name, defaults={"beat_at": at, "fired": self.fired})
        ClockLoop.objects.filter(beat_at__lt=at - timedelta(days=1)).delete()
        self.beaten = at

    def close(self) -> None:
        """Gives both connections back; the next turn opens new ones."""
        if self.ears is not None:
            self.ears.close()
            self.ears = None
        connection.close()


def _listen() -> psycopg.Connection:
    settings = connection.settings_dict
    given = {
        "host": settings["HOST"],
        "port": settings["PORT"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "dbname": settings["NAME"],
    }
    ears = psycopg.connect("", autocommit=True, connect_timeout=5, **{k: v for k, v in given.items() if v})
    ears.execute(f"LISTEN {engine.CHANNEL}")
    return ears
