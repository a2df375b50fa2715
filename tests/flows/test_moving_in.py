"""The mail of five years is brought in, and nobody hears a word of it."""

import mailbox
from datetime import UTC

import pytest

from shounuo.cases.models import Case
from shounuo.channels import services as channels
from shounuo.channels.testing import make_mail
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.notices.models import Notice, OutgoingMail
from shounuo.notices.testing import outbox
from tests.flows.house import OUR_ADDRESS, moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def old_mailbox(tmp_path):
    """An mbox of 40 questions, each with our answer and the customer's thanks."""
    path = tmp_path / "old.mbox"
    box = mailbox.mbox(path)
    for n in range(40):
        who, at = f"用户{n} <user{n}@example.cn>", moment(f"2024-03-{n % 28 + 1:02} 09:00").astimezone(UTC)
        box.add(make_mail(f"问 {n}", sender=who, message_id=f"<q{n}@example.cn>", date=at))
        box.add(
            make_mail(
                f"答 {n}",
                sender=f"守诺 <{OUR_ADDRESS}>",
                to=f"user{n}@example.cn",
                message_id=f"<a{n}@old.desk>",
                in_reply_to=f"<q{n}@example.cn>",
                date=at,
            )
        )
        box.add(make_mail(f"谢 {n}", sender=who, in_reply_to=f"<a{n}@old.desk>", date=at))
    box.flush()
    return path


def test_it_sends_starts_and_tells_nothing_and_a_second_time_brings_nothing(house, old_mailbox):
    house.open(receipt=True).regulation()
    steps = []
    report = channels.import_mail(
        old_mailbox, actor=Actor.system(), at=house.at, progress=lambda done, of: steps.append((done, of))
    )
    assert (report.found, report.cases, report.messages) == (120, 40, 80)
    assert steps[-1] == (120, 120)
    house.until("10-20 10:00")
    assert (
        outbox,
        OutgoingMail.objects.count(),
        Clock.objects.filter(subject_kind="case").count(),
        Notice.objects.count(),
    ) == (
        [],
        0,
        0,
        0,
    )
    assert set(Case.objects.values_list("status", flat=True)) == {"closed"}
    assert Case.objects.earliest("opened_at").opened_at == moment("2024-03-01 09:00")

    again = channels.import_mail(old_mailbox, actor=Actor.system(), at=house.at)
    assert (again.known, again.cases, Case.objects.count()) == (120, 0, 40)


def test_a_customer_of_the_past_who_writes_today_is_known_and_is_answered(house, old_mailbox):
    house.open(receipt=True).regulation()
    channels.import_mail(old_mailbox, actor=Actor.system(), at=house.at)
    house.later(1)
    old = Case.objects.get(customer__contact_points__value="user3@example.cn")
    row = house.mail(
        "又结块了", sender="用户3 <user3@example.cn>", envelope_from="user3@example.cn", subject="新问题"
    )
    case = house.case_of(row)
    assert case.customer_id == old.customer_id and case != old
    assert len(house.mails_to("user3@example.cn")) == 1 and "first-response" in house.clocks(case)
