"""Reports are made once, kept as they were made, and go to those whom the plan names."""

import json
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from shounuo.analytics import freezing, queries, rules, services
from shounuo.analytics.models import Report
from shounuo.cases import services as cases
from shounuo.cases.testing import make_case
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.metrics import queries as metrics
from shounuo.metrics.models import Progress
from shounuo.metrics.testing import observe_all
from shounuo.staff.testing import AT, make_cast, set_up_organisation

SYSTEM = Actor.system()
MONDAY = AT + timedelta(days=2)  # AT is a Saturday noon


@pytest.fixture
def cast(db):
    """Eleven cases of the week, answered after one to eleven minutes, three of them complaints."""
    set_up_organisation(at=AT - timedelta(days=3))
    cast = make_cast()
    for n in range(11):
        case = make_case(
            f"料 {n}",
            owner=cast.agent,
            team=cast.team,
            at=AT,
            channel="mail",
            kind="complaint" if n < 3 else "inquiry",
        )
        cases.reply_send(
            case_id=case.pk,
            text="好",
            actor=cast.actor(cast.agent),
            at=AT + timedelta(minutes=n + 1),
        )
    observe_all()
    return cast


def made(kind="week", back=1, at=MONDAY, actor=SYSTEM):
    return services.report_make(kind=kind, back=back, actor=actor, at=at)


def test_a_report_holds_the_figures_of_the_period_that_ended(cast):
    report = made()
    assert (report.first, report.last) == (date(2026, 10, 5), date(2026, 10, 11))
    assert report.headline["first_response_median"] == [360.0, 11]
    assert report.headline["complaint_count"] == [3.0, 3]
    assert Event.objects.get(kind="report.made").payload == {"report": "week"}


def test_it_stays_as_it_was_made(cast):
    report = made()
    late = make_case("迟到", owner=cast.agent, team=cast.team, at=AT, channel="mail")
    cases.reply_send(case_id=late.pk, text="好", actor=cast.actor(cast.agent), at=AT + timedelta(hours=9))
    observe_all()
    again = made(at=MONDAY + timedelta(hours=1))
    assert (again.pk, again.headline) == (report.pk, report.headline)
    for change in (
        lambda: Report.objects.filter(pk=report.pk).update(headline={}),
        lambda: Report.objects.filter(pk=report.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match="stays as it was made"), transaction.atomic():
            change()


def test_frozen_figures_come_back_as_they_were(cast):
    period = rules.period("week", MONDAY, metrics.zone(), back=1)
    overview = queries.overview(period, {}, actor=SYSTEM, at=MONDAY)
    rest = queries.rest(period, {}, actor=SYSTEM, at=MONDAY)
    limits = queries.limits(queries.KPIS, MONDAY)
    frozen = json.loads(json.dumps(freezing.freeze(overview, rest, limits)))
    assert freezing.thaw(frozen, with_people=True) == (overview, rest, limits)
    without = freezing.thaw(frozen, with_people=False)[1]
    assert without.people is None and without.quality == rest.quality


def test_only_a_period_that_ended_has_a_report(cast):
    for kind, back in (("week", 0), ("days", 1), ("week", -1), ("week", 10_000)):
        with pytest.raises(Invalid):
            made(kind, back)


def test_none_is_made_while_figures_are_being_built(cast):
    Progress.objects.update(built_at=None)
    with pytest.raises(Conflict):
        made()
    assert services.reports_due(at=MONDAY) == []


def test_in_the_morning_all_that_is_missing_is_made_once(cast):
    night = MONDAY.replace(hour=18)  # two in the morning, there
    assert services.reports_due(at=night) == []
    found = services.reports_due(at=MONDAY)
    assert [(r.kind, r.first) for r in found] == [
        *(("day", date(2026, 10, d)) for d in range(7, 12)),
        ("week", date(2026, 10, 5)),
    ], "nothing of the time before the organisation was set up"
    assert services.reports_due(at=MONDAY + timedelta(hours=1)) == []


def test_a_kind_may_be_switched_off_and_sent_elsewhere(cast):
    manager = cast.actor(cast.manager)
    services.plan_set(kind="day", is_active=False, roles=["supervisor"], actor=manager, at=AT)
    assert [r.kind for r in services.reports_due(at=MONDAY)] == ["week"]
    assert queries.recipients("day") == [cast.supervisor.pk]
    assert queries.recipients("week") == [cast.manager.pk]
    services.plan_set(kind="week", is_active=True, roles=["agent"], actor=manager, at=AT)
    assert queries.recipients("week") == [], "agents may not read reports"
    assert Event.objects.filter(kind="report_plan.changed").count() == 2
    with pytest.raises(Invalid):
        services.plan_set(kind="week", is_active=True, roles=["nobody"], actor=manager, at=AT)


def test_what_is_said_of_a_report_stands_with_it(cast):
    report = made()
    manager = cast.actor(cast.manager)
    services.comment_add(report_id=report.pk, text=" 首响好，投诉多。 ", actor=manager, at=MONDAY)
    (said,) = queries.comments_of(report)
    assert (said.text, said.person) == ("首响好，投诉多。", cast.manager)
    for text in ("", "  ", "长" * 5001):
        with pytest.raises(Invalid):
            services.comment_add(report_id=report.pk, text=text, actor=manager, at=MONDAY)


def test_others_neither_make_nor_say_nor_plan_nor_see(cast):
    report = made()
    supervisor, outsider = cast.actor(cast.supervisor), cast.actor(cast.outsider)
    assert queries.report(supervisor, report.pk) == report
    with pytest.raises(NotAllowed):
        services.comment_add(report_id=report.pk, text="好", actor=supervisor, at=MONDAY)
    with pytest.raises(NotAllowed):
        made(actor=supervisor)
    with pytest.raises(NotAllowed):
        services.plan_set(kind="week", is_active=False, roles=[], actor=supervisor, at=MONDAY)
    for actor in (outsider, cast.actor(cast.nobody)):
        assert queries.reports(actor) == ([], False)
        with pytest.raises(NotFound):
            queries.report(actor, report.pk)


def test_reports_are_listed_the_latest_first_without_their_content(cast, django_assert_num_queries):
    made("day", 2)
    made("day", 1)
    made("week", 1)
    with django_assert_num_queries(1):
        rows, more = queries.reports(SYSTEM)
    assert [(r.kind, r.said) for r in rows] == [("day", 0), ("week", 0), ("day", 0)]
    assert not more
    assert [r.kind for r in queries.reports(SYSTEM, kind="week")[0]] == ["week"]
