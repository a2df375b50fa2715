"""Rebasing with a reason, after a change of calendar, and saying why a promise was broken."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shounuo.calendars import services as calendars
from shounuo.calendars.testing import make_calendar
from shounuo.commitments import loop, queries, services
from shounuo.commitments.models import Clock, Rebase
from shounuo.commitments.queries import clocks as reading
from shounuo.commitments.testing import clock, clocks, enforce, happen, parcels
from shounuo.events.models import Event
from shounuo.events.subjects import People
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
RULE = {
    "commitment": "answer",
    "from": "parcel.asked",
    "until": "parcel.answered",
    "within": "PT30M",
    "pause": "waiting_customer",
    "escalate": [{"at": "50%", "to": "owner"}, {"at": "150%", "to": "role:manager"}],
}
SUPERVISOR = Actor.person(3, permissions=frozenset({"commitments.rebase", "calendars.manage"}))
AGENT = Actor.person(4)
OUTSIDER = Actor.person(9, permissions=frozenset({"commitments.rebase"}))


def minutes(n):
    return T0 + timedelta(minutes=n)


def rebase(due, at, **given):
    given = {"actor": SUPERVISOR, "reason": "客户同意明天再答", **given}
    given.setdefault("clock_id", clocks()[0].id)
    return services.clock_rebase(due_at=due, at=at, **given)


def test_a_rebase_moves_due_warning_and_ladder_and_says_why():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    rebase(minutes(60), minutes(10))
    one = clock()
    assert (one.due_at, one.warn_at, one.length_s) == (minutes(60), minutes(48), 3600)
    assert [s["position"] for s in one.steps_left] == ["50%", "150%"]
    row = Rebase.objects.get()
    assert (row.old_due_at, row.new_due_at, row.reason, row.person_id) == (
        minutes(30),
        minutes(60),
        "客户同意明天再答",
        3,
    )
    event = Event.objects.get(kind="clock.rebased")
    assert event.payload["was"] == minutes(30).isoformat() and event.payload["due"] == minutes(60).isoformat()
    assert (event.actor_kind, event.actor_id) == ("person", 3) and "reason" not in event.payload
    assert [(r.reason, name) for r, name in queries.rebases(one)] == [("客户同意明天再答", "")]


def test_a_warning_that_lies_ahead_again_is_given_again():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    loop.fire_due(minutes(25))
    rebase(minutes(120), minutes(26))
    loop.fire_due(minutes(97))
    assert Event.objects.filter(kind="clock.warned").count() == 2


def test_a_rebase_wants_a_reason_a_moment_ahead_the_right_and_sight():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    with pytest.raises(Invalid) as told:
        rebase(minutes(60), minutes(1), reason="  ")
    assert told.value.field == "reason"
    with pytest.raises(Invalid) as told:
        rebase(minutes(60), minutes(1), reason="因" * 301)
    assert told.value.code == "too_long"
    with pytest.raises(Invalid) as told:
        rebase(minutes(1), minutes(2))
    assert told.value.code == "past"
    with pytest.raises(NotAllowed):
        rebase(minutes(60), minutes(1), actor=AGENT)
    parcels.hidden.add(1)
    with pytest.raises(NotFound):
        rebase(minutes(60), minutes(1), actor=OUTSIDER)
    with pytest.raises(NotFound):
        rebase(minutes(60), minutes(1), clock_id=987654)
    assert clock().due_at == minutes(30) and not Rebase.objects.exists()


def test_what_is_decided_is_not_rebased():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    with pytest.raises(Conflict):
        rebase(minutes(90), minutes(31))  # broken at 30, although no look has noticed yet


def test_a_paused_clock_keeps_the_new_rest_until_it_goes_on():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    parcels.facts[1] = {"status": "waiting_customer"}
    happen("parcel.waiting", minutes(10))
    rebase(minutes(70), minutes(20))
    parcels.facts[1] = {"status": "open"}
    happen("parcel.resumed", minutes(100))
    assert clock().due_at == minutes(160)


def test_followers_move_with_the_clock_that_they_follow():
    follower = {
        "commitment": "forewarn",
        "from": "parcel.asked",
        "until": "parcel.changed",
        "by": {"due_of": "answer"},
    }
    enforce(RULE, follower, at=T0)
    happen("parcel.asked", T0)
    rebase(minutes(60), minutes(5), clock_id=clock(1, "answer").id)
    assert {c.due_at for c in clocks()} == {minutes(60)}
    with pytest.raises(Conflict):
        rebase(minutes(90), minutes(6), clock_id=clock(1, "forewarn").id)


def test_a_change_of_calendar_moves_no_clock_until_it_is_asked_for():
    make_calendar("shop", weekly={"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]}, at=T0)
    enforce({**RULE, "within": "PT8H"}, at=T0, calendar="shop")
    happen("parcel.asked", T0)
    happen("parcel.asked", T0, id=2)
    parcels.hidden.add(2)
    tuesday = datetime(2026, 10, 13, 2, 0, tzinfo=UTC)
    assert clock().due_at == tuesday
    calendars.calendar_change_hours(
        code="shop",
        weekly={"mon": [["09:00", "17:00"]], "wed": [["09:00", "17:00"]]},
        actor=Actor.system(),
        at=minutes(5),
    )
    assert clock().due_at == tuesday
    wednesday = tuesday + timedelta(days=1)
    assert [(c.subject_id, due) for c, due in queries.affected_by("shop", actor=SUPERVISOR)] == [
        (1, wednesday)
    ]
    with pytest.raises(NotAllowed):
        services.rebase_calendar(calendar_code="shop", reason="改了工时", actor=OUTSIDER, at=minutes(6))
    moved = services.rebase_calendar(calendar_code="shop", reason="改了工时", actor=SUPERVISOR, at=minutes(6))
    assert moved == 2 and {c.due_at for c in Clock.objects.all()} == {wednesday}
    assert services.rebase_calendar(calendar_code="shop", reason="再来", actor=SUPERVISOR, at=minutes(7)) == 0


def test_only_clocks_that_began_before_the_change_are_looked_at_and_by_index(monkeypatch):
    for code in ("shop", "other"):
        make_calendar(code, weekly={"mon": [["09:00", "17:00"]]}, at=T0)
    enforce({**RULE, "within": "PT1H"}, at=T0, calendar="shop")
    happen("parcel.asked", T0)
    happen("parcel.asked", T0, id=2)
    happen("parcel.answered", minutes(1), id=2)
    hours = {"tue": [["09:00", "17:00"]]}
    calendars.calendar_change_hours(code="shop", weekly=hours, actor=Actor.system(), at=minutes(5))
    happen("parcel.asked", minutes(180), id=3)
    reckoned, reckon = [], reading.due_from_figures
    monkeypatch.setattr(
        reading, "due_from_figures", lambda clock, p: reckoned.append(clock.subject_id) or reckon(clock, p)
    )
    with CaptureQueriesContext(connection) as asked:
        assert [c.subject_id for c, _due in queries.affected_by("shop", actor=Actor.system())] == [1]
    assert reckoned == [1], "not the answered one, not the one that began since"
    assert list(queries.affected_by("other", actor=Actor.system())) == []
    with pytest.raises(NotFound):
        list(queries.affected_by("nowhere", actor=Actor.system()))
    looked = next(q["sql"] for q in asked if '"counted_from" <' in q["sql"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # as a large table is read
        cursor.execute(f"EXPLAIN {looked}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = on")
    assert "commitments_clock_calendar" in plan and "Seq Scan on commitments_clock " not in plan


def test_reckoning_anew_without_a_moment_uses_the_figures_and_the_pauses():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    parcels.facts[1] = {"status": "waiting_customer"}
    happen("parcel.waiting", minutes(10))
    parcels.facts[1] = {"status": "open"}
    happen("parcel.resumed", minutes(20))
    rebase(minutes(300), minutes(21))
    rebase(None, minutes(22))
    assert clock().due_at == minutes(40)


def test_the_cause_of_a_breach_is_told_by_its_owner_or_a_supervisor():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    one = clock().id
    cause = {"clock_id": one, "cause": "staffing", "note": "夜班一人值守"}
    with pytest.raises(Conflict):
        services.clock_cause_set(**cause, actor=SUPERVISOR, at=minutes(1))
    loop.fire_due(minutes(31))
    with pytest.raises(NotAllowed):
        services.clock_cause_set(**cause, actor=AGENT, at=minutes(32))
    parcels.people[1] = People(owner_id=4)
    told = services.clock_cause_set(**cause, actor=AGENT, at=minutes(32))
    assert (told.cause, told.cause_note) == ("staffing", "夜班一人值守")
    assert Event.objects.get(kind="clock.cause_noted").payload["cause"] == "staffing"
    with pytest.raises(Invalid):
        services.clock_cause_set(**{**cause, "cause": "weather"}, actor=SUPERVISOR, at=minutes(33))
    parcels.hidden.add(1)
    with pytest.raises(NotFound):
        services.clock_cause_set(**cause, actor=OUTSIDER, at=minutes(33))
