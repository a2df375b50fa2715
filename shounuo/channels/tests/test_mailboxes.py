"""Setting mailboxes up: what is checked, what is kept, what the operations page reads."""

import pytest

from shounuo.audit.models import Entry
from shounuo.channels import queries, services
from shounuo.channels.models import Mailbox
from shounuo.channels.rules import MailboxBook, bare_subject
from shounuo.channels.testing import AT, make_mail, make_mailbox, receive
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.staff.testing import make_cast, set_up_organisation

pytestmark = pytest.mark.django_db


def change(box, **fields):
    return services.mailbox_change(mailbox_id=box.pk, actor=Actor.system(), at=AT, **fields)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"address": "x"}, "address"), ({"address": "a@b"}, "address"), ({"aliases": ["ok@a.cn", "no"]}, "aliases"),
        ({"name": " "}, "name"), ({"imap_port": 0}, "imap_port"), ({"imap_port": 70000}, "imap_port"),
        ({"imap_host": "imap://x/"}, "imap_host"), ({"imap_security": "ssl3"}, "imap_security"),
        ({"channel_class": "third"}, "channel_class"), ({"team_id": 999}, "team_id"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_with_its_field(fields, field):
    with pytest.raises(Invalid) as caught:
        make_mailbox(**({"address": "kefu@shounuo.test"} | fields))
    assert caught.value.field == field and not Mailbox.objects.exists()


def test_an_address_belongs_to_one_mailbox():
    make_mailbox("kefu@shounuo.test", aliases=["help@shounuo.test"])
    for taken in (
        {"address": "HELP@shounuo.test"},
        {"address": "b@shounuo.test", "aliases": ["kefu@shounuo.test"]},
    ):
        with pytest.raises(Conflict):
            make_mailbox(**taken)
    other = make_mailbox("b@shounuo.test")
    with pytest.raises(Conflict):
        change(other, aliases=["help@shounuo.test"])


def test_the_address_of_a_mailbox_switched_off_is_free_again():
    old = make_mailbox("kefu@shounuo.test")
    change(old, active=False)
    make_mailbox("kefu@shounuo.test")
    with pytest.raises(Conflict):
        change(old, active=True)


def test_one_mailbox_at_most_takes_any_address():
    make_mailbox("a@shounuo.test", catch_all=True)
    with pytest.raises(Conflict):
        make_mailbox("b@shounuo.test", catch_all=True)


def test_a_password_goes_in_and_never_comes_out():
    box = make_mailbox(imap_host="imap.example.cn", imap_login="kefu", imap_password="geheim")
    kept = Mailbox.objects.get().imap_password
    assert "geheim" not in kept
    assert change(box, name="另一个", imap_password=None).imap_password == kept
    assert change(box, imap_password="").imap_password == ""
    assert "geheim" not in str(list(Entry.objects.values_list("detail", flat=True)))
    assert Event.objects.filter(kind="mailbox.changed").count() == 2


def test_a_change_that_changes_nothing_leaves_no_trace():
    box = make_mailbox(name="客服")
    change(box, name="客服")
    assert not Event.objects.filter(kind="mailbox.changed").exists()


def test_a_field_that_does_not_exist_is_a_fault_of_ours():
    with pytest.raises(TypeError):
        make_mailbox(imap_uid=5)


def test_only_who_manages_channels_may():
    cast = make_cast()
    box = make_mailbox()
    for person in (cast.agent, cast.supervisor, cast.nobody):
        with pytest.raises(NotAllowed):
            services.mailbox_create(name="x", address="x@shounuo.test", actor=cast.actor(person), at=AT)
        with pytest.raises(NotAllowed):
            services.mailbox_change(mailbox_id=box.pk, name="x", actor=cast.actor(person), at=AT)
    with pytest.raises(NotFound):
        services.mailbox_change(mailbox_id=999, name="x", actor=cast.actor(cast.admin), at=AT)


def test_which_mailbox_an_address_belongs_to():
    book = MailboxBook({"a@x.cn": 1, "b@x.cn": 2}, frozenset({2}), 9)
    assert [book.own(a) for a in ("A@X.cn", "a+t@x.cn", "b+t@x.cn", "c@x.cn")] == [1, None, 2, None]
    assert [book.find(a) for a in ("c@x.cn", "rubbish", "a@x.cn")] == [9, None, 1]
    assert book.first(["c@x.cn", "b@x.cn"]) == 2 and book.first(["c@x.cn"]) == 9 and book.first([]) is None


@pytest.mark.parametrize(
    "subject", ["饲料", "Re: 饲料", "回复：答复: 饲料 [#48217]", "RE: Fwd: re[2]: 饲料", "AW: 饲料"]
)
def test_subjects_are_compared_without_their_marks(subject):
    assert bare_subject(subject) == "饲料"


def test_the_operations_page_reads_queues_and_intake():
    set_up_organisation()
    make_mailbox(receipt=False)
    receive(make_mail())
    receive(b"no mail")
    services.mail_accept(raw=make_mail("x"), via="smtp", source_key="w", envelope_from="a@b.cn", at=AT)
    state = queries.intake(AT)
    assert (state.stored, state.quarantined, state.last_day, state.failing_mailboxes) == (1, 1, 3, 0)
    assert state.oldest_stored_at == AT
    mail = {q.queue: q for q in queries.queues(AT)}["mail"]
    assert mail.waiting == 3 and mail.failed == 0
    assert queries.raw_counts()["quarantined"] == 1 and queries.failures() == []


def test_each_change_of_a_mailbox_or_a_webhook_stands_in_the_log_once():
    cast = make_cast()
    admin = cast.actor(cast.admin)
    box = services.mailbox_create(name="售后", address="shouhou@example.cn", actor=admin, at=AT)
    services.mailbox_change(mailbox_id=box.pk, from_name="售后部", actor=admin, at=AT)
    hook, _secret = services.webhook_create(
        name="ERP", url="https://93.184.216.34/in", kinds=["case.*"], actor=admin, at=AT
    )
    services.webhook_change(webhook_id=hook.pk, name="新 ERP", actor=admin, at=AT)
    services.webhook_remove(webhook_id=hook.pk, actor=admin, at=AT)
    run_jobs(AT)
    logged = Entry.objects.filter(target_kind__in=["mailbox", "webhook"]).order_by("id")
    assert sorted(logged.values_list("action", flat=True)) == [
        "mailbox.changed",
        "mailbox.created",
        "webhook.changed",
        "webhook.created",
        "webhook.removed",
    ]
    assert {e.actor_id for e in logged} == {cast.admin.pk}
