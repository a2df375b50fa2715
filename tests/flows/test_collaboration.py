"""Another department is asked for help: its promise runs as a clock, and its answer brings the case back."""

import pytest

from shounuo.cases import queries, services
from shounuo.cases.models import Interaction
from shounuo.cases.testing import make_topic
from shounuo.commitments.models import Clock
from shounuo.duties import queries as duty_queries
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.staff.queries import actor_for
from shounuo.staff.services import team_create, token_create
from shounuo.staff.testing import make_person
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
State = Clock.State
Purpose = Interaction.Purpose


@pytest.fixture
def story(house):
    """The regulation of departments is in force; a case with an owner; an engineer and a head in the technical department."""
    house.open().regulation("enterprise")
    house.tech = team_create(code="lab", name="技术部", department="tech", actor=Actor.system(), at=house.at)
    house.engineer_row = make_person("engineer", roles=("dept_member",), teams=(house.tech,))
    house.head_row = make_person("head", roles=("dept_head",), teams=(house.tech,), leads=(house.tech,))
    house.case = house.case_of(house.mail())
    services.case_take(case_id=house.case.pk, actor=house.agent, at=house.at)
    return house


@pytest.fixture
def engineer(story):
    return actor_for(story.engineer_row)


def ask(story, text="设备编号 A-17 半夜掉线，请看日志是什么原因", **given):
    return services.help_ask(
        case_id=story.case.pk, team_id=story.tech.pk, text=text, actor=story.agent, at=story.at, **given
    )


def clocks(duty):
    return list(Clock.objects.filter(subject_kind="duty", subject_id=duty.pk).order_by("clause_code"))


def status(story):
    return story.seen(story.case).status


def test_asked_and_answered_in_time_the_department_has_kept_its_word(story, engineer):
    duty = ask(story)
    assert status(story) == "waiting_internal"
    # two clauses of the regulation speak of it: 4.2.3 and 4.3.1, half an hour each
    assert [(c.clause_code, c.state, c.due_at) for c in clocks(duty)] == [
        ("CAP-4.2.3", State.RUNNING, moment("10-10 10:30")),
        ("CAP-4.3.1", State.RUNNING, moment("10-10 10:30")),
    ]
    assert duty_queries.get(engineer, duty.pk).owed_at == moment("10-10 10:30")
    story.work()
    assert "duty.open" in story.told(story.engineer_row)

    story.later(20)
    duties.duty_done(duty_id=duty.pk, note="固件旧版会掉线，已远程升级", actor=engineer, at=story.at)
    story.work()
    assert [c.state for c in clocks(duty)] == [State.MET, State.MET]
    assert status(story) == "open"
    asked, answered = Interaction.objects.filter(
        case=story.case, purpose__in=[Purpose.HELP_ASKED, Purpose.HELP_ANSWERED]
    ).order_by("id")
    assert asked.text == "@技术部 设备编号 A-17 半夜掉线，请看日志是什么原因"
    assert (answered.text, answered.person_id, answered.direction) == (
        "固件旧版会掉线，已远程升级",
        engineer.id,
        "note",
    )
    assert "collaboration.answered" in story.told(story.cast.agent)
    assert not story.mails_to()  # nothing of it has left the house


def test_too_late_the_promise_is_broken_and_goes_up_to_the_head_of_the_department(story, engineer):
    duty = ask(story)
    story.until("10-10 10:31")
    assert [c.state for c in clocks(duty)] == [State.BREACHED, State.BREACHED]
    assert "clock.escalated" in story.told(story.head_row, clause="CAP-4.2.3")
    assert "clock.escalated" not in story.told(story.engineer_row)

    duties.duty_done(duty_id=duty.pk, note="查到了", actor=engineer, at=story.later(30))
    assert [(c.state, c.met_at) for c in clocks(duty)] == [(State.BREACHED, story.at)] * 2
    assert status(story) == "open"


def test_the_case_waits_for_the_last_of_several_answers(story, engineer):
    first, second = ask(story), ask(story, "再看一下备件库存")
    duties.duty_done(duty_id=first.pk, note="日志看过了", actor=engineer, at=story.later(5))
    assert status(story) == "waiting_internal"
    duties.duty_done(duty_id=second.pk, note="有货", actor=engineer, at=story.later(5))
    assert status(story) == "open"


def test_what_else_a_case_waits_for_is_not_ended_by_an_answer(story, engineer):
    duty = ask(story)
    services.case_wait(
        case_id=story.case.pk, on="internal", reason="等经理批复", actor=story.agent, at=story.later(1)
    )
    duties.duty_done(duty_id=duty.pk, note="好了", actor=engineer, at=story.later(1))
    assert status(story) == "waiting_internal"


def test_the_department_sees_what_it_is_asked_and_not_the_case(story, engineer):
    duty = ask(story)
    browser = story.browser(story.engineer_row)
    page = browser.get(f"/duties/{duty.pk}/")
    assert page.status_code == 200
    assert "设备编号 A-17" in page.content.decode()
    assert story.case.subject not in page.content.decode()
    assert str(story.case.number) not in page.content.decode()
    assert browser.get(f"/cases/{story.case.number}/").status_code in (403, 404)
    assert not queries.visible_to(engineer).exists()
    assert browser.get("/").headers["Location"] == "/duties/"


def test_nobody_else_sees_or_answers_it(story, engineer):
    duty = ask(story)
    stranger = actor_for(make_person("stranger", roles=("dept_member",)))
    with pytest.raises(NotFound):
        duty_queries.get(stranger, duty.pk)
    with pytest.raises(NotFound):
        duties.duty_done(duty_id=duty.pk, note="我来", actor=stranger, at=story.at)
    with pytest.raises(NotFound):
        services.help_ask(
            case_id=story.case.pk, team_id=story.tech.pk, text="？", actor=engineer, at=story.at
        )
    assert story.browser(story.cast.outsider).get(f"/duties/{duty.pk}/").status_code == 404
    # who asked sees it, and may not answer himself
    with pytest.raises(NotAllowed):
        duties.duty_done(duty_id=duty.pk, note="我自己答", actor=story.agent, at=story.at)


def test_called_off_nothing_is_owed_and_the_case_goes_on(story):
    duty = ask(story)
    duties.duty_cancel(duty_id=duty.pk, reason="客户自己找到了", actor=story.agent, at=story.later(5))
    story.work()
    assert [(c.state, c.cancel_reason) for c in clocks(duty)] == [(State.CANCELLED, "called_off")] * 2
    assert status(story) == "open"


def test_an_answer_that_is_not_enough_is_asked_for_again(story, engineer):
    duty = ask(story)
    duties.duty_done(duty_id=duty.pk, note="不清楚", actor=engineer, at=story.later(10))
    duties.duty_reopen(duty_id=duty.pk, reason="没有答到点上", actor=story.agent, at=story.later(10))
    again = Clock.objects.filter(subject_kind="duty", subject_id=duty.pk, clause_code="CAP-4.3.1").order_by(
        "round"
    )
    assert [(c.round, c.state) for c in again] == [(1, State.MET), (2, State.RUNNING)]
    assert again[1].due_at == moment("10-10 10:50")


def test_closing_the_case_ends_what_is_still_asked(story, engineer):
    duty = ask(story)
    services.case_classify(
        case_id=story.case.pk, topic_id=make_topic("feed", "饲料").pk, actor=story.agent, at=story.at
    )
    services.case_resolve(case_id=story.case.pk, text="已换货", actor=story.agent, at=story.later(5))
    services.case_close(case_id=story.case.pk, actor=story.agent, at=story.later(5))
    story.work()
    duty.refresh_from_db()
    assert duty.state == Duty.State.CANCELLED
    assert {c.state for c in clocks(duty)} == {State.CANCELLED}
    with pytest.raises(Conflict):
        duties.duty_done(duty_id=duty.pk, note="晚了", actor=engineer, at=story.later(1))


def test_the_answer_follows_a_merged_case(story, engineer):
    duty = ask(story)
    other = story.case_of(story.mail("还有一件事", subject="另一件事"))
    services.cases_merge(
        source_id=story.case.pk, target_id=other.pk, actor=story.supervisor, at=story.later(1)
    )
    duties.duty_done(duty_id=duty.pk, note="查到了", actor=engineer, at=story.later(1))
    assert Interaction.objects.get(purpose=Purpose.HELP_ANSWERED).case_id == other.pk


def test_what_cannot_be_asked_is_said(story):
    with pytest.raises(Invalid):
        ask(story, "  ")
    with pytest.raises(Invalid) as own:
        services.help_ask(
            case_id=story.case.pk, team_id=story.cast.team.pk, text="看看", actor=story.agent, at=story.at
        )
    assert own.value.code == "own_team"
    with pytest.raises(Invalid) as past:
        ask(story, due_at=moment("10-10 09:00"))
    assert past.value.code == "in_the_past"
    assert not Duty.objects.filter(kind="collaboration").exists()
    assert status(story) == "open"


def test_the_case_page_asks_and_shows_what_is_owed(story, engineer):
    browser, url = story.browser(story.cast.agent), f"/cases/{story.case.number}/"
    dialog = browser.get(url + "ask/", headers={"HX-Request": "true"}).content.decode()
    assert "技术部 · 30 分钟 · 4.2.3" in dialog
    sent = browser.post(url + "ask/", {"team": story.tech.pk, "text": "请看日志"})
    assert sent.status_code == 302
    (duty,) = Duty.objects.filter(kind="collaboration")
    page = browser.get(url).content.decode()
    assert f'href="/duties/{duty.pk}/">请看日志</a>' in page
    assert "请部门协作" in page
    refused = browser.post(url + "ask/", {"team": story.tech.pk, "text": ""}, headers={"HX-Request": "true"})
    assert refused.status_code == 422


def test_the_api_asks_and_answers(story, engineer):
    (_a, asker), (_b, answerer) = (
        token_create(person_id=person.pk, name="t", actor=Actor.system(), at=story.at)
        for person in (story.cast.agent, story.engineer_row)
    )
    said = story.browser().post(
        f"/api/v1/cases/{story.case.number}/actions/ask",
        {"team": "lab", "text": "请看日志"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {asker}"},
    )
    assert (said.status_code, said.json()["status"]) == (200, "waiting_internal")
    (duty,) = Duty.objects.filter(kind="collaboration")
    done = story.browser().post(
        f"/api/v1/duties/{duty.pk}/done",
        {"note": "日志正常"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {answerer}"},
    )
    assert (done.status_code, done.json()["state"]) == (200, "done")
    assert status(story) == "open"
