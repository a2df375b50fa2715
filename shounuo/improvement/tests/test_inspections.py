"""Inspections by the services: drawn, judged, found, corrected and verified by the right people."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from shounuo.cases import services as cases
from shounuo.cases.testing import make_case
from shounuo.commitments import cadences, loop
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.events.models import Event
from shounuo.improvement import queries, services
from shounuo.improvement.models import Finding, Inspection, Judgement
from shounuo.improvement.testing import DAY, judge_all, make_finding, make_inspection, result_of
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.metrics.rules import Window
from shounuo.metrics.testing import asked, observe_all
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import AT, make_cast, make_person

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
CADENCE = """      - cadence: supervision-inspection
        title: 监督检查
        title_en: Inspection
        activity: supervision_inspection
        every: P2W
        owner: manager
"""


@pytest.fixture
def cast():
    made = make_cast()
    make_in_force(make_text("T-1", "T-2"), at=AT - 30 * DAY)
    return made


@pytest.fixture
def group(cast):
    """Two colleagues who see every case and had no part in any."""
    return [make_person(f"inspector{n}", roles=("manager",)) for n in (1, 2)]


def manager(cast):
    return actor_for(cast.manager)


def cases_of(cast, count=12, **more):
    return [make_case(owner=cast.agent, team=cast.team, at=AT - HOUR, **more) for _n in range(count)]


def test_a_sample_goes_evenly_to_the_group_and_each_owes_the_judging(cast, group):
    cases_of(cast)
    inspection = make_inspection(*group, actor=manager(cast), size=5, clauses=("T-1", "T-2"))
    items = queries.items(inspection)
    assert (inspection.population, inspection.size, len(items)) == (12, 5, 5)
    assert sorted(len([i for i in items if i.inspector == p]) for p in group) == [2, 3]
    assert all([j.clause_code for j in i.judgements.all()] == ["T-1", "T-2"] for i in items)
    owed = Duty.objects.filter(kind="supervision", subject_id=inspection.pk)
    assert set(owed.values_list("owner_id", flat=True)) == {p.pk for p in group}
    check = queries.check_sample(inspection)
    assert (check.same, check.agrees) == (True, True)
    again = make_inspection(*group, actor=manager(cast), size=5)
    assert [i.subject_id for i in queries.items(again)] == [i.subject_id for i in items]


def test_a_population_that_changed_is_told_and_a_later_case_does_not_hide_it(cast, group):
    cases_of(cast)
    inspection = make_inspection(*group)
    cases_of(cast, 3)
    check = queries.check_sample(inspection)
    assert (check.same, check.population) == (False, 15)


def test_nobody_inspects_what_he_had_a_part_in(cast, group):
    own, other = group
    mine = make_case(owner=cast.agent, team=cast.team, at=AT - HOUR)
    cases.note_add(case_id=mine.pk, text="我来看看", actor=actor_for(own), at=AT - HOUR)
    owned = make_case(owner=own, at=AT - HOUR)
    items = {i.subject_id: i.inspector for i in queries.items(make_inspection(*group))}
    assert items == {mine.pk: other, owned.pk: other}
    with pytest.raises(Invalid) as refused:
        make_inspection(own)
    assert refused.value.code == "nobody_fits"


def test_what_became_ones_own_since_is_judged_by_another(cast, group):
    own, other = group
    case = make_case(owner=cast.agent, team=cast.team, at=AT - HOUR)
    make_case(owner=cast.agent, team=cast.team, at=AT - HOUR)
    inspection = make_inspection(*group)
    item = next(i for i in queries.items(inspection) if i.subject_id == case.pk)
    cases.note_add(case_id=case.pk, text="补一句", actor=actor_for(own), at=AT)
    given = {"inspection_id": inspection.pk, "item_id": item.pk, "clause": "T-1", "verdict": "kept", "at": AT}
    with pytest.raises(NotAllowed) as refused:
        services.item_judge(**given, actor=actor_for(own))
    assert refused.value.code == "own_case"
    assert services.item_judge(**given, actor=actor_for(other)).judged_by_id == other.pk


def test_nobody_is_given_what_he_may_not_see(cast):
    cases_of(cast, 4)
    with pytest.raises(Invalid) as refused:
        make_inspection(cast.outsider)
    assert refused.value.code == "nobody_fits"


def test_by_team_each_team_has_its_share(cast, group):
    cases_of(cast, 9)
    for _n in range(3):
        make_case(owner=cast.outsider, team=cast.other_team, at=AT - HOUR)
    inspection = make_inspection(*group, size=4, by_team=True)
    teams = [i.team for i in queries.items(inspection)]
    assert (teams.count(cast.team), teams.count(cast.other_team)) == (3, 1)
    assert sorted(row[1:4] for row in inspection.shares) == [[3, 1, 1], [9, 3, 3]]


def test_promises_are_drawn_by_outcome_and_judged_by_their_own_clause(cast, group):
    for case in cases_of(cast, 4)[:2]:
        cases.reply_send(case_id=case.pk, text="已安排", actor=actor_for(cast.agent), at=AT - HOUR / 2)
    while loop.fire_due(AT):
        continue
    inspection = make_inspection(
        *group, source="clock", clauses=("T-1", "T-2"), narrowed={"outcome": "breached"}, size=50
    )
    assert inspection.population == inspection.size == 4
    assert sorted(Judgement.objects.values_list("clause_code", flat=True)) == ["T-1", "T-1", "T-2", "T-2"]
    assert queries.check_sample(inspection).agrees


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"clauses": ()}, "clauses"),
        ({"clauses": ("T-9",)}, "clauses"),
        ({"size": 0}, "size"),
        ({"size": 501}, "size"),
        ({"start": AT + 2 * DAY, "end": AT + 3 * DAY}, "start"),
        ({"start": AT, "end": AT}, "end"),
        ({"start": AT - 20 * DAY, "end": AT - 10 * DAY}, "start"),
        ({"due_at": AT}, "due_at"),
        ({"title": " "}, "title"),
        ({"source": "mail"}, "source"),
        ({"inspector_ids": [987654]}, "inspectors"),
        ({"inspector_ids": [], "role": "nobody_has_it"}, "inspectors"),
        ({"inspector_ids": [], "team_id": 987654}, "group"),
    ],
)
def test_what_cannot_be_planned_says_where(cast, group, change, field):
    cases_of(cast, 2)
    with pytest.raises(Invalid) as refused:
        make_inspection(*group, **change)
    assert refused.value.field == field
    assert not Inspection.objects.exists()


def test_only_planners_plan_and_only_inspectors_judge(cast, group):
    cases_of(cast, 3)
    with pytest.raises(NotAllowed):
        make_inspection(*group, actor=actor_for(cast.supervisor))
    inspection = make_inspection(*group)
    item = queries.items(inspection)[0]
    given = {"inspection_id": inspection.pk, "item_id": item.pk, "clause": "T-1", "verdict": "kept", "at": AT}
    with pytest.raises(NotAllowed):
        services.item_judge(**given, actor=manager(cast))
    with pytest.raises(NotFound):
        services.item_judge(**given, actor=actor_for(cast.outsider))
    assert queries.get(actor_for(cast.supervisor), inspection.pk) == inspection
    with pytest.raises(NotFound):
        queries.get(actor_for(cast.agent), inspection.pk)


def test_not_kept_needs_a_note_and_a_judgement_can_be_changed(cast, group):
    cases_of(cast, 1)
    inspection = make_inspection(*group)
    item = queries.items(inspection)[0]
    given = {"inspection_id": inspection.pk, "item_id": item.pk, "clause": "T-1", "at": AT}
    judge = actor_for(item.inspector)
    with pytest.raises(Invalid):
        services.item_judge(**given, verdict="not_kept", actor=judge)
    services.item_judge(**given, verdict="not_kept", note="晚了", actor=judge)
    finding = make_finding(inspection, cast.agent, actor=judge)
    assert finding.judgements.count() == 1
    services.item_judge(**given, verdict="kept", actor=judge)
    assert finding.judgements.count() == 0, "what was kept after all proves nothing"
    services.item_judge(**given, verdict="", actor=judge)
    assert result_of(inspection).left == 1
    assert Event.objects.filter(kind="supervision.judged").count() == 3


def test_it_finishes_only_when_judged_and_what_was_not_kept_has_a_finding(cast, group):
    cases_of(cast)
    inspection, actor = make_inspection(*group), actor_for(group[0])
    given = {"inspection_id": inspection.pk, "conclusion": "午休要有人接", "actor": actor, "at": AT}
    with pytest.raises(Conflict) as refused:
        services.inspection_finish(**given)
    assert (refused.value.code, refused.value.extra["left"]) == ("not_judged", 5)
    judge_all(inspection, bad=2)
    with pytest.raises(Conflict) as refused:
        services.inspection_finish(**given)
    assert refused.value.code == "no_finding"
    make_finding(inspection, cast.agent, actor=actor)
    with pytest.raises(Invalid):
        services.inspection_finish(**given | {"conclusion": " "})
    assert services.inspection_finish(**given).state == "finished"
    assert not Duty.objects.filter(kind="supervision", state="open").exists()
    event = Event.objects.get(kind="supervision.finished")
    assert (event.payload["kept"], event.payload["not_kept"], event.payload["findings"]) == (3, 2, 1)
    with pytest.raises(Conflict):
        judge_all(inspection)
    found, result = queries.last_of_clause("T-1", AT)
    assert (found, result.share, result.n) == (inspection, 0.6, 5)
    assert queries.last_of_clause("T-2", AT) is None


def test_without_anything_found_it_is_closed_at_once(cast, group):
    cases_of(cast, 3)
    inspection = make_inspection(*group)
    judge_all(inspection)
    done = services.inspection_finish(
        inspection_id=inspection.pk, conclusion="都做到了", actor=actor_for(group[0]), at=AT
    )
    assert (done.state, done.ended_at) == ("closed", AT)


def finished(cast, group):
    cases_of(cast)
    inspection = make_inspection(*group)
    judge_all(inspection, bad=1)
    finding = make_finding(inspection, cast.agent, actor=actor_for(group[0]))
    services.inspection_finish(
        inspection_id=inspection.pk, conclusion="一处没做到", actor=actor_for(group[0]), at=AT
    )
    return inspection, finding


def correct(finding, person, at=AT):
    finding.refresh_from_db()
    return duties.duty_done(duty_id=finding.follow_up_id, note="午休排了班", actor=actor_for(person), at=at)


def test_a_correction_is_verified_by_somebody_else_and_closes_the_inspection(cast, group):
    inspection, finding = finished(cast, group)
    verify = {"finding_id": finding.pk, "note": "抽了三张午间工单，都接了", "at": AT + DAY}
    with pytest.raises(Conflict):
        services.finding_verify(**verify, actor=actor_for(group[0]))
    correct(finding, cast.agent)
    check = Duty.objects.get(kind="corrective_check")
    assert check.owner == group[0], "who raised it verifies it"
    assert queries.stands(queries.finding_of(actor_for(cast.agent), finding.pk)) == "waiting"
    with pytest.raises(NotAllowed):
        services.finding_verify(**verify, actor=actor_for(cast.agent))
    done = services.finding_verify(**verify, actor=actor_for(group[1]))
    assert (done.verified_by_id, queries.stands(done)) == (group[1].pk, "verified")
    check.refresh_from_db()
    inspection.refresh_from_db()
    assert (check.state, inspection.state) == ("done", "closed")
    with pytest.raises(Conflict):
        services.finding_verify(**verify, actor=actor_for(group[1]))


def test_who_corrects_never_verifies_though_he_inspects(cast, group):
    cases_of(cast)
    inspection = make_inspection(*group)
    judge_all(inspection, bad=1)
    finding = make_finding(inspection, group[0], actor=actor_for(group[0]))
    correct(finding, group[0])
    assert Duty.objects.get(kind="corrective_check").owner == group[1]
    with pytest.raises(NotAllowed) as refused:
        services.finding_verify(finding_id=finding.pk, note="好了", actor=actor_for(group[0]), at=AT)
    assert refused.value.code == "own_correction"


def test_what_does_not_hold_goes_back_for_another_round(cast, group):
    _inspection, finding = finished(cast, group)
    correct(finding, cast.agent)
    back = services.finding_return(
        finding_id=finding.pk, reason="周末没有排", due_at=AT + 3 * DAY, actor=actor_for(group[0]), at=AT
    )
    assert (back.round, queries.stands(back), back.follow_up.owner_id) == (2, "open", cast.agent.pk)
    assert "周末没有排" in back.follow_up.text
    correct(finding, cast.agent, AT + DAY)
    assert list(
        Duty.objects.filter(kind="corrective_check").order_by("id").values_list("state", flat=True)
    ) == [
        "done",
        "open",
    ]
    services.finding_verify(finding_id=finding.pk, note="周末也排了", actor=actor_for(group[0]), at=AT + DAY)
    observe_all(AT + 2 * DAY)
    window = Window(AT - DAY, AT + 2 * DAY, ZoneInfo("Asia/Shanghai"))
    assert (asked("measure_effect_rate", window, AT + 2 * DAY).total.value, Finding.objects.count()) == (0, 1)
    kept = asked("inspection_kept_share", window, AT + 2 * DAY, by=("clause",))
    assert (kept.total.value, kept.total.n) == (0.8, 5)


def test_a_correction_that_was_called_off_is_given_anew(cast, group):
    _inspection, finding = finished(cast, group)
    duties.duty_cancel(duty_id=finding.follow_up_id, reason="换人", actor=manager(cast), at=AT)
    fresh = services.finding_return(
        finding_id=finding.pk,
        reason="换人来做",
        due_at=AT + DAY,
        owner_id=cast.supervisor.pk,
        actor=manager(cast),
        at=AT,
    )
    assert fresh.follow_up.owner == cast.supervisor


def test_an_open_inspection_is_called_off_with_its_duties(cast, group):
    cases_of(cast, 3)
    inspection = make_inspection(*group)
    with pytest.raises(NotAllowed):
        services.inspection_cancel(
            inspection_id=inspection.pk, reason="重排", actor=actor_for(cast.supervisor), at=AT
        )
    services.inspection_cancel(inspection_id=inspection.pk, reason="重排", actor=manager(cast), at=AT)
    assert set(Duty.objects.filter(kind="supervision").values_list("state", flat=True)) == {"cancelled"}
    assert Inspection.objects.get().state == "cancelled"


def test_a_finished_inspection_proves_the_cadence(cast, group):
    make_in_force(make_text("C-1", code="round", rules=CADENCE), at=AT - DAY)
    cadences.plan(AT)
    duty = Duty.objects.get(kind="cadence")
    assert cadences.activity_of(duty) == "supervision_inspection"
    cases_of(cast, 3)
    with pytest.raises(NotFound):
        make_inspection(*group, duty_id=987654)
    inspection = make_inspection(*group, actor=manager(cast), duty_id=duty.pk)
    judge_all(inspection)
    services.inspection_finish(
        inspection_id=inspection.pk, conclusion="都做到了", actor=actor_for(group[0]), at=AT
    )
    duty.refresh_from_db()
    proof = duty.evidence.get()
    assert (duty.state, proof.subject_kind, proof.subject_id) == ("done", "supervision", inspection.pk)


def test_one_begun_by_hand_proves_it_as_well(cast, group):
    make_in_force(make_text("C-1", code="round", rules=CADENCE), at=AT - DAY)
    cadences.plan(AT)
    cases_of(cast, 3)
    inspection = make_inspection(*group)
    judge_all(inspection)
    services.inspection_finish(
        inspection_id=inspection.pk, conclusion="都做到了", actor=actor_for(group[0]), at=AT
    )
    assert Duty.objects.get(kind="cadence").state == "done"


def test_a_report_goes_by_ids_and_codes_alone(cast, group):
    _inspection, _finding = finished(cast, group)
    for event in Event.objects.filter(subject_kind__in=("supervision", "finding")):
        assert "午休" not in str(event.payload)
