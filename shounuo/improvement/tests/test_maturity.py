"""The self-assessment by the services: its evidence, its levels, its improvements, and that it is final."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shounuo.cases.testing import make_case
from shounuo.commitments import cadences
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.events.models import Event
from shounuo.improvement import services
from shounuo.improvement.models import Assessment, Rating
from shounuo.improvement.queries import maturity as queries
from shounuo.improvement.testing import DAY, judge_all, make_assessment, make_inspection, rate_all
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.metrics.testing import observe_all
from shounuo.policy.testing import make_in_force, make_shipped, make_text
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
CADENCE = """      - cadence: maturity
        title: 服务成熟度评估
        activity: service_maturity_assessment
        every: P3M
        owner: manager
"""


@pytest.fixture
def cast():
    made = make_cast()
    make_shipped("process-standard", at=AT - 200 * DAY)
    return made


def manager(cast):
    return actor_for(cast.manager)


def finish(assessment, cast, at=AT):
    return services.assessment_finish(
        assessment_id=assessment.pk, conclusion="投诉分析要补", actor=manager(cast), at=at
    )


def test_every_process_of_the_standard_gets_evidence_and_a_proposal(cast):
    assessment = make_assessment(actor=manager(cast))
    ratings = queries.ratings(assessment)
    assert (assessment.quarter, len(ratings)) == (date(2026, 10, 1), 38)
    assert [r.number for r in ratings][:3] == ["6.0", "6.1", "6.1.1"]
    assert all(1 <= r.proposed <= 5 and r.reasons and r.level is None for r in ratings)
    root = ratings[0]
    assert root.evidence["practices"] == 7 and root.evidence["seen"] <= 7
    assert {"response_time_avg", "resolution_ratio"} <= {code for code, *_rest in root.evidence["metrics"]}


def test_what_happened_in_the_quarter_is_evidence(cast):
    quiet = {r.number: r for r in queries.ratings(make_assessment())}
    Assessment.objects.all().delete()
    for _n in range(12):
        make_case(owner=cast.agent, team=cast.team, at=AT - HOUR)
    observe_all(AT)
    busy = {r.number: r for r in queries.ratings(make_assessment())}
    assert sum(r.evidence["seen"] for r in busy.values()) > sum(r.evidence["seen"] for r in quiet.values())
    assert all(busy[n].proposed >= quiet[n].proposed for n in busy)


def test_an_inspection_of_its_clause_is_evidence(cast):
    for _n in range(12):
        make_case(owner=cast.agent, team=cast.team, at=AT - HOUR)
    inspection = make_inspection(cast.manager, clauses=("PCF-6.2.2",), size=12)
    judge_all(inspection)
    services.inspection_finish(
        inspection_id=inspection.pk, conclusion="都做到了", actor=manager(cast), at=AT - HOUR
    )
    rating = make_assessment().ratings.get(number="6.2.2")
    assert (rating.evidence["inspected"], rating.evidence["kept"]) == (12, 12)


def test_one_a_quarter_and_none_before_its_time(cast):
    made = make_assessment()
    with pytest.raises(Conflict) as refused:
        make_assessment()
    assert refused.value.extra["id"] == made.pk
    with pytest.raises(Invalid):
        services.assessment_start(
            policy_code="process-standard", quarter=date(2027, 1, 1), actor=manager(cast), at=AT
        )
    with pytest.raises(NotFound):
        services.assessment_start(policy_code="livestock", quarter=AT.date(), actor=manager(cast), at=AT)


def test_only_those_who_assess_do_and_others_see_or_do_not(cast):
    with pytest.raises(NotAllowed):
        make_assessment(actor=actor_for(cast.supervisor))
    assessment = make_assessment(actor=manager(cast))
    assert queries.get(actor_for(cast.supervisor), assessment.pk)
    with pytest.raises(NotFound):
        queries.get(actor_for(cast.outsider), assessment.pk)
    rating = assessment.ratings.first()
    for person, problem in ((cast.supervisor, NotAllowed), (cast.outsider, NotFound)):
        with pytest.raises(problem):
            services.process_rate(rating_id=rating.pk, level=rating.proposed, actor=actor_for(person), at=AT)


def test_another_level_than_the_proposed_needs_its_reason(cast):
    rating = make_assessment().ratings.first()
    other = 5 if rating.proposed < 5 else 4
    given = {"rating_id": rating.pk, "actor": manager(cast), "at": AT}
    with pytest.raises(Invalid) as refused:
        services.process_rate(**given, level=other)
    assert refused.value.field == "comment"
    rated = services.process_rate(
        **given, level=other, comment="另有纸面记录", links=[("培训签到", "/policy/"), ("", "")]
    )
    assert (rated.level, rated.links, rated.rated_by_id) == (
        other,
        [["培训签到", "/policy/"]],
        cast.manager.pk,
    )
    for address in ("javascript:alert(1)", "http://a.cn/", "//evil.example/", "ftp://a/"):
        with pytest.raises(Invalid) as refused:
            services.process_rate(**given, level=other, comment="x", links=[("x", address)])
        assert refused.value.field == "links"
    with pytest.raises(Invalid):
        services.process_rate(**given, level=6, comment="x")


def test_finished_it_never_changes(cast):
    assessment = make_assessment()
    with pytest.raises(Conflict) as refused:
        finish(assessment, cast)
    assert refused.value.extra["left"] == 38
    rate_all(assessment)
    finish(assessment, cast)
    rating = assessment.ratings.first()
    with pytest.raises(Conflict):
        services.process_rate(rating_id=rating.pk, level=rating.proposed, actor=manager(cast), at=AT)
    with pytest.raises(Conflict):
        services.assessment_refresh(assessment_id=assessment.pk, actor=manager(cast), at=AT)
    for change in (
        lambda: Rating.objects.filter(pk=rating.pk).update(level=5),
        lambda: Rating.objects.filter(pk=rating.pk).delete(),
        lambda: Assessment.objects.filter(pk=assessment.pk).update(conclusion="别的"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_refreshed_evidence_leaves_what_people_said(cast):
    assessment = make_assessment()
    rating = assessment.ratings.first()
    services.process_rate(rating_id=rating.pk, level=rating.proposed, actor=manager(cast), at=AT)
    make_case(owner=cast.agent, team=cast.team, at=AT)
    services.assessment_refresh(assessment_id=assessment.pk, actor=manager(cast), at=AT + HOUR)
    again = Rating.objects.get(pk=rating.pk)
    assert (again.level, again.rated_by_id) == (rating.proposed, cast.manager.pk)
    assert assessment.ratings.count() == 38


def test_a_gap_becomes_a_duty_and_its_completion_counts_next_time(cast):
    early = AT - 92 * DAY
    assessment = make_assessment(at=early)
    rating = assessment.ratings.get(number="6.2.3.5")
    given = {
        "rating_id": rating.pk,
        "title": "每月做一次投诉分析",
        "owner_id": cast.supervisor.pk,
        "due_at": AT + DAY,
        "actor": manager(cast),
        "at": early,
    }
    with pytest.raises(Conflict):
        services.improvement_agree(**given, target=4)
    rate_all(assessment, at=early)
    rating.refresh_from_db()
    with pytest.raises(Invalid):
        services.improvement_agree(**given, target=rating.level)
    made = services.improvement_agree(**given, target=5)
    assert (made.duty.owner, made.duty.kind, made.duty.clause_code) == (
        cast.supervisor,
        "improvement_item",
        "PCF-6.2.3.5",
    )
    finish(assessment, cast, early)
    duties.duty_done(duty_id=made.duty_id, note="已排进月历", actor=actor_for(cast.supervisor), at=AT - HOUR)
    following = make_assessment()
    assert queries.previous(following) == assessment
    again = following.ratings.get(number="6.2.3.5")
    assert (again.evidence["improved"], again.evidence["before"]) == (1, rating.level)


def test_a_finished_one_does_the_cadences_duty(cast):
    make_in_force(make_text("C-1", code="round", rules=CADENCE), at=AT - DAY)
    cadences.plan(AT)
    duty = Duty.objects.get(kind="cadence")
    assessment = make_assessment()
    rate_all(assessment)
    finish(assessment, cast)
    duty.refresh_from_db()
    assert (duty.state, duty.evidence.get().subject_kind) == ("done", "maturity")
    event = Event.objects.get(kind="maturity.finished")
    assert event.payload["processes"] == 38 and 1 <= event.payload["mean"] <= 5


def test_reading_evidence_costs_the_same_for_any_number_of_events(cast):
    version = queries.assessable(AT)[0]

    def cost():
        with CaptureQueriesContext(connection) as found:
            queries.known(version, date(2026, 10, 1), AT, {})
        return len(found)

    make_case(owner=cast.agent, team=cast.team, at=AT - HOUR)
    queries.known(version, date(2026, 10, 1), AT, {})
    few = cost()
    for _n in range(8):
        make_case(owner=cast.agent, team=cast.team, at=AT - HOUR)
    assert cost() == few
