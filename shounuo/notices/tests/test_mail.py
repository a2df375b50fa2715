"""Mail out: kept first, tried until it is taken, refused or two days old, one Message-ID throughout."""

import socket
import ssl
import threading
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.db import connection

from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.kernel.secrets import decrypt
from shounuo.notices import queries, rules, services, transport
from shounuo.notices.models import OutgoingMail, Relay
from shounuo.notices.testing import clear_outbox, make_relay, outbox
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db
RAW = b"From: kefu@example.cn\nTo: wang@example.com\nSubject: hi\nMessage-ID: <1@example.cn>\n\nhello\n.dot\n"
SYSTEM = Actor.system()


@pytest.fixture(autouse=True)
def _empty():
    clear_outbox()


def queue(key="k1", recipients=("wang@example.com",), **given):
    given = {"raw": RAW, "message_id": "<1@example.cn>", "sender": "kefu@example.cn", "at": AT, **given}
    return services.mail_queue(key=key, recipients=recipients, **given)


class Relayed:
    """A relay of the test: answers as told, per recipient and after the data."""

    def __init__(self):
        self.got, self.rcpt, self.data = [], {}, "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.rcpt:
            return self.rcpt[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data.startswith("250"):
            self.got.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return self.data


@pytest.fixture
def relay(settings):
    settings.SHOUNUO_DELIVERY = "on"
    handler = Relayed()
    controller = Controller(handler, hostname="127.0.0.1", port=0)
    controller.port = free_port()
    controller.start()
    handler.row = Relay.objects.create(
        name="r",
        host="127.0.0.1",
        port=controller.port,
        security="none",
        sender="kefu@example.cn",
        is_default=True,
    )
    yield handler
    controller.stop()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def deliver(mail, at=AT):
    services.mail_deliver(mail_id=mail.id, at=at)
    mail.refresh_from_db()
    return mail.state


def told():
    return [(e.kind, e.payload) for e in Event.objects.filter(subject_kind="mail").order_by("id")]


def test_queueing_sends_nothing_and_the_same_key_is_one_mail():
    first, again = queue(subject=("case", 7), ref=3), queue(raw=b"other", message_id="<2@example.cn>")
    assert first.id == again.id and again.message_id == "<1@example.cn>"
    assert not outbox and first.state == "queued"
    run_jobs(AT)
    assert [(m.message_id, m.recipients, m.raw) for m in outbox] == [
        ("<1@example.cn>", ("wang@example.com",), RAW)
    ]
    run_jobs(AT)
    assert len(outbox) == 1
    assert told() == [
        ("mail.sent", {"on": "case", "id": 7, "ref": 3, "attempts": 1, "refused": 0}),
    ]


def test_with_deliveries_off_nothing_leaves_and_it_can_be_sent_later(settings):
    settings.SHOUNUO_DELIVERY = "off"
    mail = queue()
    run_jobs(AT)
    assert mail.state == "held" and not outbox
    settings.SHOUNUO_DELIVERY = "test"
    services.mail_retry(mail_id=mail.id, actor=SYSTEM, at=AT)
    run_jobs(AT)
    assert len(outbox) == 1
    with pytest.raises(Conflict):
        services.mail_retry(mail_id=mail.id, actor=SYSTEM, at=AT)


@pytest.mark.parametrize(
    "recipients",
    [[], ["none"], ["a@b.cn\r\nBcc: c@d.cn"], ["a@b.cn> SIZE=1"], [f"a{n}@b.cn" for n in range(101)]],
)
def test_addresses_that_are_none_are_refused(recipients):
    with pytest.raises(Invalid):
        queue(recipients=recipients)
    assert not OutgoingMail.objects.exists()


def test_the_relay_gets_what_was_queued(relay):
    mail = queue(recipients=["wang@example.com", "li@example.com"])
    assert deliver(mail) == "sent" and mail.sent_at == AT
    assert relay.got == [
        ("kefu@example.cn", ["wang@example.com", "li@example.com"], RAW.replace(b"\n", b"\r\n"))
    ]
    relay.row.refresh_from_db()
    assert relay.row.last_ok_at == AT


def test_a_null_sender_goes_out_as_one(relay):
    assert deliver(queue(sender="")) == "sent"
    assert relay.got[0][0] in ("", "<>", None)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("550 no such user", "failed"),
        ("552 too big", "failed"),
        ("450 greylisted", "queued"),
        ("452 full", "queued"),
    ],
)
def test_refused_for_good_fails_and_put_off_is_tried_again(relay, answer, state):
    relay.rcpt["wang@example.com"] = answer
    mail = queue(subject=("case", 7), ref=3)
    assert deliver(mail) == state
    assert answer[4:] in mail.error
    if state == "failed":
        payload = {"on": "case", "id": 7, "ref": 3, "attempts": 1, "code": int(answer[:3])}
        assert told() == [("mail.failed", payload)]
        return
    assert mail.next_at == AT + timedelta(minutes=1) and told() == []
    del relay.rcpt["wang@example.com"]
    assert deliver(mail, AT + timedelta(seconds=59)) == "queued"
    assert deliver(mail, mail.next_at) == "sent"
    assert b"<1@example.cn>" in relay.got[0][2] and told()[0][1]["attempts"] == 2


def test_refused_after_the_data_fails_for_good(relay):
    relay.data = "554 spam"
    assert deliver(queue()) == "failed"
    relay.row.refresh_from_db()
    assert relay.row.last_error == ""


def test_of_several_recipients_each_gets_it_once(relay):
    relay.rcpt = {"gone@example.com": "550 no", "later@example.com": "451 later"}
    mail = queue(recipients=["wang@example.com", "gone@example.com", "later@example.com"])
    assert deliver(mail) == "queued" and mail.remaining == ["later@example.com"]
    relay.rcpt = {}
    assert deliver(mail, mail.next_at) == "sent"
    assert [to for _f, to, _c in relay.got] == [["wang@example.com"], ["later@example.com"]]
    assert told()[0][0] == "mail.sent"


def test_a_relay_that_is_away_is_tried_for_two_days(settings):
    settings.SHOUNUO_DELIVERY = "on"
    relay = make_relay(host="127.0.0.1")
    Relay.objects.filter(pk=relay.pk).update(port=free_port(), security="none")
    mail, at, tries = queue(), AT, 0
    while deliver(mail, at) == "queued":
        tries += 1
        at = mail.next_at
    assert mail.state == "failed" and AT + timedelta(hours=47) < at <= AT + timedelta(hours=48)
    assert 50 < tries < 60 and mail.message_id == "<1@example.cn>"
    assert [kind for kind, _p in told()] == ["mail.failed"]
    relay.refresh_from_db()
    assert "refused" in relay.last_error.lower()


def test_without_a_relay_the_mail_waits_for_one(settings):
    settings.SHOUNUO_DELIVERY = "on"
    mail = queue()
    assert deliver(mail) == "queued" and "发信服务器" in mail.error


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # the relay of this test
def test_a_wrong_sign_in_is_ours_to_mend_and_fails_no_mail(settings):
    settings.SHOUNUO_DELIVERY = "on"
    handler = Relayed()
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=lambda *_a: AuthResult(success=False, handled=False),
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    try:
        relay = services.relay_save(
            name="r",
            host="127.0.0.1",
            port=controller.port,
            security="none",
            login="u",
            password="p",
            actor=SYSTEM,
            at=AT,
        )
        mail = queue()
        assert deliver(mail) == "queued" and mail.error.startswith("535")
        relay.refresh_from_db()
        assert relay.last_error.startswith("535")
        assert transport.check(relay).startswith("535")
    finally:
        controller.stop()


def test_a_password_never_travels_in_clear(settings):
    settings.SHOUNUO_DELIVERY = "on"
    relay = Relay(host="relay.example.cn", security="none", login="u", password="")
    assert not transport._is_here(relay.host) and transport._is_here("127.0.0.1")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(settings, tmp_path, security):
    settings.SHOUNUO_DELIVERY = "on"
    context = self_signed(tmp_path)
    handler, port = Relayed(), free_port()
    options = {"ssl_context": context} if security == "tls" else {"tls_context": context}
    controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        Relay.objects.create(name="r", host="127.0.0.1", port=port, security=security, is_default=True)
        mail = queue()
        assert deliver(mail) == "queued" and "CERTIFICATE_VERIFY_FAILED" in mail.error
        assert handler.got == []
    finally:
        controller.stop()


def test_starttls_that_is_not_offered_is_no_reason_to_send_in_clear(relay):
    Relay.objects.update(security="starttls")
    mail = queue()
    assert deliver(mail) == "queued" and "STARTTLS" in mail.error and relay.got == []


def self_signed(folder):
    from datetime import UTC, datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay.example.cn")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "relay.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_mail_once(relay):
    mail = queue()
    barrier, states = threading.Barrier(4), []

    def work():
        barrier.wait()
        states.append(services.mail_deliver(mail_id=mail.id, at=AT))
        connection.close()

    threads = [threading.Thread(target=work) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(relay.got) == 1 and "sent" in states


def test_a_worker_that_died_leaves_the_mail_to_another_after_its_lease(relay):
    mail = queue()
    OutgoingMail.objects.filter(pk=mail.pk).update(attempts=1, next_at=AT + rules.LEASE)
    assert deliver(mail, AT + timedelta(minutes=9)) == "queued" and relay.got == []
    later = AT + rules.LEASE + timedelta(minutes=2)
    assert services.mails_due(later) == [mail.id]
    assert deliver(mail, later) == "sent"


def test_old_mails_and_their_bytes_are_pruned():
    mail = queue(subject=("case", 7))
    run_jobs(AT)
    waiting = queue("k2", raw=b"x")
    late = AT + timedelta(days=400)

    def prune(**spared):
        return services.mails_prune(before=late - timedelta(days=365), spared=spared, at=late)

    assert prune(**{mail.subject_kind: [mail.subject_id]}) == 0, "what is spared stays"
    assert prune() == 1 and prune() == 0
    assert not OutgoingMail.objects.filter(pk=mail.pk).exists()
    assert OutgoingMail.objects.filter(pk=waiting.pk).exists()


def test_the_pauses_double_up_to_an_hour():
    minutes = [rules.pause_after(n) / timedelta(minutes=1) for n in range(1, 10)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert rules.next_try(1, AT, AT + timedelta(hours=48)) is None
    assert [rules.is_permanent(c) for c in (550, 552, 554, 535, 530, 450, 421, 0)] == [True] * 3 + [False] * 5


def test_relays_are_managed_by_those_who_manage_channels_and_their_password_is_sealed():
    cast = make_cast()
    given = {"name": "发信", "host": "smtp.example.cn", "login": "kefu", "password": "s3cret", "at": AT}
    for person in (cast.agent, cast.supervisor, cast.manager, cast.nobody):
        with pytest.raises(NotAllowed):
            services.relay_save(**given, actor=cast.actor(person))
    admin = cast.actor(cast.admin)
    first = services.relay_save(**given, actor=admin)
    assert first.is_default and "s3cret" not in first.password and decrypt(first.password) == "s3cret"
    second = services.relay_save(**{**given, "host": "smtp2.example.cn"}, is_default=True, actor=admin)
    assert list(queries.relays()) == [second, first]
    services.relay_save(relay_id=first.id, name="改名", host="smtp.example.cn", actor=admin, at=AT)
    first.refresh_from_db()
    assert decrypt(first.password) == "s3cret" and not first.is_default
    assert "s3cret" not in str(list(Event.objects.values_list("payload", flat=True)))
    with pytest.raises(Conflict):
        services.relay_remove(relay_id=second.id, actor=admin, at=AT)
    for bad in ({"host": "a b"}, {"host": ""}, {"port": 0}, {"security": "maybe"}, {"sender": "x"}):
        with pytest.raises(Invalid):
            services.relay_save(**{**given, **bad}, actor=admin)
