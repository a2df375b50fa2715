"""Two machines write to each other, and one of them stops."""

import pytest

from shounuo.cases.models import Case
from shounuo.channels import rules
from shounuo.notices.testing import outbox
from tests.flows.house import OUR_ADDRESS

pytestmark = pytest.mark.django_db
ROBOT = "robot@example.cn"


def conversation(house, answer, *, rounds):
    """The robot writes first, and answers every mail that it gets from us; gives how many it got."""
    house.mail("你好", sender=f"机器人 <{ROBOT}>", envelope_from=ROBOT, subject="询价")
    answered = 0
    for _round in range(rounds):
        mails = house.mails_to(ROBOT)
        if len(mails) == answered:
            break
        for mail in mails[answered:]:
            answered += 1
            answer(mail)
        house.later(1)
    return len(house.mails_to(ROBOT))


def test_a_robot_that_says_what_it_is_gets_one_receipt(house):
    house.open(receipt=True)

    def answer(mail):
        house.mail(
            "我在休假",
            answers=mail,
            sender=f"机器人 <{ROBOT}>",
            envelope_from=ROBOT,
            Auto_Submitted="auto-replied",
        )

    assert conversation(house, answer, rounds=50) == 1
    case = Case.objects.get()
    assert list(case.interactions.order_by("at", "id").values_list("direction", "automatic")) == [
        ("in", False),
        ("out", True),
        ("in", True),
    ]
    assert case.status == "new"


def test_one_that_answers_in_the_thread_like_a_person_gets_no_second_one(house):
    house.open(receipt=True)

    def answer(mail):
        house.mail("已收到您的来信", answers=mail, sender=f"机器人 <{ROBOT}>", envelope_from=ROBOT)

    assert conversation(house, answer, rounds=50) == 1
    assert Case.objects.count() == 1


def test_one_that_begins_a_new_thread_each_time_is_answered_thrice_an_hour_and_then_set_aside(house):
    house.open(receipt=True)
    turn = iter(range(10_000))

    def answer(mail):
        house.mail(
            "已收到您的来信",
            subject="自动确认",
            sender=f"机器人 <{ROBOT}>",
            envelope_from=ROBOT,
            X_Turn=str(next(turn)),
        )

    assert conversation(house, answer, rounds=50) == 3
    rows = [
        house.mail(
            "已收到您的来信",
            subject="自动确认",
            sender=f"机器人 <{ROBOT}>",
            envelope_from=ROBOT,
            X_Turn=str(next(turn)),
        )
        for _n in range(60)
    ]
    assert rows[-1].state == "quarantined" and len(house.mails_to(ROBOT)) == 3
    assert Case.objects.count() <= 2 * rules.SAME_TEXT_PER_PAIR
    assert "mail.quarantined" in house.told(house.cast.admin)


def test_our_own_mailbox_writing_to_itself_stops_at_once(house):
    house.open(receipt=True)
    house.mail("你好", sender=f"守诺 <{OUR_ADDRESS}>", envelope_from=OUR_ADDRESS)
    house.later(1)
    assert not [sent for sent in outbox if OUR_ADDRESS in sent.recipients]


def test_what_we_sent_and_a_forwarder_sends_back_opens_nothing(house):
    house.open(receipt=True)
    house.mail()
    [sent] = [s for s in outbox if "song@example.cn" in s.recipients]
    row = house.mail(raw=sent.raw, envelope_from=OUR_ADDRESS)
    assert row.state == "loop" and Case.objects.count() == 1 and len(house.mails_to()) == 1
