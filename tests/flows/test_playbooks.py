"""From the clause to who is where: events and alarms start what the regulation lays down, and their course closes its steps."""

from dataclasses import replace

import pytest

from shounuo.cases import services as cases
from shounuo.cases.testing import make_case
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.events import subjects
from shounuo.policy.models import Rule
from shounuo.policy.testing import make_in_force, make_shipped, make_text
from shounuo.process import services
from shounuo.process.models import Run
from shounuo.risk import services as alarms
from shounuo.risk.models import Alarm
from shounuo.staff.queries import actor_for

pytestmark = pytest.mark.django_db(transaction=True)


def course(run):
    return [(s.name, str(s.state)) for s in run.steps.order_by("position")]


def test_the_eight_steps_of_a_complaint_run_as_the_regulation_has_them(house):
    house.open()
    make_shipped("livestock", at=house.at)
    cast, agent = house.cast, actor_for(house.cast.agent)
    assert Rule.objects.get(name="complaint-steps").status == "live"
    services.events_read(at=house.at)
    make_case(team=cast.team, owner=cast.agent, kind="inquiry", at=house.at)
    case = make_case(team=cast.team, owner=cast.agent, kind="complaint", at=house.at)
    assert services.events_read(at=house.at) == (1, 0)
    assert services.events_read(at=house.at) == (0, 0), "each event counts once"
    run = Run.objects.get()
    assert run.subject == ("case", case.pk) and course(run) == [("receive", "open")]

    def done():
        duty = Duty.objects.get(state="open", origin_code="process.step")
        who = cast.agent if duty.owner_id == cast.agent.pk else cast.supervisor
        duties.duty_done(duty_id=duty.pk, note="办妥", actor=actor_for(who), at=house.at)

    house.later(5)
    done()
    done()
    # proposed before the step was reached: it is done when the run comes to it
    cases.plan_propose(
        case_id=case.pk,
        options=[
            {
                "title": "换货",
                "pros": "快",
                "cons": "要装卸",
                "steps": "同车拉回",
                "time": "2 天",
                "cost": "0 元",
            }
        ],
        actor=agent,
        at=house.at,
    )
    done()
    assert course(run)[3:] == [("plan", "done"), ("execute", "open")]
    house.later(5)
    cases.case_resolve(case_id=case.pk, text="已换货", actor=agent, at=house.at)
    assert services.events_read(at=house.at)[1] == 1
    execute = run.steps.get(name="execute")
    assert (execute.ended_by_id, execute.ended_at, execute.duty.state) == (cast.agent.pk, house.at, "done")
    done()
    assert course(run)[-1] == ("confirm", "open"), "the customer's: nobody here owes it"
    assert not Duty.objects.filter(state="open", origin_code="process.step").exists()
    cases.case_confirm(case_id=case.pk, actor=agent, at=house.at)
    services.events_read(at=house.at)
    run.refresh_from_db()
    assert run.state == "done" and course(run)[-2:] == [("confirm", "done"), ("close", "done")]


PLAN = """      - alarm: praised
        trigger: {event: case.opened, kind: praise}
        level: blue
        notify: supervisor
        plan: thanks
      - playbook: thanks
        steps: [{name: write, title: 写感谢信, role: supervisor}]
"""


def test_an_alarm_starts_its_plan(house):
    house.open()
    make_in_force(make_text("T-1", rules=PLAN), at=house.at)
    services.events_read(at=house.at)
    alarms.alarms_triggered(at=house.at)
    make_case(kind="praise", team=house.cast.team, at=house.at)
    assert alarms.alarms_triggered(at=house.at) == 1
    assert services.events_read(at=house.at) == (1, 0)
    run = Run.objects.get()
    assert run.subject_kind == "alarm" and course(run) == [("write", "open")]
    assert Duty.objects.get(origin_code="process.step").title == "写感谢信"
    page = house.browser(house.cast.supervisor).get(f"/alarms/{run.subject_id}/").text
    assert "预案" in page and f'href="/process/{run.pk}/"' in page and "写感谢信" in page
    assert house.browser(house.cast.agent).get(f"/alarms/{run.subject_id}/").status_code == 403


def test_an_alarm_whose_plan_nobody_wrote_says_so(house):
    house.open()
    rules = PLAN[: PLAN.index("      - playbook")].replace("plan: thanks", "plan: banquet")
    make_in_force(make_text("T-1", rules=rules), at=house.at)
    alarms.alarms_triggered(at=house.at)
    make_case(kind="praise", team=house.cast.team, at=house.at)
    alarms.alarms_triggered(at=house.at)
    alarm = Alarm.objects.get()
    page = house.browser(house.cast.supervisor).get(f"/alarms/{alarm.pk}/").text
    assert "banquet" in page and "施行的制度里没有这个流程" in page


VISITS = """      - playbook: visit
        title: 上门
        trigger: case.opened
        steps: [{name: go, role: agent}]
"""


def test_what_happened_before_a_playbook_was_in_force_starts_none_and_holds_nothing_up(house):
    house.open()
    services.events_read(at=house.at)  # from here on
    make_case("早先的", team=house.cast.team, owner=house.cast.agent, at=house.at)
    house.later(1)
    make_in_force(make_text("T-2", code="visits", rules=VISITS), at=house.at)
    house.later(1)
    after = make_case("之后的", team=house.cast.team, owner=house.cast.agent, at=house.at)
    assert services.events_read(at=house.at) == (1, 0)
    assert [(run.name, run.subject) for run in Run.objects.all()] == [("visit", ("case", after.pk))]
    assert services.events_read(at=house.at) == (0, 0)


def test_what_is_gone_when_the_log_is_read_holds_nothing_up(house, monkeypatch):
    house.open()
    make_in_force(make_text("T-2", code="visits", rules=VISITS), at=house.at)
    services.events_read(at=house.at)
    gone, there = (
        make_case(text, team=house.cast.team, owner=house.cast.agent, at=house.at)
        for text in ("没了的", "还在的")
    )
    case = subjects.get("case")
    left = replace(case, visible_ids=lambda actor, ids: case.visible_ids(actor, ids) - {gone.pk})
    monkeypatch.setitem(subjects._subjects, "case", left)
    assert services.events_read(at=house.at) == (1, 0)
    assert Run.objects.get().subject == ("case", there.pk)
