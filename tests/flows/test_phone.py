"""A customer calls: he is found by his number, and the case is answered while it is written down."""

import pytest

from shounuo.cases import services as cases
from shounuo.cases.models import Case
from shounuo.cases.testing import make_topic
from shounuo.commitments.models import Clock
from shounuo.customers import queries as customers
from shounuo.customers.services import customer_change, customer_find_or_create
from shounuo.kernel.actors import Actor

pytestmark = pytest.mark.django_db
State = Clock.State


def call(house, channel="phone", **more):
    customer, _new = customer_find_or_create(
        name="宋建国", phone="138 0394 6721", actor=house.agent, at=house.at
    )
    case, _first = cases.case_open(
        channel=channel,
        subject="打来问发票",
        text="复述：发票抬头要改成合作社",
        customer_id=customer.pk,
        owner_id=house.cast.agent.pk,
        actor=house.agent,
        at=house.at,
        **more,
    )
    house.work()
    return case


@pytest.mark.parametrize("channel", ["phone", "visit"])
def test_a_call_is_answered_when_it_is_opened(house, channel):
    house.open().regulation()
    case = call(house, channel)
    clock = house.clock(case, "first-response")
    assert (clock.state, clock.met_at, clock.met_automatic) == (State.MET, house.at, False)
    assert clock.person_met_at == house.at  # a person has answered, not a machine
    case = house.seen(case)
    assert (case.status, case.owner_id, case.unanswered) == ("open", house.cast.agent.pk, False)
    assert house.history(case)[:4] == [
        "case.opened",
        "interaction.received",
        "call.answered",
        "info.collected",
    ]
    assert house.mails_to() == []
    house.later(120)
    assert house.of_clock(clock) == ["started", "met"]


def test_he_is_found_while_the_number_is_typed_and_his_mail_joins_him(house):
    house.open()
    first = call(house)
    [found] = customers.by_phone_prefix(house.agent, "1380394", limit=5)
    assert found.pk == first.customer_id
    customer_find_or_create(
        name="", mail="song@example.cn", phone="13803946721", actor=Actor.system(), at=house.at
    )
    row = house.mail("发票照片在附件")
    assert house.case_of(row).customer_id == first.customer_id
    assert Case.objects.filter(customer_id=first.customer_id).count() == 2


def test_judging_the_call_takes_three_minutes_at_most(house):
    house.open().regulation()
    case = call(house)
    triage = house.clock(case, "triage")
    assert (triage.due_at - triage.started_at).total_seconds() == 180
    cases.case_classify(case_id=case.pk, complexity="simple", actor=house.agent, at=house.later(1))
    assert house.clock(case, "triage").state == State.RUNNING  # the topic and the region are not known yet
    customer_change(customer_id=case.customer_id, region="河南 周口", actor=house.agent, at=house.at)
    topic = make_topic("invoice", "发票").pk
    cases.case_classify(case_id=case.pk, topic_id=topic, actor=house.agent, at=house.later(1))
    assert house.clock(case, "triage").state == State.MET
