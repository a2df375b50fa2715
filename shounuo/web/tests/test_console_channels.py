"""Mailboxes, relays and webhooks: what is saved, what is refused, and that no secret comes back."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shounuo.audit.models import Entry
from shounuo.channels import services
from shounuo.channels.mail.dnscheck import DomainCheck, RecordCheck
from shounuo.channels.models import Delivery, Mailbox, Webhook
from shounuo.channels.services import outgoing
from shounuo.channels.testing import make_mailbox
from shounuo.events.models import Event
from shounuo.events.services import NewEvent, publish
from shounuo.events.testing import run_jobs
from shounuo.kernel import egress
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.secrets import decrypt
from shounuo.notices.models import OutgoingMail, Relay
from shounuo.notices.testing import make_relay
from shounuo.staff import queries
from shounuo.staff.testing import AT, make_cast, make_team, set_up_organisation, sign_in_client
from shounuo.web.console.told import fault_words

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
SECRET = "juemi-de-shouquanma"
BOXES, RELAYS, HOOKS = "/settings/mailboxes/", "/settings/relays/", "/settings/webhooks/"


@pytest.fixture
def cast(client):
    cast = make_cast()
    set_up_organisation()
    sign_in_client(client, cast.admin)
    return cast


def queries_of(client, page):
    client.get(page)
    with CaptureQueriesContext(connection) as found:
        client.get(page)
    return len(found)


def box_typed(**changes):
    return {
        "name": "客服",
        "address": "kefu@example.cn",
        "aliases": "",
        "channel_class": "primary",
        "active": "on",
        "receipt": "on",
        "from_name": "守诺客服",
        "signature": "守诺客服部",
        "imap_host": "imap.example.cn",
        "imap_port": "993",
        "imap_security": "tls",
        "imap_login": "kefu",
        "imap_password": SECRET,
        "imap_folder": "INBOX",
        **changes,
    }


def test_a_mailbox_is_added_and_its_password_never_comes_back(client, cast):
    relay, team = make_relay(), cast.team
    typed = box_typed(aliases="a@example.cn\nb@example.cn", relay=relay.pk, team=team.pk, plus_address="on")
    assert client.post(BOXES + "new/", typed).headers["Location"] == BOXES
    box = Mailbox.objects.get()
    assert (box.aliases, box.relay, box.team) == (["a@example.cn", "b@example.cn"], relay, team)
    assert decrypt(box.imap_password) == SECRET
    for page in (BOXES, f"{BOXES}{box.pk}/", f"{BOXES}{box.pk}/test/"):
        text = client.get(page).text
        assert SECRET not in text and box.imap_password not in text
    assert "已存着一个" in client.get(f"{BOXES}{box.pk}/").text


def test_an_empty_password_leaves_the_stored_one_and_a_tick_takes_it_away(client, cast):
    box = make_mailbox(
        "kefu@example.cn", imap_host="imap.example.cn", imap_login="kefu", imap_password=SECRET
    )
    url = f"{BOXES}{box.pk}/"
    client.post(url, box_typed(imap_password="", name="新名"))
    box.refresh_from_db()
    assert (box.name, decrypt(box.imap_password)) == ("新名", SECRET)
    client.post(url, box_typed(imap_password="gai-le"))
    box.refresh_from_db()
    assert decrypt(box.imap_password) == "gai-le"
    client.post(url, box_typed(imap_password="", imap_forget="on"))
    box.refresh_from_db()
    assert box.imap_password == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"address": "kefu"}, "address"),
        ({"address": "taken@example.cn"}, "address"),
        ({"aliases": "not an address"}, "aliases"),
        ({"catch_all": "on"}, "catch_all"),
        ({"imap_port": "70000"}, "imap_port"),
        ({"imap_host": "https://imap"}, "imap_host"),
        ({"team": "999999"}, "team"),
    ],
)
def test_a_refused_mailbox_keeps_what_was_typed_but_no_password(client, cast, changes, field):
    make_mailbox("taken@example.cn", catch_all=True)
    refused = client.post(BOXES + "new/", box_typed(from_name="很特别的名称", **changes))
    assert refused.status_code == 422
    assert f'id="id_{field}_error"' in refused.text and "很特别的名称" in refused.text
    assert Mailbox.objects.count() == 1


def test_a_mailbox_that_takes_everything_is_pointed_out(client, cast):
    make_mailbox("kefu@example.cn", name="总台", catch_all=True)
    assert "“总台”接收寄到任何地址的信" in client.get(BOXES).text


def test_a_send_test_shows_what_name_servers_say_and_what_became_of_the_mail(client, cast, monkeypatch):
    def found(domain, *, selector, resolver):
        def record(kind, verdict):
            return RecordCheck(kind, f"{kind}.{domain}", ("v=<b>1</b>",), verdict, f"提示 {kind} {selector}")

        return DomainCheck(
            domain,
            record("spf", "ok"),
            record("dkim", "missing"),
            record("dmarc", "weak"),
            record("mx", "unreachable"),
        )

    monkeypatch.setattr(outgoing, "check_domain", found)
    box = make_mailbox("kefu@example.cn")
    url = f"{BOXES}{box.pk}/test/"
    page = client.post(url, {"to": "me@example.cn", "selector": "s1"}).text
    for part in (
        "example.cn 的记录",
        "SPF",
        "DKIM",
        "DMARC",
        "MX",
        "有效",
        "没有",
        "偏弱",
        "查不到",
        "提示 spf s1",
    ):
        assert part in page
    assert "v=&lt;b&gt;1&lt;/b&gt;" in page
    mail = OutgoingMail.objects.get()
    assert f'hx-get="{url}{mail.pk}/"' in page, "it asks again while the mail waits"
    run_jobs(now())
    after = client.get(f"{url}{mail.pk}/").text
    assert "已发出" in after and "hx-get" not in after
    refused = client.post(url, {"to": "nobody"})
    assert refused.status_code == 422 and 'id="id_to_error"' in refused.text


def relay_typed(**changes):
    return {
        "host": "smtp.example.cn",
        "security": "tls",
        "port": "465",
        "login": "kefu",
        "password": SECRET,
        **changes,
    }


def test_a_relay_is_added_changed_and_removed_and_its_password_never_comes_back(client, cast):
    client.post(RELAYS + "new/", relay_typed())
    relay = Relay.objects.get()
    url = f"{RELAYS}{relay.pk}/"
    assert relay.is_default and decrypt(relay.password) == SECRET
    for page in (RELAYS, url):
        text = client.get(page).text
        assert SECRET not in text and relay.password not in text
    client.post(url, relay_typed(password="", port="587"))
    relay.refresh_from_db()
    assert (relay.port, decrypt(relay.password)) == (587, SECRET)
    client.post(url, relay_typed(password="", forget="on"))
    relay.refresh_from_db()
    assert relay.password == ""
    client.post(url + "remove/")
    assert not Relay.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"host": "smtp example"}, "host"), ({"port": "0"}, "port"), ({"sender": "kefu"}, "sender")],
)
def test_a_refused_relay_says_where(client, cast, changes, field):
    refused = client.post(RELAYS + "new/", relay_typed(**changes))
    assert refused.status_code == 422 and f'id="id_{field}_error"' in refused.text
    assert not Relay.objects.exists()


def test_the_default_relay_stays_while_there_are_others(client, cast):
    first = make_relay(host="a.example.cn")
    make_relay(host="b.example.cn")
    refused = client.post(f"{RELAYS}{first.pk}/remove/", headers={"HX-Request": "true"})
    assert (refused.status_code, refused.json()["code"]) == (409, "is_default")


def test_a_relay_shows_its_last_fault_until_it_works_again(client, cast):
    relay = make_relay()
    Relay.objects.filter(pk=relay.pk).update(last_error="535 denied", last_error_at=AT)
    assert "535 denied" in client.get(RELAYS).text
    Relay.objects.filter(pk=relay.pk).update(last_ok_at=now())
    assert "535 denied" not in client.get(RELAYS).text


def hook_typed(**changes):
    return {"name": "ERP", "url": "https://93.184.216.34/in", "families": ["case.*"], "single": "", **changes}


@pytest.fixture
def hook(cast):
    made, _secret = services.webhook_create(
        name="ERP",
        url="https://93.184.216.34/in",
        kinds=["person.*"],
        actor=queries.actor_for(cast.admin),
        at=AT,
    )
    return made


def test_what_is_changed_stands_in_the_log_once(client, cast):
    client.post(HOOKS + "new/", hook_typed())
    hook = Webhook.objects.get()
    client.post(f"{HOOKS}{hook.pk}/", hook_typed(name="CRM", active="on"))
    client.post(f"{HOOKS}{hook.pk}/remove/")
    run_jobs(now())
    of_it = Entry.objects.filter(target_kind="webhook").order_by("id")
    assert [e.action for e in of_it] == ["webhook.created", "webhook.changed", "webhook.removed"]


def test_families_of_events_are_offered_in_words_and_unknown_codes_as_they_are(client, cast, hook):
    page = client.get(HOOKS + "new/").text
    assert "工单 case.*" in page and page.index("工单 case.*") < page.index("接口令牌 token.*")
    Webhook.objects.update(kinds=["case.*", "clock.breached", "long.gone", "person.*"])
    assert "工单 case.*、违诺 clock.breached、long.gone 等 4 种" in client.get(HOOKS).text


def test_a_webhook_is_added_and_its_secret_shown_once(client, cast):
    made = client.post(HOOKS + "new/", hook_typed(single="clock.breached\n"))
    secret = re.search(r'readonly value="(whsec_[^"]+)"', made.text)[1]
    hook = Webhook.objects.get()
    assert hook.kinds == ["case.*", "clock.breached"] and decrypt(hook.secret) == secret
    for page in (HOOKS, f"{HOOKS}{hook.pk}/", f"{HOOKS}{hook.pk}/log/", f"{HOOKS}{hook.pk}/secret/"):
        text = client.get(page).text
        assert secret not in text and hook.secret not in text
    renewed = client.post(f"{HOOKS}{hook.pk}/secret/")
    fresh = re.search(r'readonly value="(whsec_[^"]+)"', renewed.text)[1]
    hook.refresh_from_db()
    assert decrypt(hook.secret) == fresh != secret


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"url": "http://127.0.0.1/in"}, "url"),
        ({"url": "nonsense"}, "url"),
        ({"families": []}, "families"),
        ({"single": "case.nonsense"}, "single"),
    ],
)
def test_a_refused_webhook_says_why(client, cast, changes, field):
    refused = client.post(HOOKS + "new/", hook_typed(**changes))
    assert refused.status_code == 422
    assert f'id="id_{field}_error"' in refused.text
    assert not Webhook.objects.exists()


def test_a_webhook_is_changed_switched_off_and_removed(client, cast, hook):
    url = f"{HOOKS}{hook.pk}/"
    client.post(url, hook_typed(name="ERP 2", families=["*"]))
    hook.refresh_from_db()
    assert (hook.name, hook.kinds, hook.active) == ("ERP 2", ["*"], False)
    client.post(url + "remove/")
    assert not Webhook.objects.exists()


def test_a_webhook_is_tried_and_the_answer_told(client, cast, hook, monkeypatch):
    monkeypatch.setattr(egress, "request", lambda *a, **k: egress.Answer(204, b"", {}))
    client.post(f"{HOOKS}{hook.pk}/test/")
    assert "对方收到了，答 204" in client.get(HOOKS).text


def test_the_log_of_deliveries_is_narrowed_and_one_is_sent_again(client, cast, hook):
    event = Event.objects.order_by("id").first()
    delivery = Delivery.objects.create(
        webhook=hook,
        event_id=event.pk,
        kind=event.kind,
        state="failed",
        attempts=9,
        status_code=500,
        response="<b>boom</b>",
        created_at=AT,
    )
    page = client.get(f"{HOOKS}{hook.pk}/log/?state=failed").text
    assert "&lt;b&gt;boom&lt;/b&gt;" in page and "500" in page
    assert "没有推送记录" in client.get(f"{HOOKS}{hook.pk}/log/?state=done").text
    client.post(f"{HOOKS}{hook.pk}/log/{delivery.pk}/replay/")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("queued", 0)


@pytest.mark.parametrize("page", [BOXES, RELAYS, HOOKS, "log"])
def test_no_list_asks_more_for_more_rows(client, cast, hook, page, django_assert_num_queries):
    page = f"{HOOKS}{hook.pk}/log/" if page == "log" else page

    def more(first, last):
        for n in range(first, last):
            team = make_team(f"extra-{n}")
            relay = make_relay(host=f"smtp{n}.example.cn")
            make_mailbox(f"kefu{n}@example.cn", team_id=team.pk, relay_id=relay.pk)
            services.webhook_create(
                name=f"系统{n}",
                url="https://93.184.216.34/in",
                kinds=["*"],
                actor=queries.actor_for(cast.admin),
                at=AT,
            )
            [event] = publish(
                [NewEvent("person.signed_in", ("person", cast.agent.pk), AT, SYSTEM, {"by": "password"})]
            )
            Delivery.objects.create(webhook=hook, event_id=event.id, kind=event.kind, created_at=AT)

    more(0, 3)
    asked = queries_of(client, page)
    more(3, 30)
    with django_assert_num_queries(asked):
        assert client.get(page).status_code == 200


@pytest.mark.parametrize("host", ["smtp.example.com:25", "smtp://example.com", "a b", "me@example.com", ""])
def test_the_name_of_a_relay_is_a_name(client, cast, host):
    refused = client.post(RELAYS + "new/", {"host": host, "port": "587", "security": "starttls"})
    assert refused.status_code == 422 and 'id="id_host_error"' in refused.text and not Relay.objects.exists()


@pytest.mark.parametrize("host", ["smtp.example.com", "10.0.0.5", "2001:db8::1"])
def test_a_relay_may_be_a_name_or_an_address(client, cast, host):
    client.post(RELAYS + "new/", {"host": host, "port": "587", "security": "starttls"})
    assert Relay.objects.get().host == host


def test_fetching_takes_an_account_and_a_bare_name(client, cast):
    typed = {"name": "客服", "address": "kefu@example.cn", "channel_class": "primary", "imap_security": "tls"}
    refused = client.post(BOXES + "new/", {**typed, "imap_host": "imap.example.cn"})
    assert refused.status_code == 422 and 'id="id_imap_login_error"' in refused.text
    refused = client.post(BOXES + "new/", {**typed, "imap_host": "imap.example.cn:993", "imap_login": "kefu"})
    assert refused.status_code == 422 and 'id="id_imap_host_error"' in refused.text
    client.post(BOXES + "new/", {**typed, "imap_host": "imap.example.cn", "imap_login": "kefu"})
    assert Mailbox.objects.get().imap_login == "kefu"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("gaierror: [Errno -2] Name or service not known", "找不到这台服务器"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "核对端口"),
        ("535 Error: authentication failed", "账号或密码不对"),
        ("SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number", "加密方式不对"),
        ("SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] expired", "证书不对"),
    ],
)
def test_a_fault_of_a_server_is_said_in_words_before_its_own(client, cast, said, meant):
    make_relay()
    Relay.objects.update(last_error=said, last_error_at=AT)
    page = client.get(RELAYS).text
    assert meant in page and said.split(":")[0] in page


def test_a_fault_that_means_nothing_to_us_is_shown_as_it_is():
    assert fault_words("451 try again later") == "451 try again later"
