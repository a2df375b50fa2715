"""From a kept mail to a case, and what must not become one."""

from datetime import timedelta

import pytest

from shounuo.audit.services import hold_lift, hold_place, retention_run, retention_set
from shounuo.cases import services as cases
from shounuo.cases.models import Case, Interaction, Link
from shounuo.channels import rules, services
from shounuo.channels.models import RawMessage
from shounuo.channels.services import intake, naming
from shounuo.channels.testing import AT, make_mail, make_mailbox, receive
from shounuo.customers.models import ContactPoint, Customer
from shounuo.customers.services import customer_erase, customer_export
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.files.models import File
from shounuo.files.services import raw_get
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict, NotAllowed, NotFound
from shounuo.notices.models import Notice, OutgoingMail
from shounuo.notices.testing import clear_outbox, outbox, parsed
from shounuo.staff.testing import make_cast, make_person, make_team, set_up_organisation

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture(autouse=True)
def mailbox():
    set_up_organisation()
    clear_outbox()
    return make_mailbox(receipt=False)


def reply_to(case, **kwargs):
    """The Message-ID of an answer that was sent on the case."""
    sent = cases.reply_send(case_id=case.pk, text="请稍等", actor=Actor.system(), at=AT)
    run_jobs(AT)
    sent.refresh_from_db()
    assert sent.message_id
    return sent.message_id


def the_case():
    return Case.objects.get()


def test_a_mail_becomes_a_case_of_its_writer():
    team = make_team("feed")
    make_mailbox("sales@shounuo.test", team_id=team.pk, channel_class="secondary")
    row = receive(make_mail("第一行\n\n> 引用的旧话"), to=["sales@shounuo.test"])
    case, message = the_case(), Interaction.objects.get()
    assert (row.state, row.case_id, row.interaction_id) == ("case", case.pk, message.pk)
    assert (case.channel, case.subject, case.team_id, case.channel_class) == (
        "mail", "饲料结块", team.pk, "secondary",
    )  # fmt: skip
    assert (message.direction, message.text, message.folded) == ("in", "第一行", "> 引用的旧话")
    assert (message.sender, message.threaded_by, message.raw_id) == ("song@example.cn", "new", row.pk)
    assert case.customer.name == "宋建国" and case.opened_at == AT


def test_attachments_and_pictures_come_along_and_are_safe():
    html = '<p onclick="x()">看图 <img src="cid:pic"><script>alert(1)</script><img src="http://spy.example/x.gif"></p>'
    raw = make_mail(html=html, files=[("发票.pdf", b"%PDF-1.4 x", "application/pdf")])
    receive(raw)
    message = Interaction.objects.get()
    assert "script" not in message.html and "onclick" not in message.html
    assert 'src="cid:pic"' in message.html and message.remote_images
    file = File.objects.get()
    assert (file.name, file.ref, file.subject_id) == ("发票.pdf", message.pk, the_case().pk)


def test_what_is_shown_has_its_own_pictures_and_no_others():
    from shounuo.files.services import blob_store, file_attach

    receive(make_mail(html='<p>图<img src="cid:a%40b"><img src="https://spy.example/x.gif"></p>'))
    message = Interaction.objects.get()
    blob = blob_store(data=PNG, at=AT)
    file_attach(
        blob=blob, name="a.png", subject=("case", message.case_id), ref=message.pk, cid="a@b",
        actor=Actor.system(), at=AT,
    )  # fmt: skip
    files = File.objects.select_related("blob")
    shown = services.shown_html(message, files)
    assert 'src="data:image/png;base64,' in shown and ' src="https://spy' not in shown
    assert ' src="https://spy' in services.shown_html(message, files, remote=True)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    "<svg/onload=alert(1)>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)></style></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    '<form action="https://evil.example"><input name=p></form>',
    '<div style="position:fixed;background:url(https://spy.example)">x</div>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<base href="https://evil.example/">',
    '<object data="x.swf"></object><embed src="x">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<img src="cid:x&quot; onerror=&quot;alert(1)">',
]


@pytest.mark.parametrize("evil", HOSTILE)
def test_stored_scripts_by_mail_are_stored_as_nothing(evil):
    receive(
        make_mail(
            html=f"<p>前</p>{evil}<p>后</p>", subject=evil[:200], sender=f'"{evil[:20]}" <x@example.cn>'
        )
    )
    message = Interaction.objects.get()
    for shown in (message.html, services.shown_html(message, [])):
        low = shown.lower()
        for bad in ("<script", "onerror=", "onload=", "javascript:", "<svg", "<iframe", "<form", "style=", "<meta",
                    "<base", "<object", "<embed", "text/html"):  # fmt: skip
            assert bad not in low.replace("&quot; onerror=", "").replace("%22%20onerror", ""), shown


# ---- one message is one message --------------------------------------------------------------------------


def test_the_same_message_to_two_mailboxes_is_one_with_both():
    make_mailbox("sales@shounuo.test", receipt=False)
    raw = make_mail(to="kefu@shounuo.test, sales@shounuo.test")
    first = receive(b"Received: by a\r\n" + raw, to=["kefu@shounuo.test"])
    second = receive(b"Received: by b\r\nDelivered-To: x\r\n" + raw, to=["sales@shounuo.test"])
    assert (first.state, second.state) == ("case", "duplicate")
    assert second.case_id == first.case_id and second.interaction_id == first.interaction_id
    assert Interaction.objects.get().recipients == ["kefu@shounuo.test", "sales@shounuo.test"]


def test_a_message_id_used_again_for_other_words_is_another_message():
    receive(make_mail("一", message_id="<same@x>"))
    receive(make_mail("二", message_id="<same@x>"))
    assert Case.objects.count() == 2


def test_equal_mails_without_id_and_date_count_twice_unless_the_bytes_are_the_same():
    plain = b"From: a@b.cn\nSubject: s\n\nx\n"
    assert receive(plain).state == "case"
    assert receive(plain).state == "duplicate"
    assert receive(b"X-One: 1\n" + plain).state == "case"


def test_handling_a_mail_twice_does_nothing_the_second_time():
    row = receive(make_mail())
    assert services.mail_handle(raw_id=row.pk, at=AT) is None
    assert Interaction.objects.count() == 1


# ---- where an answer belongs -----------------------------------------------------------------------------


def test_an_answer_finds_its_case_by_the_signed_message_id():
    receive(make_mail())
    case = the_case()
    receive(make_mail("补充", subject="别的主题", in_reply_to=reply_to(case)))
    assert Case.objects.count() == 1
    assert Interaction.objects.filter(direction="in").last().threaded_by == "token"


def test_an_answer_finds_its_case_by_references_alone():
    receive(make_mail())
    case = the_case()
    receive(make_mail("补充", subject="别的", references=f"<a@b> {reply_to(case)} <c@d>"))
    assert Interaction.objects.filter(direction="in").last().threaded_by == "token"


def test_a_forged_message_id_proves_nothing():
    receive(make_mail())
    forged = naming.message_id(the_case(), 1, "kefu@shounuo.test").replace(".", "x.", 2)
    receive(make_mail("补充", subject="别的", in_reply_to=forged))
    assert Case.objects.count() == 2


def test_an_answer_finds_its_case_by_the_plus_address():
    box = make_mailbox("plus@shounuo.test", plus_address=True)
    receive(make_mail(to="plus@shounuo.test"), to=["plus@shounuo.test"])
    address = naming.plus_address(box, the_case())
    row = receive(make_mail("补充", subject="别的", to=address), to=[address])
    assert (row.state, row.reason, Case.objects.count()) == ("case", "plus", 1)


def test_an_answer_to_ones_own_mail_joins_it():
    receive(make_mail(message_id="<first@example.cn>"))
    row = receive(make_mail("忘了说", subject="别的", in_reply_to="<first@example.cn>"))
    assert (row.reason, Case.objects.count()) == ("reference", 1)


def test_a_number_in_the_subject_joins_for_those_who_have_part_in_the_case():
    receive(make_mail())
    row = receive(make_mail("补充", subject=f"Re: 饲料 [#{the_case().number}]"))
    assert (row.reason, Case.objects.count()) == ("number", 1)


@pytest.mark.parametrize("way", ["number", "token", "plus", "reference"])
def test_a_stranger_never_joins_a_case_whatever_he_holds(way):
    box = make_mailbox("plus@shounuo.test", plus_address=True, receipt=False)
    receive(make_mail(message_id="<first@example.cn>"))
    case = the_case()
    headers, subject, to = {}, "别的", "kefu@shounuo.test"
    if way == "number":
        subject = f"Re: [#{case.number}]"
    elif way == "token":
        headers["in_reply_to"] = reply_to(case)
    elif way == "reference":
        headers["in_reply_to"] = "<first@example.cn>"
    else:
        to = naming.plus_address(box, case)
    row = receive(make_mail("让我看看", sender="m@evil.example", subject=subject, to=to, **headers), to=[to])
    assert (row.state, row.reason) == ("case", "stranger")
    assert row.case_id != case.pk and Case.objects.count() == 2
    # Who holds our signed name has seen our mail: perhaps a colleague of the customer. The two are shown
    # together.
    assert Link.objects.exists() == (way in ("token", "plus"))


def test_one_in_copy_has_part_in_the_case():
    receive(make_mail(cc="boss@example.cn"))
    row = receive(make_mail("我来补充", sender="boss@example.cn", subject=f"[#{the_case().number}]"))
    assert (row.reason, Case.objects.count()) == ("number", 1)


def test_an_answer_on_a_merged_case_goes_where_it_went_up():
    cast = make_cast()
    receive(make_mail("一"))
    receive(make_mail("二"))
    old, new = Case.objects.order_by("pk")
    name = reply_to(old)
    cases.cases_merge(source_id=old.pk, target_id=new.pk, actor=cast.actor(cast.admin), at=AT)
    row = receive(make_mail("三", in_reply_to=name))
    assert row.case_id == new.pk and Case.objects.count() == 2


def test_an_answer_opens_a_resolved_case_again():
    receive(make_mail())
    case = the_case()
    cases.case_resolve(case_id=case.pk, text="已换货", actor=Actor.system(), at=AT)
    receive(make_mail("还是不行", subject=f"[#{case.number}]"), at=AT + timedelta(hours=1))
    case.refresh_from_db()
    assert (case.status, case.reopen_count) == ("new", 1)


def test_a_reply_to_does_not_lead_the_next_answer_to_a_stranger():
    receive(make_mail())
    receive(make_mail("补充", subject=f"[#{the_case().number}]", reply_to="m@evil.example"))
    assert [i.sender for i in Interaction.objects.order_by("pk")] == ["song@example.cn", "song@example.cn"]


def test_a_reply_to_counts_when_it_opens_a_case():
    receive(make_mail(reply_to="office@example.cn"))
    assert Interaction.objects.get().sender == "office@example.cn"


# ---- our own people --------------------------------------------------------------------------------------


def test_a_colleagues_answer_stays_in_the_house():
    cast = make_cast()
    receive(make_mail())
    case = the_case()
    cases.case_assign(case_id=case.pk, person_id=cast.agent.pk, actor=cast.actor(cast.supervisor), at=AT)
    name = reply_to(case)
    sent = len(outbox)
    row = receive(make_mail("可以退款", sender="agent@example.cn", in_reply_to=name))
    run_jobs(AT)
    note = Interaction.objects.get(pk=row.interaction_id)
    assert (note.direction, note.case_id) == ("note", case.pk)
    assert "未经验证" in note.text and len(outbox) == sent


def test_a_number_alone_does_not_let_a_forged_colleague_in():
    make_cast()
    receive(make_mail())
    row = receive(make_mail("可以退款", sender="supervisor@example.cn", subject=f"[#{the_case().number}]"))
    assert row.reason == "stranger" and Case.objects.count() == 2


def test_a_colleague_of_another_team_is_a_stranger_to_the_case():
    cast = make_cast()
    receive(make_mail())
    case = the_case()
    cases.case_assign(case_id=case.pk, team_id=cast.team.pk, actor=cast.actor(cast.manager), at=AT)
    row = receive(make_mail("看看", sender="outsider@example.cn", in_reply_to=reply_to(case)))
    assert row.case_id != case.pk


# ---- machines --------------------------------------------------------------------------------------------


def test_an_automatic_answer_joins_its_case_and_changes_nothing():
    receive(make_mail())
    case = the_case()
    cases.case_resolve(case_id=case.pk, text="已换货", actor=Actor.system(), at=AT)
    name = reply_to(case)
    row = receive(make_mail("我在休假", subject="自动回复", in_reply_to=name, auto_submitted="auto-replied"))
    case.refresh_from_db()
    assert (row.state, row.case_id, case.status) == ("auto", case.pk, "resolved")
    assert Interaction.objects.get(pk=row.interaction_id).automatic


@pytest.mark.parametrize(
    "headers",
    [
        {"auto_submitted": "auto-replied"},
        {"precedence": "bulk"},
        {"x_autoreply": "yes"},
        {"list_id": "<news.example.cn>"},
        {"subject": "自动回复：您好"},
    ],
)
def test_a_machines_mail_becomes_no_case_and_gets_no_answer(mailbox, headers):
    services.mailbox_change(mailbox_id=mailbox.pk, receipt=True, actor=Actor.system(), at=AT)
    row = receive(make_mail(**headers))
    run_jobs(AT)
    assert row.state == "auto" and row.reason and not Case.objects.exists() and not outbox
    assert Event.objects.filter(kind="mail.turned_away").exists()


def test_mail_from_nobody_gets_no_answer(mailbox):
    services.mailbox_change(mailbox_id=mailbox.pk, receipt=True, actor=Actor.system(), at=AT)
    assert receive(make_mail(), envelope_from="").state == "auto"


def test_our_own_mail_that_comes_back_is_a_loop():
    row = receive(make_mail(x_shounuo=naming.instance()))
    assert row.state == "loop" and not Case.objects.exists()


def test_another_installations_mail_is_a_mail():
    assert receive(make_mail(x_shounuo="0123456789abcdef0123")).state == "case"


def test_a_mail_written_by_hand_from_one_of_our_mailboxes_is_not_lost_and_not_answered(mailbox):
    services.mailbox_change(mailbox_id=mailbox.pk, receipt=True, actor=Actor.system(), at=AT)
    row = receive(make_mail(sender="kefu@shounuo.test", reply_to="li@example.cn"))
    run_jobs(AT)
    assert row.state == "case" and not outbox
    assert ContactPoint.objects.get(kind="mail").value == "li@example.cn"


def test_one_who_says_the_same_again_and_again_is_set_aside_and_can_be_released():
    rows = [receive(make_mail("嗡嗡")) for _n in range(rules.SAME_TEXT_PER_PAIR * 2 + 3)]
    assert rows[0].state == "case" and rows[-1].state == "quarantined"
    assert receive(make_mail("别的话")).state == "case"


def test_two_machines_that_answer_each_other_fall_silent(mailbox):
    """A responder without any marker answers each of our receipts with a new mail."""
    services.mailbox_change(mailbox_id=mailbox.pk, receipt=True, actor=Actor.system(), at=AT)
    answered = 0
    for n in range(40):
        receive(make_mail(f"收到，编号 {n}", subject=f"您的来信 {n}"), at=AT + timedelta(seconds=n))
        run_jobs(AT + timedelta(seconds=n))
        if len(outbox) > answered:
            answered = len(outbox)
    assert answered == rules.RECEIPTS_PER_PAIR


# ---- receipts --------------------------------------------------------------------------------------------


def test_a_new_case_is_confirmed_once_with_its_number(mailbox):
    services.mailbox_change(mailbox_id=mailbox.pk, receipt=True, actor=Actor.system(), at=AT)
    receive(make_mail(message_id="<first@example.cn>"))
    run_jobs(AT)
    [sent] = outbox
    mail = parsed(sent)
    case = the_case()
    assert sent.recipients == ("song@example.cn",) and str(case.number) in mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-replied" and mail["In-Reply-To"] == "<first@example.cn>"
    assert "https://kefu.example.cn/t/" in mail.get_body(("plain",)).get_content()
    assert (case.status, case.owner, case.first_response_at) == ("new", None, None)
    receive(make_mail("补充", subject=f"[#{case.number}]"))
    run_jobs(AT)
    assert len(outbox) == 1


def test_who_forbids_automatic_answers_gets_none(mailbox):
    services.mailbox_change(mailbox_id=mailbox.pk, receipt=True, actor=Actor.system(), at=AT)
    receive(make_mail(x_auto_response_suppress="All"))
    receive(make_mail(sender="no-reply@example.cn"))
    run_jobs(AT)
    assert Case.objects.count() == 2 and not outbox


# ---- bounces ---------------------------------------------------------------------------------------------


def bounce(message_id, action="failed", status="5.1.1"):
    return (
        "From: MAILER-DAEMON@mx.example.cn\r\nTo: kefu@shounuo.test\r\nSubject: Undelivered\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nno such user\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.cn\r\n\r\n"
        f"Final-Recipient: rfc822; song@example.cn\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    ).encode()


def test_a_bounce_tells_the_case_that_the_answer_did_not_arrive():
    receive(make_mail())
    case = the_case()
    name = reply_to(case)
    row = receive(bounce(name), envelope_from="")
    sent = Interaction.objects.get(direction="out")
    assert (row.state, row.case_id, row.interaction_id) == ("bounce", case.pk, sent.pk)
    assert sent.state == "failed" and "550 no such user" in sent.error
    assert Event.objects.filter(kind="interaction.failed").count() == 1
    case.refresh_from_db()
    assert case.unanswered and Case.objects.count() == 1


def test_a_delay_is_no_failure():
    receive(make_mail())
    name = reply_to(the_case())
    assert receive(bounce(name, "delayed", "4.4.1"), envelope_from="").state == "bounce"
    assert Interaction.objects.get(direction="out").state == "done"


def test_a_bounce_of_a_mail_that_we_did_not_send_fails_nothing():
    receive(make_mail())
    reply_to(the_case())
    forged = "<sn.7pt.1.aaaaaaaaaaaaaaaaaaaaaaaa@shounuo.test>"
    assert receive(bounce(forged), envelope_from="").case_id is None
    assert Interaction.objects.get(direction="out").state == "done"


# ---- what cannot be read ---------------------------------------------------------------------------------


def test_what_cannot_be_read_waits_in_quarantine_and_people_are_told():
    cast = make_cast()
    row = receive(b"\0\0\0 \r\n")
    run_jobs(AT)
    assert row.state == "quarantined" and row.reason
    assert Event.objects.filter(kind="mail.quarantined").count() == 1
    assert Notice.objects.filter(person=cast.admin, kind="mail.quarantined").count() == 1
    receive(b"\0")
    run_jobs(AT)
    assert Notice.objects.filter(person=cast.admin).count() == 1


def test_it_can_be_released_into_a_case_with_its_raw_text():
    cast = make_cast()
    row = receive(b"just some words that are no mail")
    assert row.state == "quarantined"
    services.quarantine_release(raw_id=row.pk, actor=cast.actor(cast.admin), at=AT)
    row.refresh_from_db()
    assert row.state == "case" and "just some words" in Interaction.objects.get().text
    with pytest.raises(Conflict):
        services.quarantine_retry(raw_id=row.pk, actor=cast.actor(cast.admin), at=AT)


def test_a_machines_mail_can_be_made_a_case_by_hand():
    cast = make_cast()
    row = receive(make_mail(precedence="bulk"))
    services.quarantine_release(raw_id=row.pk, actor=cast.actor(cast.admin), at=AT)
    run_jobs(AT)
    assert Case.objects.count() == 1 and not outbox


def test_only_who_manages_channels_may_touch_quarantine():
    cast = make_cast()
    row = receive(b"\0")
    for act in (
        services.quarantine_release,
        services.quarantine_retry,
        services.quarantine_dismiss,
        services.raw_read,
    ):
        with pytest.raises(NotAllowed):
            act(raw_id=row.pk, actor=cast.actor(cast.supervisor), at=AT)


def test_a_fault_of_ours_is_tried_again_and_then_set_aside(monkeypatch):
    row = services.mail_accept(raw=make_mail(), via="smtp", source_key="k", envelope_from="a@b.cn", at=AT)

    def broken(*args, **kwargs):
        raise KeyError("a fault")

    monkeypatch.setattr(intake, "_open", broken)
    for n in range(rules.HANDLE_ATTEMPTS):
        with pytest.raises(KeyError):
            services.mail_handle(raw_id=row.pk, at=AT)
        services.fault_note(raw_id=row.pk, error=KeyError("a fault"), at=AT)
        row.refresh_from_db()
        assert row.attempts == n + 1
    assert row.state == "quarantined" and "a fault" in row.reason
    monkeypatch.undo()
    cast = make_cast()
    services.quarantine_retry(raw_id=row.pk, actor=cast.actor(cast.admin), at=AT)
    assert Case.objects.count() == 1


def test_a_mail_whose_job_was_lost_is_queued_again():
    from django.db import connection

    services.mail_accept(raw=make_mail(), via="smtp", source_key="k", envelope_from="a@b.cn", at=AT)
    assert services.mails_requeue(AT + timedelta(hours=1)) == 0
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    assert services.mails_requeue(AT + timedelta(minutes=1)) == 0
    assert services.mails_requeue(AT + timedelta(hours=1)) == 1
    run_jobs(AT)
    assert Case.objects.count() == 1


def test_a_mail_without_any_address_still_becomes_a_case():
    row = receive(b"Subject: hello\n\nx\n", envelope_from="w@example.cn")
    assert row.state == "case" and Customer.objects.get().name


def test_a_case_of_a_switched_off_mailbox_is_opened_all_the_same(mailbox):
    services.mailbox_change(mailbox_id=mailbox.pk, active=False, actor=Actor.system(), at=AT)
    assert receive(make_mail()).state == "case"


def test_the_number_of_queries_does_not_grow_with_the_history(django_assert_max_num_queries):
    receive(make_mail())
    number = the_case().number
    for n in range(12):
        receive(make_mail(f"补充 {n}", subject=f"[#{number}]"))
    row = services.mail_accept(
        raw=make_mail("再补充", subject=f"[#{number}]"), via="smtp", source_key="k", envelope_from="song@example.cn",
        envelope_to=["kefu@shounuo.test"], at=AT,
    )  # fmt: skip
    with django_assert_max_num_queries(45):
        services.mail_handle(raw_id=row.pk, at=AT)


def test_a_person_who_left_is_no_colleague():
    person = make_person("left", mail="left@example.cn", roles=("admin",))
    person.is_active = False
    person.save()
    receive(make_mail())
    row = receive(make_mail("x", sender="left@example.cn", in_reply_to=reply_to(the_case())))
    assert row.reason == "stranger"


def test_a_raw_mail_that_is_gone_is_told():
    row = RawMessage.objects.create(via="smtp", source_key="g", sha256="0" * 64, size=1, received_at=AT)
    services.mail_handle(raw_id=row.pk, at=AT)
    row.refresh_from_db()
    assert row.state == "quarantined"


def test_raw_mails_are_kept_for_the_time_set_and_then_emptied():
    old, new = receive(make_mail("旧")), receive(make_mail("新"), at=now())
    held = receive(make_mail("争议", sender="li@example.cn"))
    waiting = receive(b"no mail")
    hold_place(kind="case", id=held.case_id, reason="诉讼", actor=Actor.system(), at=AT)
    month = now() - timedelta(days=30)
    assert services.raws_prune(month, now()) == 1
    held.refresh_from_db()
    assert held.sha256 and held.subject
    old.refresh_from_db()
    new.refresh_from_db()
    waiting.refresh_from_db()
    assert (old.sha256, old.sender, old.subject) == ("", "", "") and new.sha256 and waiting.sha256
    assert receive(b"Received: by x\r\n" + raw_get(new.sha256)).state == "duplicate"


def test_what_was_mailed_about_a_case_goes_with_its_words_and_not_under_a_hold():
    row, other = receive(make_mail("旧")), receive(make_mail("另一件", sender="li@example.cn"))
    run_jobs(AT)
    cast = make_cast()
    agent = cast.actor(cast.agent)
    held = the_case_of(other).customer
    hold = hold_place(kind="customer", id=held.pk, reason="诉讼", actor=Actor.system(), at=AT)
    for case_id in (row.case_id, other.case_id):
        cases.case_take(case_id=case_id, actor=agent, at=AT)
        cases.case_resolve(case_id=case_id, text="好了", actor=agent, at=AT)
        cases.case_close(case_id=case_id, actor=agent, at=AT)
    run_jobs(AT)
    retention_set(kind="closed_cases", days=365, actor=Actor.system(), at=AT)
    retention_set(kind="raw_mail", days=365, actor=Actor.system(), at=AT)
    late = AT + timedelta(days=400)
    assert retention_run(at=late) == {
        "closed_cases": 1,
        "raw_mail": 2,
    }  # the mail that came, and what was mailed about it
    run_jobs(late)
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.sha256, row.sender) == ("", "") and other.sha256 and other.sender
    about = set(OutgoingMail.objects.values_list("subject_id", flat=True))
    assert row.case_id not in about and other.case_id in about
    with pytest.raises(Conflict, match="留存"):
        customer_erase(customer_id=held.pk, actor=Actor.system(), at=late)
    hold_lift(hold_id=hold.pk, actor=Actor.system(), at=late)
    assert retention_run(at=late)["closed_cases"] == 1
    run_jobs(late)
    other.refresh_from_db()
    assert other.sha256 == ""


def test_an_erased_person_leaves_no_mail_behind(django_capture_on_commit_callbacks, mailbox):
    cast = make_cast()
    services.mailbox_change(mailbox_id=mailbox.pk, receipt=True, actor=Actor.system(), at=AT)
    row = receive(make_mail())
    other = receive(make_mail(sender="li@example.cn"))
    run_jobs(AT)
    sha = row.sha256
    customer = the_case_of(row).customer
    assert customer_export(customer_id=customer.pk, actor=cast.actor(cast.admin), at=now())["mails"]
    with django_capture_on_commit_callbacks(execute=True):
        customer_erase(customer_id=customer.pk, actor=cast.actor(cast.admin), at=now())
    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.sender, row.subject, row.envelope_to, row.sha256) == ("", "", [], "") and other.sender
    assert not OutgoingMail.objects.filter(subject_id=row.case_id).exists() and OutgoingMail.objects.exists()
    with pytest.raises(NotFound):
        raw_get(sha)


def the_case_of(row):
    return Case.objects.get(pk=row.case_id)
