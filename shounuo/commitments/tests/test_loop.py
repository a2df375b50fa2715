"""The loop fires each step once, on time, whatever happens to it."""

import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from shounuo.commitments import engine, loop
from shounuo.commitments.models import Clock, ClockLoop, Step
from shounuo.commitments.testing import PARCEL, clock, enforce, happen, parcels
from shounuo.events.models import Event, Stream

T0 = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
RULE = {
    "commitment": "answer",
    "from": "parcel.asked",
    "until": "parcel.answered",
    "within": "PT30M",
    "escalate": [{"at": "100%", "to": "owner_supervisor"}],
}


def minutes(n):
    return T0 + timedelta(minutes=n)


def copies(number, **changes):
    """Many clocks like the first parcel's, each on a parcel of its own."""
    one = clock()
    rows = []
    for n in range(number):
        row = Clock.objects.get(pk=one.pk) if not rows else Clock()
        if rows:
            for field in Clock._meta.concrete_fields:
                setattr(row, field.attname, getattr(one, field.attname))
        row.pk, row.subject_id = None, 1000 + n
        for name, value in changes.items():
            setattr(row, name, value(n) if callable(value) else value)
        rows.append(row)
    Stream.objects.bulk_create(
        [Stream(subject_kind=PARCEL, subject_id=1000 + n, last_seq=1) for n in range(number)]
    )
    Clock.objects.bulk_create(rows, batch_size=5000)


def counted(kind):
    return Event.objects.filter(kind=f"clock.{kind}").count()


@pytest.mark.django_db
def test_nothing_is_fired_before_its_moment():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    assert loop.fire_due(minutes(23)) == 0
    assert loop.fire_due(minutes(24)) == 1
    assert loop.fire_due(minutes(30)) == 0
    assert loop.fire_due(minutes(30) + timedelta(microseconds=1)) == 1
    assert [counted(k) for k in ("warned", "breached", "escalated")] == [1, 1, 1]


@pytest.mark.django_db
def test_a_late_look_records_everything_at_its_own_moment():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    assert loop.fire_due(minutes(6000)) == 1
    one = clock()
    assert (one.warned_at, one.breached_at, one.next_at) == (minutes(24), minutes(30), None)
    assert list(Event.objects.filter(kind="clock.breached").values_list("at", flat=True)) == [minutes(30)]
    step = Step.objects.get(position="due")
    assert (step.due_at, step.fired_at) == (minutes(30), minutes(6000))


@pytest.mark.django_db
def test_many_are_fired_in_batches_with_few_queries(django_assert_max_num_queries):
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    copies(60)
    with django_assert_max_num_queries(25):
        assert loop.fire_due(minutes(31), limit=500) == 61
    assert counted("breached") == 61 and Step.objects.count() == 183


@pytest.mark.django_db(transaction=True)
def test_two_loops_at_once_fire_each_step_once():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    copies(300)
    start = threading.Barrier(2)
    fired, faults = [], []

    def work():
        try:
            start.wait()
            for _look in range(40):
                fired.append(loop.fire_due(minutes(31), limit=7))
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not faults
    assert sum(fired) == 301
    assert [counted(k) for k in ("warned", "breached", "escalated")] == [301] * 3
    assert Clock.objects.filter(state="breached").count() == 301


@pytest.mark.django_db(transaction=True)
def test_killed_between_claim_and_commit_it_is_fired_once_by_the_next_look(monkeypatch):
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)

    class Killed(BaseException):
        pass

    real = engine.keep

    def keep(*args, **kwargs):
        real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(engine, "keep", keep)
    with pytest.raises(Killed):
        loop.fire_due(minutes(31))
    assert clock().state == "running" and not Step.objects.exists() and counted("breached") == 0
    monkeypatch.setattr(engine, "keep", real)
    loop.fire_due(minutes(31))
    loop.fire_due(minutes(31))
    assert [counted(k) for k in ("warned", "breached", "escalated")] == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_a_subject_that_is_being_written_waits_and_the_others_do_not():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    copies(3)
    held, go = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            list(Stream.objects.filter(subject_kind=PARCEL, subject_id=1001).select_for_update())
            held.set()
            go.wait(10)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    held.wait(10)
    assert loop.fire_due(minutes(31)) == 3
    assert clock(1001).state == "running"
    go.set()
    writer.join()
    assert loop.fire_due(minutes(31)) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_loop_gives_way_to_a_write_that_it_would_wait_for_in_a_ring(monkeypatch):
    """The write holds its subject's row and wants the stream; the batch holds the stream and wants the row."""
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    Stream.objects.create(subject_kind="row", subject_id=1, last_seq=0)  # stands for the subject's own row
    held, claimed, done = threading.Event(), threading.Event(), []

    def lock_row():
        list(Stream.objects.filter(subject_kind="row", subject_id=1).select_for_update())

    def told(_news):
        claimed.set()
        lock_row()

    monkeypatch.setattr(parcels, "told", told)

    def write():
        with transaction.atomic():
            lock_row()
            held.set()
            claimed.wait(10)
            happen("parcel.answered", minutes(29))
            done.append(True)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    held.wait(10)
    assert loop.fire_due(minutes(31)) == 0
    writer.join(10)
    assert done and clock().state == "met"


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_cannot_be_fired_is_put_off_and_holds_up_no_other(monkeypatch):
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    copies(5)
    poison = clock(1002).id
    real = loop.rules.advance

    def advance(clock, *args, **kwargs):
        if clock.id == poison:
            raise ValueError("a fault")
        real(clock, *args, **kwargs)

    monkeypatch.setattr(loop.rules, "advance", advance)
    assert loop.fire_due(minutes(31)) == 5
    assert clock(1002).state == "running"
    monkeypatch.setattr(loop.rules, "advance", real)
    assert loop.fire_due(minutes(33)) == 1
    assert clock(1002).breached_at == minutes(30)


class Running:
    """The loop in a thread of its own, on the system's clock."""

    def __enter__(self):
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def _run(self):
        loop.run(self.stop, name="test")

    def __exit__(self, *_exc):
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def now():
    return datetime.now(UTC)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_wakes_for_an_earlier_moment_and_stops_when_told(patience):
    enforce({**RULE, "within": "PT2S", "warn": "50%"}, at=now())
    with Running():
        assert until(lambda: ClockLoop.objects.filter(name="test").exists())
        started = now()
        happen("parcel.asked", started)
        assert until(lambda: clock().state == "breached")
        late = now() - (started + timedelta(seconds=2))
    assert late < timedelta(seconds=1) * patience
    assert clock().breached_at == started + timedelta(seconds=2)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_comes_back_when_its_connections_are_cut():
    enforce({**RULE, "within": "PT1S"}, at=now())
    with Running():
        assert until(lambda: ClockLoop.objects.exists())
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE pid <> pg_backend_pid() AND datname = current_database()"""
            )
        happen("parcel.asked", now())
        assert until(lambda: clock().state == "breached")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_ten_thousand_due_in_one_moment_are_written_within_the_limit(patience):
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    copies(10_000)
    began, spent = time.monotonic(), time.process_time()
    assert loop.fire_due(minutes(31)) == 10_001
    took, spent = time.monotonic() - began, time.process_time() - spent
    sys.stdout.write(f"10,000 clocks warned, breached and escalated in {took:.1f} s\n")
    assert counted("breached") == 10_001
    assert spent < 15 and took < 20 * patience


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_with_a_hundred_thousand_running_the_next_is_fired_at_once(patience):
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    copies(100_000, next_at=lambda n: minutes(1000 + n), due_at=lambda n: minutes(1000 + n))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE commitments_clock")
    began = time.monotonic()
    assert loop.next_due() == minutes(24)
    assert loop.fire_due(minutes(24)) == 1
    took = time.monotonic() - began
    sys.stdout.write(f"one of 100,000 found and fired in {took * 1000:.0f} ms\n")
    assert took < 0.8 * patience
