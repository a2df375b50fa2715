"""From a cadence in force to duties with clocks, kept or broken."""

from datetime import UTC, datetime, timedelta

import pytest

from shounuo.calendars.testing import make_defaults
from shounuo.commitments import cadences, loop
from shounuo.commitments.models import Clock
from shounuo.commitments.testing import declare_parcels, happen
from shounuo.duties import queries as duty_queries
from shounuo.duties import services as duty_services
from shounuo.duties.models import Duty, Evidence
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.policy.models import Rule
from shounuo.policy.services import version_import, version_publish_at_once
from shounuo.staff.testing import make_cast, make_person

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
# Sunday 1 November 2026 00:00 in Shanghai
NOVEMBER = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
JANUARY = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
TENTH = NOVEMBER + timedelta(days=9, hours=10)


@pytest.fixture
def cast():
    declare_parcels()
    make_defaults(at=NOVEMBER)
    return make_cast(at=NOVEMBER - timedelta(days=40))


def demand(rules, *, at, version="1", calendar="always"):
    """Puts these cadences in force."""
    lines = "".join(f"      - {{{rule}}}\n" for rule in rules)
    text = (
        f'pack: trial\ntitle: 试行规定\nversion: "{version}"\ndefault_calendar: {calendar}\nclauses:\n'
        f"  - id: T-1\n    title: 试行\n    wording: 说到做到\n    rules:\n{lines}"
    )
    version_import(text=text, file_name="trial.yaml", actor=SYSTEM, at=at)
    version_publish_at_once(policy_code="trial", actor=SYSTEM, at=at)


MONTHLY = "cadence: training, title: 每月培训, title_en: Monthly training, activity: training, every: P1M, owner: trainer"


def duties(**given):
    return list(Duty.objects.filter(kind="cadence", **given).order_by("opens_at", "id"))


def clock_of(duty):
    return Clock.objects.get(subject_kind="duty", subject_id=duty.pk)


def test_a_rule_put_in_force_brings_the_duty_of_the_period_that_runs(cast):
    demand([MONTHLY], at=TENTH)
    run_jobs(TENTH)
    (duty,) = duties()
    clock = clock_of(duty)
    assert Rule.objects.get().status == "live"
    assert (duty.title, duty.title_en, duty.roles, duty.clause_code) == (
        "每月培训",
        "Monthly training",
        ["trainer"],
        "T-1",
    )
    assert (duty.opens_at, duty.due_at, duty.lapses_at) == (TENTH, DECEMBER, JANUARY)
    assert (clock.started_at, clock.due_at, clock.commitment) == (TENTH, DECEMBER, "training")
    assert clock.warn_at == TENTH + (DECEMBER - TENTH) * 0.8


def test_planning_twice_is_planning_once(cast):
    demand(
        [MONTHLY, "cadence: log, activity: growth_log, every: P1D, per: person, owner: agent"], at=NOVEMBER
    )
    for _again in range(3):
        cadences.plan(NOVEMBER + timedelta(days=2, hours=1))
    # a month, and three days for each of the two agents
    assert len(duties()) == 1 + 3 * 2
    assert Event.objects.filter(kind="duty.created").count() == 7
    assert Clock.objects.filter(subject_kind="duty").count() == 7


def test_done_in_its_period_the_promise_is_kept_and_the_next_begins(cast):
    demand([MONTHLY], at=NOVEMBER)
    cadences.plan(NOVEMBER)
    (duty,) = duties()
    assert clock_of(duty).within == "P1M"
    manager = cast.actor(cast.manager)
    duty_services.duty_done(duty_id=duty.pk, note="讲了疫苗保存", actor=manager, at=TENTH)
    assert clock_of(duty).state == "met" and clock_of(duty).met_at == TENTH
    cadences.plan(DECEMBER)
    assert [d.opens_at for d in duties()] == [NOVEMBER, DECEMBER]


def test_not_done_it_warns_breaks_and_in_the_end_is_missed(cast):
    demand([MONTHLY + ", escalate: [{at: 100%, to: dept_head}]"], at=NOVEMBER)
    cadences.plan(NOVEMBER)
    (duty,) = duties()
    loop.fire_due(DECEMBER + timedelta(days=1))
    told = (
        Event.objects.filter(subject_kind="duty", subject_id=duty.pk)
        .order_by("seq")
        .values_list("kind", flat=True)
    )
    assert list(told) == [
        "duty.created",
        "clock.started",
        "clock.warned",
        "clock.breached",
        "clock.escalated",
    ]
    assert clock_of(duty).breached_at == DECEMBER
    duty_services.duties_lapse(at=JANUARY)
    duty.refresh_from_db()
    assert (duty.state, duty.ended_at) == ("missed", JANUARY)
    assert clock_of(duty).state == "breached" and clock_of(duty).cancelled_at == JANUARY


def test_done_late_stays_broken(cast):
    demand([MONTHLY], at=NOVEMBER)
    cadences.plan(NOVEMBER)
    (duty,) = duties()
    late = DECEMBER + timedelta(days=2)
    duty_services.duty_done(duty_id=duty.pk, note="补讲", actor=cast.actor(cast.manager), at=late)
    assert clock_of(duty).state == "breached" and clock_of(duty).met_at == late


def test_called_off_and_owed_again_it_runs_again_to_the_same_end(cast):
    demand([MONTHLY], at=NOVEMBER)
    cadences.plan(NOVEMBER)
    (duty,) = duties()
    manager = cast.actor(cast.manager)
    duty_services.duty_cancel(duty_id=duty.pk, reason="停课", actor=manager, at=TENTH)
    assert clock_of(duty).state == "cancelled"
    duty_services.duty_reopen(duty_id=duty.pk, reason="照常", actor=manager, at=TENTH + timedelta(hours=1))
    again = Clock.objects.get(subject_id=duty.pk, round=2)
    assert (again.state, again.due_at) == ("running", DECEMBER)
    duty_services.duty_done(duty_id=duty.pk, note="讲了", actor=manager, at=TENTH + timedelta(days=1))
    again.refresh_from_db()
    assert again.state == "met"


def test_a_new_version_moves_no_duty_and_asks_none_twice(cast):
    demand([MONTHLY], at=NOVEMBER)
    cadences.plan(NOVEMBER)
    (before,) = duties()
    demand([MONTHLY.replace("每月培训", "每月大课")], at=TENTH, version="2")
    cadences.plan(TENTH)
    assert [d.pk for d in duties()] == [before.pk]
    duty_services.duty_done(duty_id=before.pk, note="讲了", actor=cast.actor(cast.manager), at=TENTH)
    assert clock_of(before).state == "met"
    cadences.plan(DECEMBER)
    later = duties()[-1]
    assert later.title == "每月大课" and clock_of(later).rule_id == later.rule_id != before.rule_id


def test_what_is_counted_per_person_is_owed_by_himself_or_about_him(cast):
    demand(
        [
            "cadence: log, activity: growth_log, every: P1M, per: person, owner: agent",
            "cadence: appraisal, activity: performance_appraisal, every: P1M, per: person, owner: [supervisor, hr]",
        ],
        at=NOVEMBER,
    )
    cadences.plan(NOVEMBER)
    own = duties(series="T-1/log")
    about = {d.subject_id: d for d in duties(series="T-1/appraisal")}
    assert {(d.subject_id, d.owner_id) for d in own} == {(p.pk, p.pk) for p in (cast.agent, cast.outsider)}
    # the other team has nobody to appraise: anybody who holds one of the roles may
    assert set(about) == {cast.agent.pk, cast.outsider.pk}
    assert (about[cast.agent.pk].team_id, about[cast.outsider.pk].team_id) == (cast.team.pk, None)
    assert duty_queries.counts(cast.actor(cast.supervisor), NOVEMBER).open == 2
    assert duty_queries.counts(cast.actor(cast.outsider), NOVEMBER) == duty_queries.Counts(1, 0, 0, 0)


def test_who_comes_later_owes_from_then_on(cast):
    demand(["cadence: log, activity: growth_log, every: P1M, per: person, owner: agent"], at=NOVEMBER)
    cadences.plan(NOVEMBER)
    fresh = make_person("xinren", teams=(cast.team,), at=TENTH)
    cadences.plan(TENTH + timedelta(minutes=5))
    (duty,) = duties(owner_id=fresh.pk)
    assert (duty.opens_at, duty.due_at) == (TENTH, DECEMBER)


def test_a_composition_asks_for_each_sort(cast):
    demand(
        [
            "cadence: cases, activity: case_selection, every: P1W, times: 4, owner: supervisor, per: team, "
            "composition: {success: 2, failure: 1}, when: {team: first}"
        ],
        at=NOVEMBER,
    )
    cadences.plan(NOVEMBER + timedelta(hours=1))
    assert sorted(d.item for d in duties()) == ["", "failure", "success", "success"]
    assert {d.team_id for d in duties()} == {cast.team.pk}


def test_days_off_ask_nothing(cast):
    demand(
        ["cadence: watch, activity: core_metric_monitoring, every: P1D, owner: supervisor"],
        at=NOVEMBER,
        calendar="business",
    )
    cadences.plan(NOVEMBER + timedelta(days=7, hours=3))
    # the week of Monday 2 November: five working days
    assert [(d.opens_at + timedelta(hours=8)).day for d in duties()] == [2, 3, 4, 5, 6]


def test_an_event_closes_the_duty_of_its_period_first(cast):
    demand(
        ["cadence: parcels, activity: parcel_check, every: P1D, owner: agent, done: parcel.answered"],
        at=NOVEMBER,
    )
    second = NOVEMBER + timedelta(days=1)
    cadences.plan(second)
    first, today = duties()
    happen("parcel.answered", second + timedelta(hours=3), actor=cast.actor(cast.agent))
    run_jobs(second + timedelta(hours=4))
    for duty in (first, today):
        duty.refresh_from_db()
    assert (first.state, today.state) == ("open", "done")
    assert (today.ended_at, today.ended_by_id) == (second + timedelta(hours=3), cast.agent.pk)
    event = Event.objects.get(kind="parcel.answered")
    assert Evidence.objects.get(duty=today).event_id == event.pk
    assert Event.objects.get(kind="duty.done").payload["proof"] == event.pk
    happen("parcel.answered", second + timedelta(hours=5))
    run_jobs(second + timedelta(hours=6))
    first.refresh_from_db()
    assert first.state == "done" and clock_of(first).state == "breached"


def test_the_same_event_closes_one_duty_however_often_it_is_handled(cast):
    demand(
        [
            "cadence: parcels, activity: parcel_check, every: P1D, times: 2, owner: agent, done: parcel.answered"
        ],
        at=NOVEMBER,
    )
    cadences.plan(NOVEMBER)
    (published,) = [
        e for e in happen("parcel.answered", NOVEMBER + timedelta(hours=3)) if e.kind == "parcel.answered"
    ]
    for _again in range(3):
        cadences.event_happened(published)
    assert sorted(d.state for d in duties()) == ["done", "open"]


def test_a_figure_not_set_asks_nothing_and_a_rule_not_begun_neither(cast):
    demand(["cadence: open, activity: drill, every: unset, owner: trainer"], at=NOVEMBER)
    assert cadences.plan(TENTH) == 0


def test_what_the_system_slept_through_is_planned_afterwards(cast):
    demand(["cadence: watch, activity: core_metric_monitoring, every: P1D, owner: supervisor"], at=NOVEMBER)
    cadences.plan(NOVEMBER)
    cadences.plan(NOVEMBER + timedelta(days=3))
    loop.fire_due(NOVEMBER + timedelta(days=3, hours=1))
    assert [clock_of(d).state for d in duties()] == ["breached", "breached", "breached", "running"]


def test_planning_asks_no_more_for_more_people(cast, django_assert_max_num_queries):
    demand(["cadence: log, activity: growth_log, every: P1M, per: person, owner: agent"], at=NOVEMBER)
    for n in range(30):
        make_person(f"agent{n}", at=NOVEMBER)
    with django_assert_max_num_queries(30):
        cadences.plan(TENTH)
    assert len(duties()) == 32
