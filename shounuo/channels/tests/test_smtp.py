"""The SMTP listener, spoken to over a real connection."""

import shutil
import smtplib
import socket
import ssl
import subprocess
import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from shounuo.channels import smtp
from shounuo.channels.models import RawMessage
from shounuo.channels.testing import AT, make_mailbox
from shounuo.files.services import raw_get

pytestmark = pytest.mark.django_db(transaction=True)
MAIL = b"From: song@example.cn\r\nTo: kefu@shounuo.test\r\nSubject: one\r\n\r\nhello\r\n"


@pytest.fixture
def mailbox():
    return make_mailbox("kefu@shounuo.test", aliases=["help@shounuo.test"])


@pytest.fixture
def listener(mailbox):
    running = smtp.Listener("127.0.0.1", 0)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def client(listener):
    with smtplib.SMTP("127.0.0.1", listener.port, timeout=10) as session:
        yield session


def jobs():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'channels.mail_handle'")
        return cursor.fetchone()[0]


def test_250_means_the_mail_is_stored_with_its_job(client):
    client.sendmail("song@example.cn", ["kefu@shounuo.test"], MAIL)
    row = RawMessage.objects.get()
    assert (row.via, row.state, row.envelope_from, row.envelope_to) == (
        "smtp",
        "stored",
        "song@example.cn",
        ["kefu@shounuo.test"],
    )
    assert raw_get(row.sha256) == MAIL and row.peer == "127.0.0.1" and jobs() == 1


def test_a_delivery_repeated_because_our_answer_was_lost_is_kept_once(client):
    for _time in range(3):
        client.sendmail("song@example.cn", ["kefu@shounuo.test"], MAIL)
    assert RawMessage.objects.count() == 1 and jobs() == 1


def test_only_known_addresses_are_taken(client):
    client.ehlo()
    client.mail("song@example.cn")
    assert client.rcpt("nobody@shounuo.test")[0] == 550
    assert client.rcpt("someone@elsewhere.test")[0] == 550
    assert client.rcpt("HELP@Shounuo.test")[0] == 250


def test_a_plus_part_is_taken_only_where_the_mailbox_uses_it(client, mailbox):
    client.ehlo()
    client.mail("song@example.cn")
    assert client.rcpt("kefu+abc@shounuo.test")[0] == 550
    mailbox.plus_address = True
    mailbox.save()
    time.sleep(smtp.BOOK_SECONDS + 0.1)
    assert client.rcpt("kefu+abc@shounuo.test")[0] == 250


def test_a_catch_all_takes_any_address(listener):
    make_mailbox("any@shounuo.test", catch_all=True)
    with smtplib.SMTP("127.0.0.1", listener.port) as session:
        session.ehlo()
        session.mail("song@example.cn")
        assert session.rcpt("whoever@example.org")[0] == 250


def test_a_bounce_comes_from_nobody(client):
    client.sendmail("", ["kefu@shounuo.test"], MAIL)
    assert RawMessage.objects.get().envelope_from == ""


def test_one_mail_to_two_of_our_addresses_is_one_row(client):
    make_mailbox("sales@shounuo.test")
    client.sendmail("song@example.cn", ["kefu@shounuo.test", "sales@shounuo.test"], MAIL)
    assert RawMessage.objects.get().envelope_to == ["kefu@shounuo.test", "sales@shounuo.test"]


def test_starttls_is_offered_and_what_was_sent_before_it_is_forgotten(client):
    client.ehlo()
    assert client.has_extn("starttls") and not client.has_extn("auth")
    client.mail("song@example.cn")
    client.starttls(context=ssl._create_unverified_context())
    assert client.rcpt("kefu@shounuo.test")[0] == 503
    client.sendmail("song@example.cn", ["kefu@shounuo.test"], MAIL)
    assert RawMessage.objects.count() == 1


def test_a_mail_over_the_limit_is_refused_when_announced_and_when_sent(listener, settings):
    settings.MAX_MESSAGE_BYTES = 10_000
    with smtplib.SMTP("127.0.0.1", listener.port) as session:
        session.ehlo()
        assert session.mail("song@example.cn", ["SIZE=10001"])[0] == 552
        session.mail("song@example.cn")
        session.rcpt("kefu@shounuo.test")
        assert session.data(MAIL + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 200)[0] == 552
    assert not RawMessage.objects.exists()


def test_a_very_long_line_is_taken(client):
    client.sendmail("song@example.cn", ["kefu@shounuo.test"], MAIL + b"x" * 200_000 + b"\r\n")
    assert RawMessage.objects.get().size > 200_000


def _talk(port, *sent):
    """Raw bytes, and all that came back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        heard = plain.recv(4096)
        for data in sent:
            plain.sendall(data)
            time.sleep(0.2)
            heard += plain.recv(65536)
        return heard


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n.\n", b"\r\n\x00.\r\n"])
def test_a_bare_line_end_does_not_smuggle_a_second_mail_in(listener, end):
    evil = (
        b"MAIL FROM:<boss@bank.cn>\r\nRCPT TO:<kefu@shounuo.test>\r\nDATA\r\nSubject: two\r\n\r\nx\r\n.\r\n"
    )
    _talk(
        listener.port,
        b"EHLO a\r\n",
        b"MAIL FROM:<song@example.cn>\r\n",
        b"RCPT TO:<kefu@shounuo.test>\r\n",
        b"DATA\r\n",
        b"Subject: one\r\n\r\nhello" + end + evil,
    )
    assert [r.envelope_from for r in RawMessage.objects.all()] == ["song@example.cn"]


def test_when_the_database_is_away_the_sender_keeps_the_mail(client, monkeypatch):
    client.ehlo()
    client.mail("song@example.cn")
    client.rcpt("kefu@shounuo.test")

    def away(*args, **kwargs):
        raise OperationalError("the database is away")

    monkeypatch.setattr(smtp, "mails_accept", away)
    assert client.data(MAIL)[0] == 451
    monkeypatch.undo()
    client.sendmail("song@example.cn", ["kefu@shounuo.test"], MAIL)
    assert RawMessage.objects.count() == 1


def test_when_our_addresses_cannot_be_read_the_sender_tries_again(listener, monkeypatch):
    def away():
        raise OperationalError("the database is away")

    monkeypatch.setattr(smtp.queries, "mailbox_book", away)
    with smtplib.SMTP("127.0.0.1", listener.port) as session:
        session.ehlo()
        session.mail("song@example.cn")
        assert session.rcpt("kefu@shounuo.test")[0] == 451


def test_a_mail_that_cannot_be_stored_does_not_turn_its_neighbours_away(listener, monkeypatch):
    real = smtp.mails_accept

    def fragile(arrivals, **kwargs):
        if any(b"poison" in a.raw for a in arrivals):
            raise ValueError("no")
        return real(arrivals, **kwargs)

    monkeypatch.setattr(smtp, "mails_accept", fragile)
    codes = _send_together(listener.port, [MAIL + b"poison\r\n", *[MAIL + b"%d\r\n" % n for n in range(8)]])
    assert sorted(codes) == [250] * 8 + [451] and RawMessage.objects.count() == 8


def _send_together(port, mails):
    codes = []

    def send(mail):
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as session:
            session.ehlo()
            session.mail("song@example.cn")
            session.rcpt("kefu@shounuo.test")
            codes.append(session.data(mail)[0])

    threads = [threading.Thread(target=send, args=(m,)) for m in mails]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def test_too_many_connections_of_one_sender_are_told_to_wait(listener, monkeypatch):
    monkeypatch.setattr(smtp, "MAX_PER_PEER", 3)
    held = [smtplib.SMTP("127.0.0.1", listener.port) for _n in range(3)]
    with pytest.raises(smtplib.SMTPConnectError) as caught:
        smtplib.SMTP("127.0.0.1", listener.port)
    assert caught.value.smtp_code == 421
    for session in held:
        session.quit()
    smtplib.SMTP("127.0.0.1", listener.port).quit()


def test_a_sender_who_goes_silent_is_let_go(mailbox, monkeypatch):
    monkeypatch.setattr(smtp, "TIMEOUT", 0.3)
    running = smtp.Listener("127.0.0.1", 0)
    running.start()
    try:
        with socket.create_connection(("127.0.0.1", running.port), timeout=5) as plain:
            plain.recv(200)
            assert plain.recv(200) == b""
    finally:
        running.stop()


def test_an_envelope_that_is_no_text_is_kept_readable(client):
    client.sendmail("song@example.cn", ["kefu@shounuo.test"], MAIL)
    heard = _talk(
        client.sock.getpeername()[1],
        b"EHLO a\r\n",
        b"MAIL FROM:<s\xff\xfe@example.cn>\r\n",
        b"RCPT TO:<kefu@shounuo.test>\r\nDATA\r\n",
        MAIL + b"more\r\n.\r\n",
    )
    assert b"250 2.0.0" in heard and RawMessage.objects.count() == 2


def test_the_listener_ends_when_asked(mailbox):
    stop = threading.Event()
    thread = threading.Thread(target=smtp.serve, args=("127.0.0.1", 0, stop))
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.skipif(not shutil.which("swaks"), reason="swaks is not installed")
def test_swaks_agrees(listener):
    done = subprocess.run(
        ["swaks", "--server", f"127.0.0.1:{listener.port}", "--tls-optional", "--from", "song@example.cn",
         "--to", "kefu@shounuo.test", "--body", "from swaks", "--helo", "client.test"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert RawMessage.objects.count() == 1


@pytest.mark.slow
def test_a_burst_is_accepted_quickly_and_completely(listener, record_property):
    count, senders = 600, 12

    def send(first):
        with smtplib.SMTP("127.0.0.1", listener.port, timeout=60) as session:
            for n in range(first, count, senders):
                session.sendmail("song@example.cn", ["kefu@shounuo.test"], MAIL + b"%d\r\n" % n)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(senders)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = count / (time.perf_counter() - began)
    assert RawMessage.objects.count() == count == jobs()
    record_property("mails_per_second", round(rate))


def test_the_same_delivery_on_another_day_is_another_row():
    one = smtp.smtp_source_key(MAIL, "a@b.c", ["d@e.f", "g@h.i"], AT)
    assert one == smtp.smtp_source_key(MAIL, "a@b.c", ["g@h.i", "d@e.f"], AT)
    assert one != smtp.smtp_source_key(MAIL, "a@b.c", ["d@e.f"], AT)
    assert one != smtp.smtp_source_key(MAIL, "a@b.c", ["d@e.f", "g@h.i"], AT + timedelta(days=1))
