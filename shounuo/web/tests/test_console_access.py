"""Every address of administration for everyone: who may, who may not, who is not signed in."""

import re

import pytest
from django.urls import URLPattern

from shounuo.audit.services import holds, record
from shounuo.calendars.testing import make_defaults
from shounuo.cases import services as cases
from shounuo.cases.testing import make_case
from shounuo.channels import services as channels
from shounuo.channels.testing import make_mailbox, receive
from shounuo.events.models import Failure
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.notices import services as notices
from shounuo.notices.testing import make_relay, make_way
from shounuo.staff import queries, services
from shounuo.staff.permissions import all_permissions
from shounuo.staff.testing import AT, make_cast, make_person, set_up_organisation, sign_in_client
from shounuo.web.console.menu import SECTIONS
from shounuo.web.console.urls import urlpatterns

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def house():
    """One of everything that an address names; the values by what the address calls them."""
    cast = make_cast()
    set_up_organisation()
    make_defaults()
    box = make_mailbox()
    make_relay()
    raw = receive(b"\x00\xff not a mail at all")
    hook, _secret = channels.webhook_create(
        name="ERP",
        url="https://93.184.216.34/in",
        kinds=["case.*"],
        actor=queries.actor_for(cast.admin),
        at=AT,
    )
    topic = cases.topic_create(code="feed", name="饲料", actor=SYSTEM, at=AT)
    field = cases.custom_field_save(code="batch", label="批号", actor=SYSTEM, at=AT)
    canned = cases.canned_save(title="问好", body="您好", actor=SYSTEM, at=AT)
    [event] = publish(
        [NewEvent("person.signed_in", ("person", cast.agent.pk), AT, SYSTEM, {"by": "password"})]
    )
    failure = Failure.objects.create(
        event_id=event.id, handler="notices", error="Trouble", first_at=AT, last_at=AT
    )
    mail = notices.mail_queue(
        key="k", raw=b"x", message_id="<k@x>", sender="", recipients=["a@example.cn"], at=AT
    )
    token, _clear = services.token_create(person_id=cast.admin.pk, name="ERP", actor=SYSTEM, at=AT)
    held = holds.hold_place(kind="case", id=make_case("一案").pk, reason="诉讼", actor=SYSTEM, at=AT)
    way = make_way()
    record(action="raw.read", target=("raw", raw.pk), actor=SYSTEM, at=AT)
    return {
        "cast": cast,
        "people": cast.agent.pk,
        "teams": cast.team.pk,
        "roles": cast.agent.roles.first().pk,
        "tokens": token.pk,
        "mailboxes": box.pk,
        "relays": box.relay_id or notices.relay_save(name="b", host="b.example.cn", actor=SYSTEM, at=AT).pk,
        "webhooks": hook.pk,
        "topics": topic.pk,
        "fields": field.pk,
        "canned": canned.pk,
        "handlers": failure.pk,
        "mails": mail.pk,
        "jobs": 1,
        "holds": held.pk,
        "ways": way.pk,
        "quiet": cast.agent.roles.first().pk,
        "quarantine": raw.pk,
    }


# Who may, by the first part of the address.
NEEDS = {
    **dict.fromkeys(("organisation", "people", "teams", "roles"), "staff.manage"),
    "tokens": "tokens.manage",
    "calendars": "calendars.manage",
    **dict.fromkeys(("mailboxes", "relays", "quarantine", "ways", "quiet"), "channels.manage"),
    "webhooks": "webhooks.manage",
    **dict.fromkeys(("topics", "fields", "canned"), "cases.configure"),
    "operations": "ops.view",
    "audit": "audit.view",
    **dict.fromkeys(("retention", "holds"), "audit.retain"),
}


def addresses():
    """Each address with the permission it needs; ids stand as `<int:id>` until they are filled."""
    found = [str(p.pattern) for p in urlpatterns if isinstance(p, URLPattern)]
    return [(pattern, NEEDS[pattern.split("/")[0]]) for pattern in found if pattern]


def filled(pattern, house):
    """The address with the ids of things that are there."""
    path = pattern.replace("<slug:code>", "business").replace("<slug:kind>", "access_log")
    path = path.replace("<int:number>", "2026")
    path = path.replace("<int:mail_id>", str(house["mails"])).replace("<int:delivery_id>", "1")
    place = path.split("/")[1] if path.startswith("operations/") else path.split("/")[0]
    return "/settings/" + re.sub("<int:id>", lambda _m: str(house[place]), path)


def test_the_menu_names_only_places_that_are_there_and_asks_the_same_permission():
    known = {f"/settings/{path}": permission for path, permission in addresses()}
    for _title, places in SECTIONS:
        for place in places:
            assert known[place.url] == place.permission, place.url
            assert place.permission in all_permissions()


def test_who_is_not_signed_in_is_led_to_sign_in(client, house):
    for pattern, _permission in addresses():
        url = filled(pattern, house)
        for answer in (client.get(url), client.post(url)):
            assert answer.status_code == 302, url
            assert answer.headers["Location"].startswith("/signin/?next="), url
        fragment = client.get(url, headers={"HX-Request": "true"})
        assert (fragment.status_code, "HX-Redirect" in fragment.headers) == (401, True), url


@pytest.mark.parametrize("who", ["agent", "supervisor", "nobody"])
def test_the_wrong_role_gets_nowhere(client, house, who):
    person = getattr(house["cast"], who)
    held = queries.actor_for(person).permissions
    sign_in_client(client, person)
    for pattern, permission in addresses():
        url = filled(pattern, house)
        assert permission not in held, f"{who} may open {url}: take another who may not"
        assert client.get(url).status_code == 403, url
        assert client.post(url).status_code == 403, url


def test_the_right_role_gets_there(client, house):
    sign_in_client(client, house["cast"].admin)
    for pattern, _permission in addresses():
        status = client.get(filled(pattern, house)).status_code
        assert status == expected(pattern), pattern


def expected(pattern):
    """What an address answers when it is looked at by one who may."""
    if pattern.endswith(("clear/", "forget/")):
        return 422  # it says what is missing in its address
    if pattern == "mailboxes/<int:id>/test/<int:mail_id>/":
        return 404  # that mail is of something else
    does = re.search(r"(gone|back|factor|revoke|remove|retry|release|dismiss|replay|lift)/$", pattern)
    if does or pattern in ("webhooks/<int:id>/test/", "ways/<int:id>/test/"):
        return 302  # it does something when posted to, and only leads on when looked at
    return 200


def test_each_address_opens_with_its_own_permission_alone(client, house):
    for number, permission in enumerate(sorted(set(NEEDS.values()))):
        code = f"only{number}"
        services.role_create(code=code, name=code, permissions=[permission], actor=SYSTEM, at=AT)
        sign_in_client(client, make_person(code, roles=(code,)))
        for pattern, needed in addresses():
            status = client.get(filled(pattern, house)).status_code
            assert status == (expected(pattern) if permission == needed else 403), pattern


@pytest.mark.parametrize(
    "path", ["people/999999/", "calendars/nowhere/", "mailboxes/999999/", "relays/999999/"]
)
def test_what_is_not_there_is_said_to_be_not_there(client, house, path):
    sign_in_client(client, house["cast"].admin)
    assert client.get(f"/settings/{path}").status_code == 404


def test_settings_lead_to_the_first_place_that_is_open(client, house):
    assert client.get("/settings/").headers["Location"].startswith("/signin/")
    sign_in_client(client, house["cast"].nobody)
    assert client.get("/settings/").status_code == 403
    sign_in_client(client, house["cast"].admin)
    assert client.get("/settings/").headers["Location"] == "/settings/organisation/"
    services.role_create(code="log", name="日志", permissions=["audit.view"], actor=SYSTEM, at=AT)
    sign_in_client(client, make_person("log", roles=("log",)))
    assert client.get("/settings/").headers["Location"] == "/settings/audit/"


def test_pages_speak_english_and_hold_nothing_inline(client, house):
    sign_in_client(client, house["cast"].admin)
    for _title, places in SECTIONS:
        for place in places:
            page = client.get(place.url, headers={"Accept-Language": "en"})
            assert page.status_code == 200
            assert 'lang="en"' in page.text
            assert not re.search(r"<style|\sstyle=|\son\w+=", page.text)
