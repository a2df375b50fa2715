"""The log: written for what counts, read by those who may, and sealed so that a change shows."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from shounuo.audit import queries, rules, services
from shounuo.audit.models import Entry, Seal
from shounuo.audit.queries import Filters
from shounuo.audit.services import Broken, sealing
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.staff import services as staff
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def cast():
    return make_cast()


def note(n=1, **given):
    return services.record(
        action="thing.seen",
        target=("person", n),
        detail={"n": n, "词": "文"},
        actor=SYSTEM,
        at=AT,
        address="203.0.113.9",
        **given,
    )


def as_superuser(sql, *params):
    """What one with the database's own password could do: the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def test_the_database_refuses_to_change_the_log():
    note()
    services.seal(AT)
    for act in (
        lambda: Entry.objects.update(action="x"),
        lambda: Entry.objects.all().delete(),
        lambda: Seal.objects.update(digest="x"),
        lambda: Seal.objects.all().delete(),
        lambda: connection.cursor().execute("TRUNCATE audit_entry"),
        lambda: connection.cursor().execute("TRUNCATE audit_seal"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()


def test_everything_is_sealed_once_in_batches_and_holds(cast, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 7)
    for n in range(20):
        note(n)
    made = services.seal(AT)
    assert {s.source for s in made} == {"events", "audit"} and services.seal(AT) == []
    note(99)
    report = services.verify()
    assert report.intact and report.sealed == {"events": Event.objects.count(), "audit": 20}
    assert report.unsealed == {"events": 0, "audit": 1} and report.seals == len(made)
    assert "intact" in str(report) and report.heads["audit"] in str(report)
    services.seal(AT)
    again = services.verify()
    assert again.intact and again.heads["audit"] != report.heads["audit"]


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("UPDATE audit_entry SET detail = '{\"n\": 7}' WHERE id = %s", "changed"),
        ("UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE id = %s", "changed"),
        ("UPDATE audit_entry SET actor_id = 5 WHERE id = %s", "changed"),
        ("UPDATE audit_entry SET address = NULL WHERE id = %s", "changed"),
        ("DELETE FROM audit_entry WHERE id = %s", "missing"),
    ],
)
def test_the_first_broken_row_is_named(monkeypatch, sql, what):
    monkeypatch.setattr(sealing, "BATCH", 4)
    ids = [note(n).id for n in range(10)]
    services.seal(AT)
    as_superuser(sql, ids[8])
    as_superuser(sql, ids[5])
    report = services.verify()
    assert report.broken == Broken("audit", ids[5], what) and not report.intact
    assert f"BROKEN: audit row {ids[5]}: {what}" in str(report)


def test_a_row_put_in_afterwards_is_named():
    first = note()
    gone = note()
    note()
    as_superuser("DELETE FROM audit_entry WHERE id = %s", gone.id)
    services.seal(AT)
    as_superuser(
        "INSERT INTO audit_entry (id, at, actor_kind, action, target_kind, target_id, detail) "
        "VALUES (%s, %s, 'system', 'x', '', '', '{}')",
        gone.id,
        AT,
    )
    assert first.id < gone.id and services.verify().broken == Broken("audit", gone.id, "added")


def test_an_event_that_was_changed_is_named(cast):
    services.seal(AT)
    event = Event.objects.order_by("id")[3]
    as_superuser("UPDATE events_event SET actor_id = 42 WHERE id = %s", event.id)
    assert services.verify().broken == Broken("events", event.id, "changed")


def test_who_mends_the_seal_as_well_breaks_the_chain_or_the_signature(monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 3)
    ids = [note(n).id for n in range(9)]
    services.seal(AT)
    first, second, _third = Seal.objects.filter(source="audit").order_by("first_id")
    as_superuser("UPDATE audit_entry SET actor_id = 5 WHERE id = %s", ids[1])
    source = sealing.SOURCES[1]
    packed = rules.pack(sealing._proofs(source, first.first_id, first.last_id))
    as_superuser("UPDATE audit_seal SET proofs = %s WHERE id = %s", packed, first.id)
    assert services.verify().broken == Broken("audit", first.id, "seal")
    digest = rules.digest("audit", first.first_id, first.last_id, first.previous, packed)
    as_superuser("UPDATE audit_seal SET digest = %s WHERE id = %s", digest, first.id)
    assert services.verify().broken == Broken("audit", first.id, "signature")
    as_superuser("UPDATE audit_seal SET signature = %s WHERE id = %s", "forged", first.id)
    assert services.verify().broken == Broken("audit", first.id, "signature")
    as_superuser("DELETE FROM audit_seal WHERE id = %s", first.id)
    assert services.verify().broken == Broken("audit", second.id, "chain")


def test_a_rotated_key_still_vouches(settings):
    note()
    services.seal(AT)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-key-of-the-test-run-0123456789"
    note()
    services.seal(AT)
    assert services.verify().intact
    settings.SECRET_KEY_FALLBACKS = []
    assert services.verify().broken.what == "signature"


def test_the_log_is_read_by_those_who_may(cast):
    note(cast.agent.id)
    for person in (cast.agent, cast.outsider, cast.supervisor, cast.nobody):
        with pytest.raises(NotAllowed):
            queries.entries(cast.actor(person))
    with pytest.raises(NotAllowed):
        queries.entries(Actor.customer(1))
    shown, _cursor = queries.entries(cast.actor(cast.manager))
    assert (shown[0].target, shown[0].address) == ("林小满", "203.0.113.9")
    assert shown[0].target_url == f"/settings/people/{cast.agent.id}/"


def test_the_log_is_paged_and_narrowed(cast, django_assert_num_queries):
    for n in range(30):
        services.record(
            action="customer.revealed" if n % 2 else "person.signed_in",
            target=("person", cast.agent.id),
            actor=Actor.person(cast.agent.id if n % 3 else cast.outsider.id),
            at=AT + timedelta(minutes=n),
        )
    admin = cast.actor(cast.admin)
    with django_assert_num_queries(2):
        page, cursor = queries.entries(admin, limit=20)
    more, end = queries.entries(admin, cursor=cursor, limit=20)
    assert (len(page), len(more), end) == (20, 10, None)
    count = {
        "action": len(queries.entries(admin, Filters(action="customer"))[0]),
        "whole": len(queries.entries(admin, Filters(action="person.signed_in"))[0]),
        "part": len(queries.entries(admin, Filters(action="pers"))[0]),
        "actor": len(queries.entries(admin, Filters(actor_id=cast.outsider.id))[0]),
        "target": len(queries.entries(admin, Filters(target=("person", "0")))[0]),
        "time": len(
            queries.entries(
                admin, Filters(since=AT + timedelta(minutes=10), until=AT + timedelta(minutes=12))
            )[0]
        ),
    }
    assert count == {"action": 15, "whole": 15, "part": 0, "actor": 10, "target": 0, "time": 2}
    with pytest.raises(Invalid):
        queries.entries(admin, cursor="broken")


def test_changes_of_people_and_rights_stand_in_the_log(cast):
    run_jobs(AT)
    Entry.objects.exists()
    staff.person_change(person_id=cast.agent.id, roles=["viewer"], actor=cast.actor(cast.admin), at=AT)
    staff.presence_set(person_id=cast.agent.id, presence="busy", actor=cast.actor(cast.agent), at=AT)
    run_jobs(AT)
    run_jobs(AT)
    entry = Entry.objects.filter(action="person.changed").get()
    assert (entry.actor_id, entry.target_id, entry.detail["roles"]) == (
        cast.admin.id,
        str(cast.agent.id),
        ["viewer"],
    )
    assert not Entry.objects.filter(action="presence.changed").exists()
    shown, _cursor = queries.entries(cast.actor(cast.admin), Filters(action="person.changed"))
    assert (shown[0].actor, shown[0].label) == ("管理员", "修改人员")
    assert "person.changed" in queries.actions()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_row_still_being_written_is_not_passed_over():
    """A lower id that commits after a higher one must not fall behind the seal."""
    import threading

    started, go, sealed = threading.Event(), threading.Event(), []

    def slow():
        with transaction.atomic():
            note(1)
            started.set()
            go.wait(10)
        connection.close()

    def sealing():
        sealed.extend(services.seal(AT))
        connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    started.wait(10)
    note(2)
    sealer = threading.Thread(target=sealing)
    sealer.start()
    sealer.join(0.5)
    go.set()
    writer.join(10)
    sealer.join(10)
    services.seal(AT)
    report = services.verify()
    assert report.intact and report.sealed["audit"] == 2 and report.unsealed["audit"] == 0


def test_the_actions_of_the_filter_cost_an_index_step_each():
    assert queries.actions() == []
    for action in ("thing.seen", "thing.done", "a.first", "thing.seen", "z.last"):
        services.record(action=action, actor=SYSTEM, at=AT)
    assert queries.actions() == ["a.first", "thing.done", "thing.seen", "z.last"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
        )  # as a long log is read
        cursor.execute(f"EXPLAIN {queries._ACTIONS}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on")
    assert "using audit_entry_action" in plan and "Seq Scan" not in plan and "Sort" not in plan
