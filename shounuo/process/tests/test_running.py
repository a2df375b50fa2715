"""Runs of playbooks: from step to step, by hand and by events, with branches and limits."""

from datetime import timedelta

import pytest

from shounuo.cases import services as cases
from shounuo.cases.testing import make_case
from shounuo.commitments.models import Clock
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.policy.models import Rule
from shounuo.policy.testing import make_in_force, make_text
from shounuo.process import queries, services
from shounuo.process.models import Run
from shounuo.process.testing import make_run
from shounuo.staff.testing import AT, make_cast

BOOK = """      - playbook: repair
        title: 维修
        steps:
          - {name: look, title: 查看, title_en: Look, role: agent, output: finding, within: PT2H}
          - {name: parts, title: 备件, role: agent, when: {severity: major}}
          - {name: check, title: 复核, role: supervisor, next: {passed: tell, failed: look}}
          - {name: tell, title: 告知客户, role: agent, done: case.resolved}
      - playbook: plain
        steps: [{name: a, role: manager}, {name: b, role: manager, next: end}, {name: c, role: manager}]
"""
LATER = AT + timedelta(minutes=30)


@pytest.fixture
def cast(db):
    make_in_force(make_text("T-1", rules=BOOK), at=AT)
    return make_cast()


@pytest.fixture
def case(cast):
    return make_case(team=cast.team, owner=cast.agent)


@pytest.fixture
def run(case):
    return make_run("repair", subject=("case", case.pk))


def course(run):
    return [(s.name, str(s.state)) for s in run.steps.order_by("position")]


def owed(run):
    return Duty.objects.get(state="open", origin_code="process.step", origin_id=run.pk)


def do(cast, run, who, note="受潮", at=LATER):
    return duties.duty_done(duty_id=owed(run).pk, note=note, actor=cast.actor(who), at=at)


def choose(cast, run, outcome, who=None, at=LATER):
    return services.step_choose(
        run_id=run.pk, outcome=outcome, actor=cast.actor(who or cast.supervisor), at=at
    )


def test_the_first_step_is_owed_by_who_has_the_case(cast, case, run):
    duty = owed(run)
    assert (duty.kind, duty.title, duty.owner_id, duty.subject) == (
        "step",
        "查看",
        cast.agent.pk,
        ("case", case.pk),
    )
    assert duty.due_at == AT + timedelta(hours=2)
    assert course(run) == [("look", "open")]


def test_a_limit_is_a_clock(cast, run):
    clock = Clock.objects.get(subject_kind="duty", subject_id=owed(run).pk)
    assert (clock.state, clock.due_at, clock.clause_code) == ("running", AT + timedelta(hours=2), "T-1")
    do(cast, run, cast.agent)
    clock.refresh_from_db()
    assert clock.state == "met"
    assert not Clock.objects.filter(subject_kind="duty", subject_id=owed(run).pk).exists(), (
        "no limit, no clock"
    )


def test_what_a_step_is_to_yield_is_asked_for(cast, run):
    with pytest.raises(Invalid, match="产出"):
        do(cast, run, cast.agent, note="")
    assert course(run) == [("look", "open")] and owed(run).is_open


def test_it_goes_on_passes_over_and_ends_by_an_event(cast, case, run):
    do(cast, run, cast.agent)
    assert course(run) == [("look", "done"), ("parts", "passed"), ("check", "open")]
    assert owed(run).kind == "step_choice" and owed(run).team_id == cast.team.pk
    choose(cast, run, "passed")
    services.events_read(at=LATER)
    assert course(run)[-1] == ("tell", "open")
    cases.case_resolve(case_id=case.pk, text="换新", actor=cast.actor(cast.agent), at=LATER)


def test_a_branch_leads_back(cast, run):
    do(cast, run, cast.agent)
    choose(cast, run, "failed")
    assert [name for name, _s in course(run)] == ["look", "parts", "check", "look"]
    assert run.steps.get(position=3).outcome == "failed"
    do(cast, run, cast.agent)
    choose(cast, run, "passed")
    assert course(run)[-1] == ("tell", "open")


def test_a_condition_is_read_when_the_step_is_reached(cast, case, run):
    cases.case_classify(case_id=case.pk, severity="major", actor=cast.actor(cast.agent), at=AT)
    do(cast, run, cast.agent)
    assert course(run)[-1] == ("parts", "open")


def test_only_who_may_do_it_chooses_and_only_what_there_is(cast, run):
    with pytest.raises(Conflict):
        choose(cast, run, "passed")
    do(cast, run, cast.agent)
    with pytest.raises(NotAllowed):
        choose(cast, run, "passed", who=cast.agent)
    with pytest.raises(Invalid):
        choose(cast, run, "perhaps")
    with pytest.raises(NotFound):
        choose(cast, run, "passed", who=cast.nobody)
    with pytest.raises(Conflict):
        do(cast, run, cast.supervisor)


def test_a_step_that_leads_to_the_end_ends_it(cast):
    run = make_run("plain")
    assert run.subject is None and owed(run).roles == ["manager"]
    do(cast, run, cast.manager)
    do(cast, run, cast.manager)
    run.refresh_from_db()
    assert (run.state, run.ended_at) == ("done", LATER) and course(run) == [("a", "done"), ("b", "done")]
    kinds = list(
        Event.objects.filter(subject_kind="run", subject_id=run.pk)
        .order_by("seq")
        .values_list("kind", flat=True)
    )
    assert kinds == [
        "run.started",
        "run.step_begun",
        "run.step_done",
        "run.step_begun",
        "run.step_done",
        "run.finished",
    ]


def test_about_one_thing_one_run_is_under_way(case, run):
    assert make_run("repair", subject=("case", case.pk)).pk == run.pk
    assert make_run("plain").pk != make_run("plain").pk


def test_called_off_with_a_reason(cast, run):
    supervisor = cast.actor(cast.supervisor)
    with pytest.raises(Invalid):
        services.run_cancel(run_id=run.pk, reason=" ", actor=supervisor, at=LATER)
    with pytest.raises(NotAllowed):
        services.run_cancel(run_id=run.pk, reason="重复", actor=cast.actor(cast.agent), at=LATER)
    services.run_cancel(run_id=run.pk, reason="重复", actor=supervisor, at=LATER)
    assert course(run) == [("look", "cancelled")]
    assert Duty.objects.get(origin_code="process.step").state == "cancelled"
    with pytest.raises(Conflict):
        services.run_cancel(run_id=run.pk, reason="再来", actor=supervisor, at=LATER)


def test_the_duty_of_a_step_ends_with_it_alone(cast, run):
    with pytest.raises(Conflict):
        duties.duty_cancel(duty_id=owed(run).pk, reason="不管了", actor=cast.actor(cast.supervisor), at=LATER)


def test_who_may_not_start_or_see(cast, case):
    rule = Rule.objects.get(name="repair")
    for who in (cast.agent, cast.nobody):
        with pytest.raises(NotAllowed):
            services.run_start(rule_id=rule.pk, subject=("case", case.pk), actor=cast.actor(who), at=AT)
    for subject in (("case", 10**9), ("dragon", 1)):
        with pytest.raises(NotFound):
            services.run_start(rule_id=rule.pk, subject=subject, actor=cast.actor(cast.supervisor), at=AT)
    run = make_run("repair", subject=("case", case.pk))
    with pytest.raises(NotFound):
        queries.get(cast.actor(cast.nobody), run.pk)
    assert list(queries.visible_to(cast.actor(cast.nobody))) == []


def test_one_that_goes_round_for_ever_is_stopped(cast, case, run, monkeypatch):
    monkeypatch.setattr("shounuo.process.rules.MOST_STEPS", 7)
    do(cast, run, cast.agent)
    choose(cast, run, "failed")
    do(cast, run, cast.agent)
    with pytest.raises(Conflict, match="转了太多圈"):
        choose(cast, run, "failed")
        do(cast, run, cast.agent)


def test_no_run_of_what_is_not_in_force(cast):
    with pytest.raises(NotFound):
        services.run_start(rule_id=10**9, actor=Actor.system(), at=AT)
    assert not Run.objects.exists()
