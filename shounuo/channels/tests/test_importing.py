"""Bringing in the mail of the past: once, of its own dates, and without a word to anybody."""

import mailbox as python_mailbox
from datetime import UTC, datetime, timedelta

import pytest

from shounuo.calendars.testing import make_defaults
from shounuo.cases.models import Case, Interaction
from shounuo.channels import services
from shounuo.channels.models import RawMessage
from shounuo.channels.testing import AT, make_mail, make_mailbox, receive
from shounuo.commitments.models import Clock
from shounuo.customers.models import Customer
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.files.models import File
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.notices.models import Notice
from shounuo.notices.testing import clear_outbox, outbox
from shounuo.staff.testing import make_cast, set_up_organisation

pytestmark = pytest.mark.django_db
OLD = datetime(2023, 5, 4, 1, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def house():
    set_up_organisation()
    make_defaults(at=AT)
    clear_outbox()
    return make_mailbox()


def bring_in(path):
    return services.import_mail(path, actor=Actor.system(), at=AT)


def thread(n=0):
    """A customer's mail, our answer, his thanks."""
    return [
        make_mail(f"问 {n}", message_id=f"<q{n}@example.cn>", date=OLD, files=[("a.pdf", b"%PDF", "application/pdf")]),
        make_mail(
            f"答 {n}", sender="守诺 <kefu@shounuo.test>", to="song@example.cn", message_id=f"<a{n}@old.desk>",
            in_reply_to=f"<q{n}@example.cn>", date=OLD + timedelta(hours=3),
        ),
        make_mail(f"谢 {n}", in_reply_to=f"<a{n}@old.desk>", date=OLD + timedelta(days=1)),
    ]  # fmt: skip


def eml(folder, mails):
    folder.mkdir(exist_ok=True)
    for n, raw in enumerate(mails):
        (folder / f"{n:03}.eml").write_bytes(raw)
    return folder


def test_a_folder_becomes_closed_cases_of_their_own_dates(tmp_path):
    report = bring_in(eml(tmp_path / "old", reversed(thread())))
    assert (report.found, report.cases, report.messages) == (3, 1, 2)
    case = Case.objects.get()
    assert (case.status, case.opened_at, case.closed_at) == ("closed", OLD, OLD + timedelta(days=1))
    rows = list(case.interactions.order_by("at").values_list("direction", "text", "state"))
    assert rows == [("in", "问 0", "done"), ("out", "答 0", "done"), ("in", "谢 0", "done")]
    assert Customer.objects.get().name == "宋建国" and File.objects.get().name == "a.pdf"
    assert "新工单 1" in str(report)


def test_nothing_is_sent_started_or_told(tmp_path):
    make_cast()
    bring_in(eml(tmp_path / "old", thread()))
    run_jobs(AT)
    assert not outbox and not Clock.objects.exists() and not Notice.objects.exists()
    assert set(Event.objects.filter(subject_kind="case").values_list("kind", flat=True)) == {
        "case.imported",
        "interaction.imported",
    }


def test_it_may_be_repeated_and_broken_off(tmp_path, monkeypatch):
    folder = eml(tmp_path / "old", [*thread(0), *thread(1)])
    calls = []

    def stop(done, total):
        calls.append(done)
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.import_mail(folder, actor=Actor.system(), at=AT, progress=stop)
    there = RawMessage.objects.count()
    assert 0 < there < 6
    second = bring_in(folder)
    assert second.known == there and RawMessage.objects.count() == 6 and Case.objects.count() == 2
    third = bring_in(folder)
    assert (third.known, third.cases, third.messages) == (6, 0, 0)
    assert Interaction.objects.count() == 6


def test_mbox_and_maildir(tmp_path):
    box = python_mailbox.mbox(tmp_path / "all.mbox")
    for raw in thread(0):
        box.add(raw)
    box.flush()
    assert bring_in(tmp_path / "all.mbox").found == 3
    maildir = python_mailbox.Maildir(tmp_path / "maildir")
    for raw in thread(1):
        maildir.add(raw)
    assert bring_in(tmp_path / "maildir").found == 3
    assert Case.objects.count() == 2


def test_machines_and_rubbish_make_no_case_and_are_counted(tmp_path):
    talk = thread()
    mails = [make_mail(precedence="bulk"), b"no mail at all", *talk, b"Received: by b\r\n" + talk[0]]
    report = bring_in(eml(tmp_path / "old", mails))
    assert (report.automatic, report.quarantined, Case.objects.count()) == (1, 1, 1)
    assert (
        report.found
        == 6
        == (
            report.cases
            + report.messages
            + report.duplicates
            + report.automatic
            + report.quarantined
            + report.known
        )
    )
    row = RawMessage.objects.get(state="quarantined")
    services.quarantine_release(raw_id=row.pk, actor=Actor.system(), at=AT)
    assert Case.objects.filter(status="closed").count() == 2


def test_an_answer_today_opens_a_case_of_the_past(tmp_path):
    bring_in(eml(tmp_path / "old", thread()))
    row = receive(make_mail("又坏了", in_reply_to="<a0@old.desk>"))
    case = Case.objects.get()
    assert (row.reason, case.status, case.reopen_count) == ("reference", "new", 1)
    assert Event.objects.filter(kind="case.reopened").exists()


def test_a_date_that_cannot_be_is_today(tmp_path):
    bring_in(eml(tmp_path / "old", [make_mail(date=datetime(2199, 1, 1, tzinfo=UTC))]))
    assert Case.objects.get().opened_at == AT


def test_it_is_an_operators_act(tmp_path):
    cast = make_cast()
    with pytest.raises(NotAllowed):
        services.import_mail(tmp_path, actor=cast.actor(cast.admin), at=AT)
    with pytest.raises(Invalid):
        bring_in(tmp_path / "nothing")
