"""What is read of clocks: ledger, kept share, lists, all under one visibility."""

from datetime import UTC, datetime, timedelta

import pytest

from shounuo.calendars.testing import make_calendar
from shounuo.commitments import loop, queries, services
from shounuo.commitments.models import Clock
from shounuo.commitments.queries.figures import Kept
from shounuo.commitments.testing import PARCEL, clock, clocks, enforce, happen, parcels
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.metrics.testing import observe_all
from shounuo.policy.queries import kept_of, now_of
from shounuo.staff.testing import make_team

pytestmark = pytest.mark.django_db
T0 = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
RULE = {
    "commitment": "answer",
    "from": "parcel.asked",
    "until": ["parcel.answered", {"event": "parcel.answered", "automatic": True}],
    "within": "PT30M",
    "pause": "waiting_customer",
}
STAFF = Actor.person(5)


def minutes(n):
    return T0 + timedelta(minutes=n)


# ledger


def test_a_ledger_tells_every_interval_holidays_make_up_days_and_pauses():
    hours = [["08:30", "18:00"]]
    make_calendar(
        "hq",
        weekly=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), hours),
        statutory_days=True,
        at=T0 - timedelta(days=30),
    )
    begin = datetime(2026, 9, 30, 7, 20, tzinfo=UTC)  # Wednesday 15:20, the day before the holiday
    enforce({**RULE, "within": "PT24H"}, at=begin, calendar="hq")
    happen("parcel.asked", begin)
    parcels.facts[1] = {"status": "waiting_customer"}
    happen("parcel.waiting", datetime(2026, 10, 9, 2, 10, tzinfo=UTC))
    parcels.facts[1] = {"status": "open"}
    happen("parcel.resumed", datetime(2026, 10, 9, 7, 10, tzinfo=UTC))
    now = datetime(2026, 10, 10, 4, 0, tzinfo=UTC)
    told = queries.ledger(clock(), now)
    assert told.due_at == clock().due_at and not told.rebased
    assert told.total == 24 * 3600 == sum(line.counted for line in told.lines)
    assert told.used + told.left == told.total and told.left > 0
    kinds = [line.kind for line in told.lines]
    assert {"working", "holiday", "paused", "workday", "closed"} <= set(kinds)
    (still,) = [line for line in told.lines if line.kind == "paused"]
    assert still.counted == 0 and still.reason == "等待客户"
    assert [line.day.isoformat() for line in told.lines if line.kind == "workday"] == ["2026-10-10"]
    for before, after in zip(told.lines, told.lines[1:], strict=False):
        assert before.end == after.start


def test_a_paused_clock_is_told_as_if_it_went_on_now():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    parcels.facts[1] = {"status": "waiting_customer"}
    happen("parcel.waiting", minutes(10))
    told = queries.ledger(clock(), minutes(70))
    assert (told.due_at, told.warn_at, told.used, told.left) == (minutes(90), minutes(84), 600, 1200)


def test_a_rebased_clock_says_so_and_ends_where_the_person_set_it():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    actor = Actor.person(5, permissions=frozenset({"commitments.rebase"}))
    services.clock_rebase(
        clock_id=clock().id, due_at=minutes(45), reason="等样品", actor=actor, at=minutes(1)
    )
    told = queries.ledger(clock(), minutes(2))
    assert told.rebased and told.due_at == minutes(45) and told.lines[-1].end == minutes(45)
    given = queries.ledger_json(clock(), minutes(2))
    assert given["due_at"] == minutes(45)
    assert set(given["ledger"][0]) >= {"from", "to", "counted", "reason"}


# of subjects


def test_clocks_come_by_subject_what_is_owed_first():
    enforce(
        RULE,
        {**RULE, "commitment": "soon", "within": "PT10M"},
        {**RULE, "commitment": "done", "until": "parcel.changed"},
        at=T0,
    )
    happen("parcel.asked", T0)
    happen("parcel.asked", T0, id=2)
    happen("parcel.changed", minutes(1))
    found = queries.of_subjects(PARCEL, [1, 2, 3])
    assert [c.commitment for c in found[1]] == ["soon", "answer", "done"]
    assert len(found[2]) == 3 and found[3] == []
    given = queries.clock_json(found[1][0])
    assert set(given) >= {
        "id",
        "clause",
        "commitment",
        "state",
        "started_at",
        "warn_at",
        "due_at",
        "met_at",
        "breached_at",
    }


# the kept share


def make_month():
    """Five parcels of two teams: met, met by a machine, met late, never met, dropped; one still runs."""
    enforce({**RULE, "cancel": "parcel.dropped"}, at=T0)
    teams = {1: "feed", 2: "feed", 3: "feed", 4: "gear", 5: "gear", 6: "gear"}
    made = {code: make_team(code).pk for code in ("feed", "gear")}
    for id, team in teams.items():
        parcels.facts[id] = {"team": team, "channel": "mail", "owner": 7}
        happen("parcel.asked", minutes(0) if id < 6 else minutes(50), id=id)
    happen("parcel.answered", minutes(10), id=1)
    happen("parcel.answered", minutes(1), id=2, automatic=True)
    happen("parcel.answered", minutes(40), id=2)
    happen("parcel.answered", minutes(45), id=3)
    happen("parcel.dropped", minutes(5), id=5)
    loop.fire_due(minutes(60))
    observe_all(minutes(60), sources=["clock"])
    return made


def test_the_kept_share_counts_what_was_due_and_tells_the_rest_beside_it():
    teams = make_month()
    end = minutes(600)
    (one,) = queries.kept(None, T0, end).values()
    assert one == Kept(met=2, breached=2, running=1, cancelled=1, met_by_person=1)
    assert (one.due, one.share, one.share_by_person, one.automatic) == (4, 0.5, 0.25, 1)
    assert queries.kept(["T-1"], T0, minutes(30)) == {}  # the window is of due moments, its end not in it
    assert queries.kept(["T-1"], minutes(30), minutes(31))["T-1"].due == 4
    assert queries.kept(["other"], T0, end) == queries.kept([], T0, end) == {}
    assert queries.kept_total(T0, end) == one
    gear = Kept(breached=1, running=1, cancelled=1)
    assert queries.kept_total(T0, end, where={"team": teams["gear"]}) == gear


def test_at_the_first_moment_of_a_window_nothing_was_due_yet(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert queries.kept_total(T0, T0) == Kept()
        assert queries.kept(["T-1"], T0, T0) == queries.kept_and_used(["T-1"], T0, T0) == {}
        assert queries.used_spread("T-1", T0, T0) == (0,) * 21
        assert queries.causes(["T-1"], T0, T0) == []
    monday = datetime(2026, 5, 31, 16, 0, tzinfo=UTC)  # 1 June, where the organisation is
    make_month()
    assert queries.kept_of_clauses(["T-1"], monday) == {}


def test_it_can_be_cut_by_team_channel_and_person():
    teams = make_month()
    by_team = queries.kept_by("team", T0, minutes(600))
    assert {team: k.due for team, k in by_team.items()} == {teams["feed"]: 3, teams["gear"]: 1}
    assert queries.kept_by("person", T0, minutes(600), clauses=["T-1"])[7].due == 4
    assert queries.kept_by("person", T0, minutes(600), clauses=["other"]) == {}
    with pytest.raises(Invalid):
        queries.kept_by("x' OR 1=1", T0, minutes(600))


def test_weeks_begin_on_monday_where_the_organisation_is():
    make_month()
    weeks = queries.kept_weekly(["T-1"], minutes(600), weeks=3)
    assert [start.strftime("%a %d %H:%M") for start, _k in weeks] == [
        "Mon 28 00:00",
        "Mon 05 00:00",
        "Mon 12 00:00",
    ]
    assert [k.due for _s, k in weeks] == [0, 0, 4]
    assert weeks[-1][1] == queries.kept_total(T0, minutes(600))


def test_how_long_it_took(django_assert_num_queries):
    make_month()
    with django_assert_num_queries(1):
        kept, used = queries.kept_and_used(["T-1"], T0, minutes(600))["T-1"]
    assert (used.count, used.median, used.p90) == (3, 600, pytest.approx(2280))
    assert kept == queries.kept_total(T0, minutes(600))
    bars = queries.used_spread("T-1", T0, minutes(600))
    assert bars[3] == 1 and bars[0] == 1 and bars[15] == 1 and sum(bars) == 3
    assert queries.usual_length("T-1", T0, minutes(600)) == 1800
    assert queries.kept_and_used(["none"], T0, minutes(600)) == {}
    assert queries.usual_length("none", T0, minutes(600)) is None


def test_a_tenth_of_the_time_begins_where_it_is_used_up():
    """Shares are fractions of seconds: none of the edges may fall to the wrong side of itself."""
    enforce({**RULE, "within": "PT70M"}, at=T0)
    for id in range(1, 21):
        happen("parcel.asked", T0, id=id)
    for id in range(1, 21):
        happen("parcel.answered", minutes(7 * id), id=id)
    observe_all(minutes(300), sources=["clock"])
    assert queries.used_spread("T-1", T0, minutes(300)) == (0, *[1] * 20)


def test_the_policy_pages_get_week_month_and_quarter(django_assert_num_queries):
    make_month()
    queries.kept_of_clauses(["T-1"], minutes(600))
    with django_assert_num_queries(1):
        found = kept_of(["T-1", "none"], minutes(600))
    assert found["none"] is None
    assert found["T-1"]["week"]["share"] == 0.5 and found["T-1"]["quarter"]["due"] == 4
    with django_assert_num_queries(1):
        owed = now_of(["T-1", "none"])
    assert owed == {"T-1": {"running": 2, "overdue": 1, "at_risk": 0}, "none": None}


def test_figures_stand_where_they_were_observed_and_what_is_owed_is_that_of_now():
    make_month()
    happen("parcel.answered", minutes(61), id=6)
    assert queries.kept(["T-1"], T0, minutes(600))["T-1"].running == 1
    assert queries.clocks_now(["T-1"])["T-1"] == {"running": 1, "overdue": 1, "at_risk": 0}
    observe_all(minutes(62), sources=["clock"])
    assert queries.kept(["T-1"], T0, minutes(600))["T-1"] == Kept(3, 2, 0, 1, 2)


def test_the_causes_of_breaches_are_counted():
    make_month()
    late = Clock.objects.get(subject_id=3)
    actor = Actor.person(5, permissions=frozenset({"commitments.rebase"}))
    services.clock_cause_set(clock_id=late.id, cause="volume", actor=actor, at=minutes(61))
    observe_all(minutes(61), sources=["clock"])
    assert queries.causes(["T-1"], T0, minutes(600)) == [("volume", 1), ("", 1)]


# lists


def test_breaches_are_listed_latest_first_page_by_page_and_only_what_one_may_see():
    make_month()
    found, after = queries.breaches(STAFF, T0, minutes(600), limit=1)
    assert [b.clock.subject_id for b in found] == [4] and found[0].late is None and after
    found, after = queries.breaches(STAFF, T0, minutes(600), limit=1, cursor=after)
    assert [b.clock.subject_id for b in found] == [3] and found[0].late == timedelta(minutes=15)
    assert after is None
    parcels.hidden.add(4)
    found, _after = queries.breaches(STAFF, T0, minutes(600))
    assert [b.clock.subject_id for b in found] == [3]
    assert queries.breaches(Actor.customer(1), T0, minutes(600))[0] == []
    assert len(queries.breaches(STAFF, T0, minutes(600), clauses=["T-1"], without_cause=True)[0]) == 1
    assert queries.breaches(STAFF, T0, minutes(600), facts={"team": "gear"})[0] == []


def test_the_board_gets_what_is_at_risk_by_due_moment_within_what_is_seen():
    make_month()
    now = minutes(60)
    assert [c.subject_id for c in queries.at_risk(STAFF, now)] == [4, 6]
    parcels.hidden.add(4)
    assert [c.subject_id for c in queries.at_risk(STAFF, now)] == [6]
    only = Clock.objects.filter(subject_id=4).values("subject_id")
    assert [c.subject_id for c in queries.at_risk(STAFF, now, scope={PARCEL: only})] == [4]
    assert queries.at_risk(STAFF, now, scope={}) == []


def test_a_board_asks_for_what_is_late_and_what_is_due_of_one_kind_of_subject():
    make_month()
    now, hour = minutes(60), timedelta(hours=1)
    broken = queries.lately_broken(kind=PARCEL)
    due = queries.due_soon(now, kind=PARCEL)
    assert ([c.subject_id for c in broken], [c.subject_id for c in due]) == ([4], [6])
    assert [c.subject_id for c in queries.upcoming(now, kind=PARCEL)] == [4, 6]
    assert [c.subject_id for c in queries.upcoming(now + 3 * hour, kind=PARCEL)] == [6], (
        "long overdue is no point"
    )
    assert {c.subject_id for c in queries.owed(now, kind=PARCEL)} == {4, 6}
    assert {c.subject_id for c in queries.owed(now, kind=PARCEL, within=hour / 12)} == {4}
    for rows in (
        queries.lately_broken(kind="case"),
        queries.due_soon(now, kind="case"),
        queries.upcoming(now, kind="case"),
        queries.owed(now, kind="case"),
    ):
        assert not rows.exists()


def test_lists_cost_the_same_however_long_they_are(django_assert_num_queries):
    enforce(RULE, at=T0)
    for id in range(1, 30):
        happen("parcel.asked", T0, id=id)
    with django_assert_num_queries(1):
        assert len(queries.at_risk(STAFF, minutes(5), limit=20)) == 20
    with django_assert_num_queries(1):
        queries.of_subjects(PARCEL, range(1, 30))


def test_a_clock_is_seen_with_its_subject():
    enforce(RULE, at=T0)
    happen("parcel.asked", T0)
    (one,) = clocks()
    assert queries.clock_of(STAFF, one.id) == one
    parcels.hidden.add(1)
    from shounuo.kernel.errors import NotFound

    for actor in (STAFF, Actor.customer(3)):
        with pytest.raises(NotFound):
            queries.clock_of(actor, one.id)
