"""How long things are kept, legal holds, and that what retention takes out of the log is told from what somebody took."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from shounuo.audit import queries, retention, services
from shounuo.audit.models import Entry, Hold, Pruning, Seal
from shounuo.audit.services import Broken, sealing
from shounuo.audit.tests.test_audit import as_superuser, note
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
YEAR = timedelta(days=365)


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def kind(monkeypatch):
    """A kind of what is kept that gives up three things, two at a time; `asked` are the moments it was asked for."""
    asked, left = [], [2, 1]

    def prune(before, at):
        asked.append(before)
        return left.pop(0) if left else 0

    monkeypatch.setattr(retention, "_kinds", {})
    retention.register(retention.Kept("things", "东西", "", 30, prune))
    return asked


def keep(kind, days, actor=SYSTEM):
    services.retention_set(kind=kind, days=days, actor=actor, at=AT)


def test_what_has_no_time_set_is_kept_for_ever(kind):
    assert services.retention_run(at=AT + 50 * YEAR) == {} and kind == []


def test_what_is_past_its_time_goes_in_batches_and_each_is_in_the_log(kind):
    keep("things", 90)
    assert services.retention_run(at=AT) == {"things": 3}
    assert set(kind) == {AT - timedelta(days=90)}
    run_jobs(AT)
    logged = Entry.objects.filter(action="retention.pruned").order_by("id")
    assert [e.detail["count"] for e in logged] == [2, 1]
    [changed] = Entry.objects.filter(action="retention.changed")
    assert (changed.detail["kind"], changed.detail["days"], changed.detail["was"]) == ("things", 90, None)
    keep("things", None)
    assert services.retention_run(at=AT) == {}


def test_a_kind_that_fails_keeps_no_other_waiting_and_is_not_hushed_up(kind, caplog):
    def fails(before, at):
        raise ValueError("no")

    retention.register(retention.Kept("broken", "坏的", "", 30, fails))
    keep("things", 90)
    keep("broken", 90)
    with pytest.raises(ValueError, match="no"):
        services.retention_run(at=AT)
    assert len(kind) == 3 and "retention of broken failed" in caplog.text


def test_times_are_set_by_those_who_may_and_not_too_short(cast, kind):
    for person in (cast.agent, cast.supervisor, cast.outsider, cast.nobody):
        with pytest.raises(NotAllowed):
            keep("things", 90, cast.actor(person))
        with pytest.raises(NotAllowed):
            queries.retentions(cast.actor(person))
    for days in (0, 29, 36_501):
        with pytest.raises(Invalid) as refused:
            keep("things", days)
        assert refused.value.field == "days"
    with pytest.raises(NotFound):
        keep("nothing", 90)
    keep("things", 30, cast.actor(cast.admin))
    assert [(k.code, days) for k, days in queries.retentions(cast.actor(cast.admin))] == [("things", 30)]


def test_a_hold_is_placed_once_and_lifted_once_by_those_who_may(cast):
    agent, admin = cast.actor(cast.agent), cast.actor(cast.admin)
    given = {"kind": "customer", "id": 1, "reason": "(2026) 沪 01 民初 1 号", "at": AT}
    with pytest.raises(NotAllowed):
        services.hold_place(**given, actor=agent)
    with pytest.raises(NotFound):  # nobody of this id
        services.hold_place(**given, actor=admin)
    for wrong in ({"kind": "person"}, {"kind": "thing"}):
        with pytest.raises(NotFound):
            services.hold_place(**(given | wrong), actor=admin)
    with pytest.raises(Invalid):
        services.hold_place(**(given | {"reason": " "}), actor=admin)
    with pytest.raises(NotFound):
        services.hold_lift(hold_id=7, actor=admin, at=AT)
    with pytest.raises(NotAllowed):
        queries.holds(agent)
    assert not Hold.objects.exists()


# the log itself


def sealed_log(monkeypatch, *, rows=10, batch=4, at=AT):
    monkeypatch.setattr(sealing, "BATCH", batch)
    ids = [note(n).id for n in range(rows)]
    services.seal(at)
    return ids


def test_whole_seals_of_the_log_go_and_the_check_knows_it(monkeypatch):
    ids = sealed_log(monkeypatch)
    keep("access_log", 400)
    assert services.retention_run(at=AT + timedelta(days=399)) == {"access_log": 0}
    fresh = services.record(action="thing.done", actor=SYSTEM, at=AT + 2 * YEAR)
    services.seal(AT + 2 * YEAR)
    assert services.retention_run(at=AT + timedelta(days=401))["access_log"] == 10
    left = set(Entry.objects.values_list("id", flat=True))
    assert not left & set(ids) and fresh.id in left
    report = services.verify()
    assert report.intact and report.pruned == {"events": 0, "audit": 10}
    assert "10 past their time" in str(report)
    again = services.retention_run(at=AT + timedelta(days=402))
    assert again == {"access_log": 0}


def test_a_seal_with_one_young_row_stays_whole(monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 4)
    old = [note(n).id for n in range(3)]
    services.record(action="thing.done", actor=SYSTEM, at=AT + YEAR)
    services.seal(AT + YEAR)
    keep("access_log", 200)
    assert services.retention_run(at=AT + YEAR) == {"access_log": 0}
    assert Entry.objects.filter(id__in=old).count() == 3


def test_the_database_deletes_only_what_a_pruning_names(monkeypatch):
    sealed_log(monkeypatch)
    for act in (
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET action = 'x'",
        "TRUNCATE audit_entry",
        "TRUNCATE audit_pruning",
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute(act)
    keep("access_log", 183)
    services.retention_run(at=AT + YEAR)
    for act in ("DELETE FROM audit_pruning", "UPDATE audit_pruning SET through_id = 99"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            connection.cursor().execute(act)
    note()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Entry.objects.all().delete()


def test_who_deletes_rows_and_says_it_was_retention_is_found_out(monkeypatch):
    ids = sealed_log(monkeypatch)
    first, second, _third = Seal.objects.filter(source="audit").order_by("first_id")
    Pruning.objects.create(source="audit", through_id=first.last_id, signature="0" * 64, at=AT)
    Entry.objects.filter(id__lte=first.last_id).delete()
    assert services.verify().broken == Broken("audit", first.pk, "pruning")
    # Nor does a pruning help that ends within a seal.
    as_superuser("DELETE FROM audit_pruning")
    through = second.last_id - 1
    Pruning.objects.create(source="audit", through_id=through, signature="0" * 64, at=AT)
    assert services.verify().broken.what in ("missing", "pruning")
    assert ids[0] <= first.last_id


def test_rows_put_back_under_an_honest_pruning_are_named(monkeypatch):
    ids = sealed_log(monkeypatch)
    keep("access_log", 183)
    services.retention_run(at=AT + YEAR)
    as_superuser(
        "INSERT INTO audit_entry (id, at, actor_kind, action, target_kind, target_id, detail) "
        "VALUES (%s, %s, 'system', 'x', '', '', '{}')",
        ids[1],
        AT,
    )
    assert services.verify().broken == Broken("audit", ids[1], "added")


def test_what_happened_is_never_past_its_time(monkeypatch):
    sealed_log(monkeypatch)
    keep("access_log", 183)
    before = Event.objects.count()
    services.retention_run(at=AT + 10 * YEAR)
    assert Event.objects.count() > before
