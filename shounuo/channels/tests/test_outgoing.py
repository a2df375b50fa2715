"""Answers out: a mail that finds its way back, once, over a real relay."""

import re
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from shounuo.cases import services as cases
from shounuo.cases.models import Case, Interaction
from shounuo.channels import services
from shounuo.channels.mail.dnscheck import NoRecord
from shounuo.channels.mail.parse import parse
from shounuo.channels.testing import AT, make_mail, make_mailbox, receive
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.files.services import draft_upload
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.notices.models import OutgoingMail
from shounuo.notices.services import relay_save
from shounuo.notices.testing import clear_outbox, outbox, parsed
from shounuo.staff.testing import make_cast, set_up_organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    set_up_organisation()
    clear_outbox()
    return make_cast()


@pytest.fixture
def mailbox(cast):
    return make_mailbox(from_name="守诺客服", signature="守诺牧业客服部", receipt=False, plus_address=True)


def answer(cast, text="已安排换货", **kwargs):
    case = Case.objects.get()
    sent = cases.reply_send(case_id=case.pk, text=text, actor=cast.actor(cast.agent), at=AT, **kwargs)
    run_jobs(AT)
    sent.refresh_from_db()
    return sent


def test_an_answer_leaves_as_a_mail_that_finds_its_way_back(cast, mailbox):
    receive(make_mail("有结块\n能换吗", message_id="<first@example.cn>"))
    case = Case.objects.get()
    sent = answer(cast)
    [out] = outbox
    mail = parsed(out)
    assert out.recipients == ("song@example.cn",) and out.sender == "kefu@shounuo.test"
    assert mail["From"] == "守诺客服 <kefu@shounuo.test>" and f"[#{case.number}]" in mail["Subject"]
    assert mail["In-Reply-To"] == "<first@example.cn>" and "<first@example.cn>" in mail["References"]
    assert mail["Message-ID"] == out.message_id == sent.message_id
    assert re.fullmatch(r".*<kefu\+c[0-9a-z]+\.[a-z2-7]+@shounuo\.test>", mail["Reply-To"])
    assert mail["Auto-Submitted"] == "no" and "X-Auto-Response-Suppress" not in mail
    text = mail.get_body(("plain",)).get_content()
    assert (
        text.index("已安排换货")
        < text.index("-- \r\n" if "\r\n" in text else "-- \n")
        < text.index("> 有结块")
    )
    assert "https://kefu.example.cn/t/" in text
    assert (sent.state, OutgoingMail.objects.get().state) == ("done", "sent")
    assert Event.objects.filter(kind="interaction.delivered").count() == 1


def test_the_html_of_a_mail_says_the_same_and_nothing_typed_becomes_markup(cast, mailbox):
    receive(make_mail("<b>能换吗</b>"))
    answer(cast, "已安排\n换货\n\n<script>alert(1)</script> https://example.cn/a?b=1&c=2。")
    page = parsed(outbox[0]).get_body(("html",)).get_content()
    assert "已安排<br>换货</p>" in page and "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<a class="m-link" href="https://example.cn/a?b=1&amp;c=2"' in page
    assert "&lt;b&gt;能换吗&lt;/b&gt;</blockquote>" in page and "守诺牧业客服部" in page
    assert re.search(r'<a class="m-btn" href="https://kefu\.example\.cn/t/\S+"', page)
    assert "<script" not in page and "http://" not in page, "nothing is loaded from anywhere"


def test_a_plan_leaves_as_cards_and_in_words(cast, mailbox):
    receive(make_mail())
    case = Case.objects.get()
    options = [
        {
            "title": "换新料",
            "pros": "旧料拉走",
            "cons": "留人装卸",
            "steps": "约时间\n送到",
            "time": "2 天",
            "cost": "0 元",
        },
        {"title": "折价留用", "pros": "不用搬", "cons": "", "steps": "", "time": "", "cost": "退 300 元"},
    ]
    cases.plan_propose(
        case_id=case.pk, options=options, text="您看哪个合适？", actor=cast.actor(cast.agent), at=AT
    )
    run_jobs(AT)
    mail = parsed(outbox[-1])
    page, text = (mail.get_body((kind,)).get_content() for kind in ("html", "plain"))
    assert text.index("您看哪个合适？") < text.index("方案 1：换新料") < text.index("方案 2：折价留用")
    assert "方案 1" not in page and page.index("您看哪个合适？") < page.index(">换新料</td>") < page.index(
        "退 300 元</td>"
    )
    assert "约时间 → 送到" in page and "选一个办法</a>" in page


def test_the_answer_to_it_comes_home(cast, mailbox):
    receive(make_mail())
    sent = answer(cast)
    row = receive(make_mail("谢谢", subject="无关", in_reply_to=sent.message_id))
    assert row.reason == "token" and Case.objects.count() == 1


def test_it_goes_once_however_often_its_job_runs(cast, mailbox):
    receive(make_mail())
    sent = answer(cast)
    services.interaction_send(interaction_id=sent.pk, at=AT)
    run_jobs(AT)
    assert len(outbox) == 1


def test_files_and_copies_go_along_and_internal_ones_stay(cast, mailbox):
    receive(make_mail())
    actor = cast.actor(cast.agent)
    case = Case.objects.get()
    secret = draft_upload(data=b"secret", name="内部.txt", actor=actor, at=AT)
    cases.note_add(case_id=case.pk, text="看附件", file_ids=[secret.pk], actor=actor, at=AT)
    file = draft_upload(data=b"%PDF-1.4", name="换货单.pdf", actor=actor, at=AT)
    answer(cast, file_ids=[file.pk], copies=["boss@example.cn"])
    [out] = outbox
    assert set(out.recipients) == {"song@example.cn", "boss@example.cn"}
    assert [a.name for a in parse(out.raw).attachments] == ["换货单.pdf"] and b"secret" not in out.raw


def test_a_case_by_form_or_api_is_answered_by_mail_and_one_without_address_is_not(cast, mailbox):
    from shounuo.customers.services import customer_find_or_create

    for mail in ("li@example.cn", ""):
        customer, _new = customer_find_or_create(name="李", mail=mail, actor=Actor.system(), at=AT)
        case, _first = cases.case_open(
            channel="api", subject="s", text="t", customer_id=customer.pk, actor=Actor.system(), at=AT
        )
        cases.reply_send(case_id=case.pk, text="好", actor=cast.actor(cast.agent), at=AT)
    run_jobs(AT)
    assert [o.recipients for o in outbox] == [("li@example.cn",)]
    assert parsed(outbox[0])["In-Reply-To"] is None
    assert set(Interaction.objects.filter(direction="out").values_list("state", flat=True)) == {"done"}


def test_header_lines_cannot_be_smuggled_in_by_what_people_write(cast, mailbox):
    receive(
        make_mail(subject="s").replace(b"Subject: s", b"Subject: =?utf-8?q?x=0D=0ABcc:_evil@example.com?=")
    )
    services.mailbox_change(
        mailbox_id=mailbox.pk, from_name="客服\r\nBcc: evil@example.com", actor=Actor.system(), at=AT
    )
    answer(cast, "正文\r\n.\r\nMAIL FROM:<evil@example.com>")
    [out] = outbox
    assert parsed(out)["Bcc"] is None and out.recipients == ("song@example.cn",)


def test_without_a_mailbox_or_relay_the_answer_is_marked_as_failed(cast, mailbox):
    receive(make_mail())
    services.mailbox_change(mailbox_id=mailbox.pk, active=False, actor=Actor.system(), at=AT)
    assert answer(cast).state == "failed"
    assert Event.objects.filter(kind="interaction.failed").exists()


class Sink:
    """A relay on this machine: takes mail, or refuses recipients."""

    def __init__(self, refuse=""):
        self.taken, self.refuse = [], refuse

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refuse:
            return self.refuse
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 ok"


class Relay(Controller):
    def factory(self):
        return SMTP(self.handler, enable_SMTPUTF8=True)


@pytest.fixture
def sink(settings, cast, mailbox):
    settings.SHOUNUO_DELIVERY = "on"
    sink = Sink()
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    relay = Relay(sink, hostname="127.0.0.1", port=port)
    relay.start()
    saved = relay_save(
        name="r", host="127.0.0.1", port=port, security="none", sender="kefu@shounuo.test", is_default=True,
        actor=Actor.system(), at=AT,
    )  # fmt: skip
    services.mailbox_change(mailbox_id=mailbox.pk, relay_id=saved.pk, actor=Actor.system(), at=AT)
    yield sink
    relay.stop()


def test_the_mail_passes_a_real_relay(cast, sink):
    receive(make_mail())
    sent = answer(cast, "中文正文，有一行以点开头\n.点\n末行")
    [(sender, recipients, raw)] = sink.taken
    mail = parse(raw)
    assert (sender, recipients) == ("kefu@shounuo.test", ["song@example.cn"])
    assert mail.message_id == sent.message_id and "\n.点\n末行" in mail.text
    assert sent.state == "done"


def test_what_the_relay_refuses_comes_back_to_the_case(cast, sink):
    sink.refuse = "550 5.1.1 no such user"
    receive(make_mail())
    sent = answer(cast)
    assert sent.state == "failed" and "550" in sent.error
    case = Case.objects.get()
    assert case.unanswered and case.first_response_at is None


def test_a_failed_answer_can_be_sent_again(cast, sink):
    sink.refuse = "550 5.1.1 no such user"
    receive(make_mail())
    sent = answer(cast)
    sink.refuse = ""
    cases.reply_resend(interaction_id=sent.pk, actor=cast.actor(cast.agent), at=AT + timedelta(hours=1))
    run_jobs(AT + timedelta(hours=1))
    sent.refresh_from_db()
    assert sent.state == "done" and len(sink.taken) == 1


class Names:
    """Name servers that know one domain."""

    def txt(self, name):
        known = {"shounuo.test": ["v=spf1 mx -all"], "_dmarc.shounuo.test": ["v=DMARC1; p=none"]}
        if name not in known:
            raise NoRecord(name)
        return known[name]

    def mx(self, name):
        return [(10, "mx.shounuo.test.")]


def test_the_send_test_says_what_the_world_sees(cast, mailbox):
    test = services.send_test(
        mailbox_id=mailbox.pk,
        to="me@example.cn",
        selector="s1",
        resolver=Names(),
        actor=cast.actor(cast.admin),
        at=AT,
    )
    run_jobs(AT)
    verdicts = {r.kind: r.verdict for r in test.domain.records}
    assert verdicts == {"spf": "ok", "dkim": "missing", "dmarc": "weak", "mx": "ok"}
    assert outbox[-1].recipients == ("me@example.cn",) and test.mail.pk
    with pytest.raises(NotAllowed):
        services.send_test(
            mailbox_id=mailbox.pk, to="me@example.cn", actor=cast.actor(cast.supervisor), at=AT
        )
    with pytest.raises(Invalid):
        services.send_test(
            mailbox_id=mailbox.pk, to="me", resolver=Names(), actor=cast.actor(cast.admin), at=AT
        )


def test_nothing_leaves_where_deliveries_are_off(cast, mailbox, settings):
    settings.SHOUNUO_DELIVERY = "off"
    receive(make_mail())
    answer(cast)
    assert OutgoingMail.objects.get().state == "held" and not outbox
