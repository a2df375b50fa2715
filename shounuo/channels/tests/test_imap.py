"""Fetching by IMAP, spoken to over a real connection: each mail once, none lost, nothing deleted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shounuo.cases.models import Case
from shounuo.channels import imap, queries, services, subscribers, tasks
from shounuo.channels.models import Mailbox, RawMessage
from shounuo.channels.testing import AT, make_mail, make_mailbox
from shounuo.channels.tests.imap_server import ImapServer
from shounuo.events.models import Event
from shounuo.events.services import as_published
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotAllowed
from shounuo.notices.models import Notice
from shounuo.staff.services import organisation_change
from shounuo.staff.testing import make_cast, set_up_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    running = ImapServer()
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def mailbox(server):
    set_up_organisation()
    return make_mailbox(
        receipt=False, imap_host="127.0.0.1", imap_port=server.port, imap_security="none", imap_login="kefu",
        imap_password="secret",
    )  # fmt: skip


def fetch(mailbox, at=AT):
    return imap.fetch(mailbox_id=mailbox.pk, at=at)


def handle():
    for id in RawMessage.objects.filter(state="stored").values_list("pk", flat=True):
        services.mail_handle(raw_id=id, at=AT)


def test_new_mail_is_stored_marked_and_becomes_cases(server, mailbox):
    for n in range(3):
        server.add(make_mail(f"第 {n} 封"))
    assert fetch(mailbox) == imap.Fetched(3, 3, 0)
    assert all(m.seen for m in server.mails) and not server.deleted
    handle()
    assert Case.objects.count() == 3
    assert set(RawMessage.objects.values_list("via", "mailbox_id")) == {("imap", mailbox.pk)}


def test_it_says_who_it_is_before_it_opens_the_folder(server, mailbox):
    fetch(mailbox)
    names = [s.split()[0].upper() for s in server.said]
    assert names.index("ID") < names.index("SELECT")


def test_a_second_round_takes_only_what_is_new(server, mailbox):
    server.add(make_mail("一"))
    fetch(mailbox)
    assert fetch(mailbox).found == 0
    server.add(make_mail("二"))
    assert fetch(mailbox).stored == 1 and RawMessage.objects.count() == 2


def test_what_a_colleague_has_read_meanwhile_is_fetched_all_the_same(server, mailbox):
    fetch(mailbox)
    server.add(make_mail("一"), seen=True)
    assert fetch(mailbox).stored == 1


def test_a_crash_between_storing_and_moving_on_stores_nothing_twice(server, mailbox, monkeypatch):
    server.add(make_mail("一"))
    monkeypatch.setattr(imap, "_moved", lambda *args: None)
    fetch(mailbox)
    monkeypatch.undo()
    fetch(mailbox)
    assert RawMessage.objects.count() == 1


def test_the_history_of_a_mailbox_is_left_alone_at_the_first_time(server, mailbox):
    server.add(make_mail("旧，已读"), seen=True)
    server.add(make_mail("旧，未读"), day=date(2026, 1, 1))
    server.add(make_mail("新"), day=date(2026, 10, 9))
    assert fetch(mailbox).stored == 1
    assert fetch(mailbox).found == 0


def test_renumbered_mails_are_recognised_by_their_content(server, mailbox):
    for n in range(3):
        server.add(make_mail(f"第 {n} 封"))
    fetch(mailbox)
    handle()
    server.renumber()
    server.add(make_mail("新的一封"))
    fetched = fetch(mailbox, AT + timedelta(hours=1))
    handle()
    assert fetched.found == 4 and Case.objects.count() == 4
    assert RawMessage.objects.filter(state="duplicate").count() == 3


def test_the_same_mail_in_two_mailboxes_is_one_message(server, mailbox):
    other = make_mailbox(
        "sales@shounuo.test", imap_host="127.0.0.1", imap_port=server.port, imap_security="none", imap_login="sales",
        imap_password="secret", receipt=False,
    )  # fmt: skip
    server.add(make_mail("一"))
    fetch(mailbox)
    server.mails[0].seen = False
    fetch(other)
    handle()
    assert RawMessage.objects.count() == 2 and Case.objects.count() == 1


def test_a_mail_that_the_server_cannot_give_is_told_and_does_not_block_the_others(server, mailbox):
    server.add(make_mail("一"))
    bad = server.add(make_mail("坏"))
    nothing = server.add(make_mail("空"))
    server.add(make_mail("四"))
    server.broken, server.empty = {bad}, {nothing}
    assert fetch(mailbox) == imap.Fetched(4, 2, 2)
    assert RawMessage.objects.filter(state="quarantined").count() == 2
    assert fetch(mailbox).found == 0


def test_a_mail_too_large_is_told(server, mailbox, settings):
    settings.MAX_MESSAGE_BYTES = 2000
    server.add(make_mail("x" * 4000))
    assert fetch(mailbox) == imap.Fetched(1, 0, 1)
    assert "太大" in RawMessage.objects.get().reason


def test_a_connection_that_breaks_leaves_what_was_stored_and_goes_on_later(server, mailbox, monkeypatch):
    monkeypatch.setattr(imap, "BATCH", 2)
    for n in range(5):
        server.add(make_mail(f"第 {n} 封"))
    server.drop = 4
    fetch(mailbox)
    mailbox.refresh_from_db()
    assert mailbox.imap_error and RawMessage.objects.count() == 2
    fetch(mailbox)
    mailbox.refresh_from_db()
    assert not mailbox.imap_error and RawMessage.objects.count() == 5


def test_a_mailbox_that_fails_is_told_of_once_a_day_of_the_house(server, mailbox):
    cast = make_cast()
    organisation_change(zone="America/New_York", actor=Actor.system(), at=AT)
    server.password = "another"
    for n in range(3):
        fetch(mailbox, AT + timedelta(minutes=n))
    failing = as_published(Event.objects.get(kind="mailbox.failing"))
    told = Notice.objects.filter(person=cast.admin, kind="mailbox.failing")
    evening = datetime(
        2026, 11, 2, 2, 0, tzinfo=UTC
    )  # nine o'clock there, already the 2nd in UTC and in Shanghai
    for at, count in ((evening, 1), (evening + timedelta(hours=2), 1), (evening + timedelta(hours=4), 2)):
        subscribers.mailbox_failing(replace(failing, at=at), at)
        assert told.count() == count


def test_a_wrong_password_is_shown_and_told_after_three_rounds(server, mailbox):
    cast = make_cast()
    server.password = "another"
    for n in range(4):
        fetch(mailbox, AT + timedelta(minutes=n))
    run_jobs(AT)
    mailbox.refresh_from_db()
    assert "登录被拒绝" in mailbox.imap_error and mailbox.imap_failures == 4
    assert "secret" not in mailbox.imap_error
    assert Event.objects.filter(kind="mailbox.failing").count() == 1
    assert Notice.objects.filter(person=cast.admin, kind="mailbox.failing").count() == 1
    server.password = "secret"
    fetch(mailbox)
    mailbox.refresh_from_db()
    assert not mailbox.imap_error and Event.objects.filter(kind="mailbox.recovered").count() == 1


def test_a_server_that_is_away_is_an_error_on_the_mailbox(server, mailbox):
    server.shutdown()
    server.server_close()
    fetch(mailbox)
    mailbox.refresh_from_db()
    assert mailbox.imap_error


def test_a_password_does_not_go_in_clear_to_another_machine(mailbox):
    Mailbox.objects.update(imap_host="imap.example.cn")
    assert "不加密" in imap.check(Mailbox.objects.get())


def test_checking_a_mailbox_says_what_is_wrong(server, mailbox):
    assert imap.check(mailbox) == ""
    server.password = "another"
    assert "AUTHENTICATIONFAILED" in imap.check(mailbox)


def test_the_poll_queues_one_job_per_mailbox(server, mailbox):
    assert queries.imap_mailbox_ids() == [mailbox.pk]
    tasks.imap_poll(0)
    tasks.imap_poll(0)
    server.add(make_mail("一"), day=now().date())
    run_jobs(AT)
    assert RawMessage.objects.count() == 1


def test_another_account_is_read_from_its_beginning(server, mailbox):
    server.add(make_mail("一"))
    fetch(mailbox)
    services.mailbox_change(mailbox_id=mailbox.pk, imap_login="other", actor=Actor.system(), at=AT)
    server.mails[0].seen = False
    assert fetch(mailbox).stored == 1
    handle()
    assert Case.objects.count() == 1


def test_passwords_are_kept_encrypted_and_only_managers_touch_mailboxes(mailbox):
    cast = make_cast()
    assert "secret" not in Mailbox.objects.get().imap_password
    with pytest.raises(NotAllowed):
        services.mailbox_change(mailbox_id=mailbox.pk, name="x", actor=cast.actor(cast.supervisor), at=AT)
