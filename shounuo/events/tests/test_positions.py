"""Readers of the log miss nothing and get nothing twice: while others write, and over a restore into another cluster."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection, transaction

from shounuo.events import queries, registry, services
from shounuo.events.models import Era, Event
from shounuo.events.queries import START, Position
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor

AT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)
registry.declare("thing.moved", subject="thing", payload={})
registry.declare("thing.stood", subject="thing", payload={})


def write(*ids, kind="thing.moved"):
    with transaction.atomic():
        return [p.id for p in publish([NewEvent(kind, ("thing", id), AT, Actor.system()) for id in ids])]


def read(position=START, *, limit=2, **narrowed):
    """Ids of all events from the position on, page by page, and where it ended."""
    ids = []
    while True:
        events, onward = queries.read_after(position, limit=limit, **narrowed)
        if onward == position:
            return ids, position
        ids += [event.id for event in events]
        position = onward


@pytest.fixture
def elsewhere():
    """Runs what it is given in a transaction of another connection and leaves it open; `end` commits it."""
    go, done = threading.Event(), threading.Event()
    threads = []

    def start(work):
        def run():
            try:
                with transaction.atomic():
                    work()
                    done.set()
                    assert go.wait(20)
            finally:
                connection.close()

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        assert done.wait(20)

    def end():
        go.set()
        for thread in threads:
            thread.join(20)

    start.end = end
    yield start
    end()


@pytest.mark.django_db(transaction=True)
def test_a_reader_gets_every_event_once_in_order_and_goes_on_from_where_he_was():
    first = write(1, 2, 3) + write(1)
    ids, position = read()
    assert ids == first and read(position) == ([], position)
    later = write(2)
    assert read(position)[0] == later


@pytest.mark.django_db(transaction=True)
def test_a_position_moves_past_what_is_not_wanted():
    write(1, 2, 3)
    [wanted] = write(4, kind="thing.stood")
    write(5)
    events, position = queries.read_after(START, kinds={"thing.stood"}, limit=3)
    assert events == [] and position != START
    ids, end = read(kinds=["thing.stood"])
    assert ids == [wanted] and read(end) == ([], end)
    assert queries.read_after(START, kinds=(), limit=3)[0] == []


@pytest.mark.django_db(transaction=True)
def test_nothing_is_read_past_a_transaction_that_is_still_open(elsewhere):
    before = write(1)
    elsewhere(lambda: write(2))
    behind = write(3)
    ids, position = read()
    assert ids == before
    elsewhere.end()
    after, _end = read(position)
    assert len(after) == 2 and after[-1] in behind, "the open one was first, and nothing is missed"


@pytest.mark.django_db(transaction=True)
def test_a_page_of_the_log_is_one_query_by_index(django_assert_num_queries):
    write(1, 2, 3)
    with django_assert_num_queries(1):
        [event, _other], _position = queries.read_after(START, limit=2)
        assert (event.kind, event.subject_id, event.payload, event.at) == ("thing.moved", 1, {}, AT)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
        )  # as a large table is read
        cursor.execute(f"EXPLAIN {queries._AFTER}", ["1", 0, 100, None])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    batch = plan.partition("CTE batch")[2].partition("CTE Scan")[0].partition("Sort")[0]
    assert "Index Scan using events_event_position" in batch, plan
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "ROW(xid, id) >" in condition and "xid <" in condition


@pytest.mark.django_db(transaction=True)
def test_positions_of_a_new_era_lie_behind_all_that_were_ever_given():
    kept = write(1, 2)
    _ids, position = read()
    # Read on after the backup, by a reader of the cluster that is gone: a later transaction, a higher id.
    ahead = Position(position.xid + 5_000_000, position.id + 900)
    services.era_begin(at=AT)
    fresh = write(3) + write(1)
    assert read(ahead)[0] == fresh
    assert read(position)[0] == fresh
    assert read()[0] == kept + fresh, "stored events keep their place"
    assert ahead < queries.end() and queries.end() == Position(queries.end().xid, 0)


@pytest.mark.django_db(transaction=True)
def test_who_starts_at_the_end_hears_only_of_what_comes():
    write(1)
    services.era_begin(at=AT)
    end = queries.end()
    assert read(end)[0] == []
    assert read(end)[0] == [] and write(2) == read(end)[0]


@pytest.mark.django_db(transaction=True)
def test_a_start_in_the_same_cluster_changes_nothing_and_in_another_begins_an_era():
    assert services.era_settle(at=AT) is None and Era.objects.get().number == 0
    assert services.era_settle(at=AT) is None and Era.objects.count() == 1
    Era.objects.update(cluster="7300000000000000001/1")
    assert services.era_settle(at=AT) == 1
    assert services.era_settle(at=AT) is None
    here = Era.objects.get(number=1).cluster
    assert here and here != "7300000000000000001/1"


@pytest.mark.django_db(transaction=True)
def test_an_installation_restored_before_there_were_eras_gets_one_at_its_first_start():
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO events_event (xid, kind, at, subject_kind, subject_id, seq, actor_kind, payload)
               VALUES ('7000000000', 'thing.moved', %s, 'thing', 9, 1, 'system', '{}') RETURNING id""",
            [AT],
        )
        [stored] = cursor.fetchone()
    assert services.era_settle(at=AT) == 1
    assert [stored, *write(1)] == read()[0]


@pytest.mark.django_db(transaction=True)
def test_a_new_era_waits_for_the_writers_at_work(elsewhere):
    elsewhere(lambda: write(1))
    with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
        services.era_begin(at=AT)
    elsewhere.end()
    assert services.era_begin(at=AT) == 1
    assert Event.objects.count() == 1
