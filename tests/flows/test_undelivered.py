"""An answer that never arrived is no answer: the promise is owed again, and the owner hears of it at once."""

import pytest

from shounuo.cases import services as cases
from shounuo.cases.models import Interaction
from shounuo.commitments.models import Clock
from shounuo.notices.models import Notice
from tests.flows.house import OUR_ADDRESS, moment

pytestmark = pytest.mark.django_db
State = Clock.State


def bounce(mail):
    """What the customer's server writes back to our mail."""
    return (
        f"From: MAILER-DAEMON@mx.example.cn\r\nTo: {OUR_ADDRESS}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nno such user\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.cn\r\n\r\n"
        "Final-Recipient: rfc822; song@example.cn\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {mail['Message-ID']}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    ).encode()


@pytest.fixture
def answered(house):
    """A mail of 10:00 that was answered at 10:10, in time."""
    house.open().regulation()
    case = house.case_of(house.mail())
    cases.reply_send(case_id=case.pk, text="能换", actor=house.agent, at=house.later(10))
    house.work()
    assert house.clock(case, "first-response").state == State.MET
    return case


def test_the_clock_it_had_stopped_runs_on_as_if_nothing_had_been_said(house, answered):
    house.later(5)
    row = house.mail(raw=bounce(house.mails_to()[-1]), envelope_from="")
    assert row.state == "bounce"
    clock = house.clock(answered, "first-response")
    assert (clock.state, clock.due_at, clock.met_at) == (State.RUNNING, moment("10-10 10:30"), None)
    case = house.seen(answered)
    assert case.unanswered and case.first_response_at is None
    urgent = Notice.objects.get(person=house.cast.agent, kind="interaction.failed")
    assert urgent.urgent

    # He is written to again in time, by the address that he gave on the phone.
    sent = cases.reply_send(
        case_id=case.pk, text="能换", recipients=["jianguo@example.cn"], actor=house.agent, at=house.later(5)
    )
    house.work()
    assert house.mails_to("jianguo@example.cn") and house.clock(case, "first-response").state == State.MET
    assert Interaction.objects.get(pk=sent.pk).state == "done"


def test_a_bounce_that_comes_too_late_leaves_a_broken_promise(house, answered):
    house.until("10-10 11:00")
    house.mail(raw=bounce(house.mails_to()[-1]), envelope_from="")
    house.later(1)
    clock = house.clock(answered, "first-response")
    assert (clock.state, clock.breached_at) == (State.BREACHED, moment("10-10 10:30"))
    assert "clock.breached" in house.told(house.cast.agent, clause="REG-2.2.1")


def test_a_second_answer_that_did_arrive_keeps_the_promise(house, answered):
    cases.reply_send(case_id=answered.pk, text="补充一句", actor=house.agent, at=house.later(5))
    house.work()
    first, _second = house.mails_to()
    house.mail(raw=bounce(first), envelope_from="")
    clock = house.clock(answered, "first-response")
    assert (clock.state, clock.met_at) == (State.MET, moment("10-10 10:15"))
