"""Events are numbered per subject, told to handlers once, and never changed."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from shounuo.events import queries, registry
from shounuo.events.models import Event, Failure, Handled
from shounuo.events.services import MAX_ATTEMPTS, NewEvent, handle_waiting, publish
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor

AT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)
registry.declare("thing.made", subject="thing", payload={"by": str, "size": int, "ids": list})
registry.declare("thing.seen", subject="thing", payload={})


@pytest.fixture
def wiring():
    sync, jobs = list(registry._sync), dict(registry._jobs)
    registry.clear_wiring()
    yield registry
    registry._sync[:] = sync
    registry._jobs.clear()
    registry._jobs.update(jobs)


def made(id=1, **payload):
    return NewEvent("thing.made", ("thing", id), AT, Actor.system(), payload)


def seen(id=1):
    return NewEvent("thing.seen", ("thing", id), AT, Actor.person(7))


@pytest.mark.django_db
def test_each_subject_counts_its_own_events(wiring):
    with transaction.atomic():
        first = publish([made(1), seen(2), seen(1), made(2)])
        second = publish([seen(1)])
    assert [(p.subject[1], p.seq) for p in first + second] == [(1, 1), (2, 1), (1, 2), (2, 2), (1, 3)]
    assert list(queries.of_subject("thing", 1).values_list("seq", "kind")) == [
        (1, "thing.made"),
        (2, "thing.seen"),
        (3, "thing.seen"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bad",
    [
        NewEvent("thing.unknown", ("thing", 1), AT, Actor.system()),
        NewEvent("thing.made", ("person", 1), AT, Actor.system()),
        NewEvent("thing.made", ("thing", 1), AT, Actor.system(), {"colour": "red"}),
        NewEvent("thing.made", ("thing", 1), AT, Actor.system(), {"size": "3"}),
        NewEvent("thing.made", ("thing", 1), AT, Actor.system(), {"by": "宋建国"}),
        NewEvent("thing.made", ("thing", 1), AT, Actor.system(), {"by": "a b@c"}),
    ],
)
def test_what_is_not_declared_or_is_text_is_refused(bad, wiring):
    with pytest.raises(ValueError), transaction.atomic():
        publish([bad])
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_the_database_refuses_to_change_or_delete_what_happened(wiring):
    with transaction.atomic():
        publish([made()])
    for act in (
        lambda: Event.objects.update(kind="thing.seen"),
        lambda: Event.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE events_event CASCADE"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()


@pytest.mark.django_db(transaction=True)
def test_publishing_needs_the_transaction_of_the_change(wiring):
    with pytest.raises(RuntimeError):
        publish([made()])


@pytest.mark.django_db
def test_a_handler_runs_once_however_often_its_job_runs(wiring):
    calls = []
    wiring.subscribe_job("count", ["thing.made"], lambda e, at: calls.append(e.payload))
    with transaction.atomic():
        publish([made(size=3)])
    from shounuo.events.services import handle_transaction

    xid = Event.objects.get().xid
    run_jobs(AT)
    handle_transaction(xid, AT)
    assert calls == [{"size": 3}]
    assert Handled.objects.count() == 1


@pytest.mark.django_db
def test_one_transaction_queues_one_job(wiring):
    wiring.subscribe_job("count", ["thing.made"], lambda e, at: None)
    with transaction.atomic():
        publish([made(1)])
        publish([made(2)])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE args = jsonb_build_object('xid', %s::bigint)",
            [Event.objects.values_list("xid", flat=True).first()],
        )
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_a_failing_handler_leaves_the_others_alone_and_comes_back(wiring):
    broken = [True]

    def fragile(event, at):
        publish([seen(2)])
        if broken[0]:
            raise OSError("the relay is away")

    wiring.subscribe_job("sturdy", ["thing.made"], lambda e, at: publish([seen(1)]))
    wiring.subscribe_job("fragile", ["thing.made"], fragile)
    with transaction.atomic():
        publish([made()])
    run_jobs(AT)
    failure = Failure.objects.get()
    assert effects() == [1] and "the relay is away" in failure.error and failure.attempts == 1
    broken[0] = False
    run_jobs(AT + timedelta(minutes=1))
    assert effects() == [1, 2] and not Failure.objects.exists()


def effects():
    """Whom handlers have seen; what a failed one did is undone with it."""
    return list(Event.objects.filter(kind="thing.seen").order_by("id").values_list("subject_id", flat=True))


@pytest.fixture
def queue(db):
    """Without what tests that commit have left."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def jobs_waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'events.dispatch'")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_a_job_takes_those_that_wait_behind_it_along(wiring, queue):
    wiring.subscribe_job("show", ["thing.made"], lambda e, at: publish([seen(e.subject[1])]))
    with transaction.atomic():
        for id in (3, 1, 2):
            publish([made(id)])
    for id in (5, 4):
        with transaction.atomic():
            publish([made(id)])
    assert jobs_waiting() == 3
    first = Event.objects.order_by("id").first().xid
    assert handle_waiting(first, AT) == 5
    assert effects() == [1, 2, 3, 4, 5], (
        "subject by subject: two of these never wait for each other in a ring"
    )
    assert jobs_waiting() == 0 and Handled.objects.count() == 5
    assert handle_waiting(first, AT) == 0


@pytest.mark.django_db(transaction=True)
def test_of_those_taken_along_only_what_fails_comes_back(wiring, queue):
    def picky(event, at):
        publish([seen(event.subject[1])])
        if event.subject[1] == 2:
            raise ValueError("not two")

    wiring.subscribe_job("picky", ["thing.made"], picky)
    for id in (1, 2, 3):
        with transaction.atomic():
            publish([made(id)])
    handle_waiting(Event.objects.order_by("id").first().xid, AT)
    assert effects() == [1, 3]
    failed = Failure.objects.get()
    assert Event.objects.get(pk=failed.event_id).subject_id == 2 and "not two" in failed.error


@pytest.mark.django_db(transaction=True)
def test_a_death_among_them_leaves_all_of_them_waiting(wiring, queue):
    class Killed(BaseException):
        """As a process ends: nothing catches it."""

    def deadly(event, at):
        publish([seen(event.subject[1])])
        if event.subject[1] == 2:
            raise Killed

    wiring.subscribe_job("deadly", ["thing.made"], deadly)
    for id in (1, 2, 3):
        with transaction.atomic():
            publish([made(id)])
    with pytest.raises(Killed):
        handle_waiting(Event.objects.order_by("id").first().xid, AT)
    assert effects() == [] and jobs_waiting() == 3 and not Handled.objects.exists()


@pytest.mark.django_db
def test_a_handler_that_never_works_is_given_up_and_stays_listed(wiring):
    def never(event, at):
        raise ValueError("no")

    wiring.subscribe_job("never", ["thing.made"], never)
    with transaction.atomic():
        publish([made()])
    for day in range(30):
        run_jobs(AT + timedelta(days=day))
    failure = Failure.objects.get()
    assert failure.attempts == MAX_ATTEMPTS and failure.next_at is None


@pytest.mark.django_db
def test_a_same_transaction_handler_that_fails_undoes_the_change(wiring):
    def refuse(events):
        raise ValueError("no clock")

    wiring.subscribe_sync(["thing.made"], refuse)
    with pytest.raises(ValueError, match="no clock"), transaction.atomic():
        publish([made()])
    assert not Event.objects.exists()
