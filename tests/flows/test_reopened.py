"""The customer is not content: a new round, its clocks, and who is told the second time."""

import pytest

from shounuo.cases import services as cases
from shounuo.channels import services as channels
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from tests.flows.house import moment

pytestmark = pytest.mark.django_db
State = Clock.State
SOLVE = "- {commitment: solve, subject: case, from: case.opened, until: case.resolved, within: PT2H}"


@pytest.fixture
def resolved(house):
    """A case of 10:00 that the agent resolved at 10:30."""
    house.open().promise(SOLVE)
    case = house.case_of(house.mail())
    resolve(house, case, "已补发")
    return case


def resolve(house, case, text):
    cases.case_resolve(case_id=case.pk, text=text, actor=house.agent, at=house.later(30))
    house.work()


def dispute(house, case, reason):
    who = Actor.customer(case.customer_id)
    channels.customer_dispute(case_id=case.pk, reason=reason, actor=who, at=house.later(60))
    house.work()


def test_a_dispute_begins_a_second_round_with_a_clock_of_its_own(house, resolved):
    assert house.clock(resolved, "solve").state == State.MET
    dispute(house, resolved, "还是结块")
    case = house.seen(resolved)
    assert (case.status, case.round, case.reopen_count) == ("open", 2, 1)
    first, second = Clock.objects.filter(commitment="solve").order_by("round")
    assert (first.round, first.state) == (1, State.MET)
    assert (second.round, second.state, second.started_at, second.due_at) == (
        2,
        State.RUNNING,
        moment("10-10 11:30"),
        moment("10-10 13:30"),
    )
    assert "case.disputed" in house.told(house.cast.agent)
    assert "case.reopened_again" not in house.told(house.cast.supervisor)


def test_the_second_time_the_supervisor_is_told(house, resolved):
    dispute(house, resolved, "还是结块")
    resolve(house, resolved, "再补发")
    dispute(house, resolved, "第三次了")
    assert house.told(house.cast.supervisor).count("case.reopened_again") == 1
    assert (house.seen(resolved).round, house.seen(resolved).reopen_count) == (3, 2)
    assert [c.state for c in Clock.objects.filter(commitment="solve").order_by("round")] == [
        State.MET,
        State.MET,
        State.RUNNING,
    ]


def test_a_mail_after_the_end_opens_it_again_and_a_holiday_notice_does_not(house, resolved):
    answer = house.mails_to()[-1]
    house.mail("我不在办公室", answers=answer, Auto_Submitted="auto-replied")
    assert house.seen(resolved).status == "resolved"
    house.mail("旧料还没拉走", answers=answer)
    assert (house.seen(resolved).status, house.seen(resolved).round) == ("open", 2)


def test_silence_closes_it_and_says_so(house, resolved):
    house.until("10-13 10:29")
    cases.close_silent(at=house.at)
    assert house.seen(resolved).status == "resolved"
    house.until("10-13 10:31")
    assert cases.close_silent(at=house.at) == 1
    case = house.seen(resolved)
    assert (case.status, case.closed_how) == ("closed", "silence")
    assert house.clock(resolved, "solve").state == State.MET
