"""Pages of one's own account: nobody else's, whoever asks."""

import pyotp
import pytest
from django.test import Client

from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.secrets import decrypt
from shounuo.notices import kinds
from shounuo.notices import services as notices
from shounuo.notices.models import Notice
from shounuo.staff import queries, services, signin, tokens
from shounuo.staff.models import Person, Role, Token
from shounuo.staff.testing import PASSWORD, make_cast, make_person, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
PAGES = ["/me/", "/me/security/", "/me/tokens/", "/me/notices/", "/me/notices/count/"]
ACTS = [
    "/me/presence/",
    "/me/password/",
    "/me/factor/",
    "/me/factor/confirm/",
    "/me/factor/off/",
    "/me/factor/codes/",
    "/me/notices/read/",
    "/me/tokens/1/revoke/",
]


@pytest.fixture
def cast():
    set_up_organisation()
    made = make_cast()
    person = made.agent
    person.set_password(PASSWORD)
    person.save()
    return made


@pytest.fixture
def agent(cast, client: Client):
    sign_in_client(client, cast.agent)
    return cast.agent


@pytest.mark.parametrize("path", [*PAGES, *ACTS, "/me/factor/qr.svg", "/me/notices/1/"])
def test_anonymous_readers_are_led_to_the_sign_in_page(client: Client, path):
    set_up_organisation()
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 302 and answer["Location"].startswith("/signin/?next=")


@pytest.mark.parametrize("who", ["agent", "outsider", "admin", "nobody"])
@pytest.mark.parametrize("path", PAGES)
def test_every_signed_in_person_has_the_pages_of_his_own(cast, client: Client, who, path):
    sign_in_client(client, getattr(cast, who))
    answer = client.get(path)
    assert answer.status_code == 200
    assert "style=" not in answer.content.decode() and "<script>" not in answer.content.decode()
    assert "unsafe" not in answer["Content-Security-Policy"] and "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ACTS)
def test_acts_want_a_post(agent, client: Client, path):
    assert client.get(path).status_code == 405


def test_the_profile_keeps_what_is_chosen_and_nothing_else(agent, client: Client):
    given = {"presence": "busy", "language": "en", "theme": "dark", "mail_notices": "all"}
    extra = {"is_active": "", "login": "root", "roles": "admin", "name": "别人", "session_epoch": "9"}
    assert client.post("/me/", {**given, **extra}).status_code == 302
    person = Person.objects.get(pk=agent.pk)
    assert (person.presence, person.language, person.theme) == ("busy", "en", "dark")
    assert person.preferences == {"mail_notices": "all"}
    assert (person.login, person.name, person.is_active, person.session_epoch) == ("agent", "林小满", True, 0)
    assert list(person.roles.values_list("code", flat=True)) == ["agent"]
    assert client.post("/me/", {**given, "theme": "pink"}).status_code == 422


def test_theme_and_language_are_kept_for_readers_and_staff(cast, client: Client):
    assert client.post("/me/theme/", {"theme": "dark"}).status_code == 204
    assert client.cookies["shounuo_theme"].value == "dark"
    assert client.post("/me/theme/", {"theme": "x"}).status_code == 404
    assert client.post("/me/language/en/")["Location"] == "/signin/"
    sign_in_client(client, cast.agent)
    client.post("/me/theme/", {"theme": "light"})
    client.post("/me/language/en/")
    person = Person.objects.get(pk=cast.agent.pk)
    assert (person.theme, person.language) == ("light", "en")
    assert client.post("/me/language/xx/").status_code == 422


def test_presence_by_button(agent, client: Client):
    assert client.post("/me/presence/", {"presence": "online"}).status_code == 302
    assert Person.objects.get(pk=agent.pk).presence == "online"
    assert client.post("/me/presence/", {"presence": "flying"}).status_code == 422


def test_the_second_factor_is_set_up_with_an_image_of_its_own(agent, client: Client):
    assert client.get("/me/factor/qr.svg").status_code == 404
    client.post("/me/factor/")
    page = client.get("/me/security/").content.decode()
    secret = decrypt(Person.objects.get(pk=agent.pk).totp_secret)
    assert '<img src="/me/factor/qr.svg"' in page and "data:" not in page
    assert " ".join(secret[i : i + 4] for i in range(0, 32, 4)) in page
    image = client.get("/me/factor/qr.svg")
    assert image["Content-Type"] == "image/svg+xml" and b"<path" in image.content
    assert "no-store" in image["Cache-Control"] and "style-src 'self'" in image["Content-Security-Policy"]
    assert b"style=" not in image.content
    assert client.post("/me/factor/confirm/", {"code": "123"}).status_code == 422
    answer = client.post("/me/factor/confirm/", {"code": pyotp.TOTP(secret).at(now())})
    assert answer.status_code == 200 and answer.content.decode().count("sn-secret") == 10
    assert client.get("/me/factor/qr.svg").status_code == 404
    assert secret not in client.get("/me/security/").content.decode()
    assert client.post("/me/factor/").status_code == 409
    assert client.post("/me/factor/codes/").content.decode().count("sn-secret") == 10
    assert client.post("/me/factor/off/", {"password": "wrong"}).status_code == 422
    assert client.post("/me/factor/off/", {"password": PASSWORD}).status_code == 302
    assert Person.objects.get(pk=agent.pk).totp_confirmed_at is None


def test_an_open_page_is_no_place_to_guess_the_password(agent, client: Client):
    given = {"old": "wrong", "password": "quan-xin-mima-7", "again": "quan-xin-mima-7"}
    for _n in range(signin.CODES_PER_PERSON):
        assert "原密码不对" in client.post("/me/password/", given).content.decode()
    assert "频繁" in client.post("/me/password/", {**given, "old": PASSWORD}).content.decode()
    assert Person.objects.get(pk=agent.pk).check_password(PASSWORD)


def test_a_token_is_shown_once_and_works_within_its_scopes(agent, client: Client):
    answer = client.post("/me/tokens/", {"name": "报表", "days": "90", "scopes": ["customers.view"]})
    clear = answer.content.decode().split('class="sn-secret">')[1].split("<")[0]
    assert tokens.actor_of(clear, now())[0].permissions == {"customers.view"}
    page = client.get("/me/tokens/").content.decode()
    assert clear not in page and "报表" in page
    assert (
        client.post("/me/tokens/", {"name": "x", "days": "90", "scopes": ["staff.manage"]}).status_code == 422
    )
    assert client.post("/me/tokens/", {"name": "", "days": "90"}).status_code == 422
    assert client.post("/me/tokens/", {"name": "x", "days": "7"}).status_code == 422
    assert Token.objects.count() == 1


def test_tokens_of_others_are_neither_seen_nor_revoked(cast, client: Client):
    token, _clear = services.token_create(
        person_id=cast.supervisor.id, name="督办脚本", actor=cast.actor(cast.supervisor), at=now()
    )
    for person in (cast.agent, cast.outsider, cast.manager):
        sign_in_client(client, person)
        assert "督办脚本" not in client.get("/me/tokens/").content.decode()
        assert client.post(f"/me/tokens/{token.id}/revoke/").status_code == 404
    sign_in_client(client, cast.supervisor)
    assert client.post(f"/me/tokens/{token.id}/revoke/").status_code == 302
    assert Token.objects.get(pk=token.pk).revoked_at is not None


def test_notices_are_read_by_opening_what_they_tell_of(cast, client: Client):
    about = ("person", cast.agent.id)
    notices.notify(
        key="k", person_ids=[cast.agent.id, cast.outsider.id], kind=kinds.ASSIGNED, subject=about, at=now()
    )
    mine = Notice.objects.get(person=cast.agent)
    theirs = Notice.objects.get(person=cast.outsider)
    sign_in_client(client, cast.agent)
    assert client.get("/me/notices/count/").json() == {"count": 1}
    assert "分派给您：林小满" in client.get("/me/notices/").content.decode()
    assert client.get(f"/me/notices/{theirs.id}/").status_code == 404
    assert client.get(f"/me/notices/{mine.id}/")["Location"] == f"/settings/people/{cast.agent.id}/"
    assert client.get("/me/notices/count/").json() == {"count": 0}
    theirs.refresh_from_db()
    assert theirs.read_at is None
    sign_in_client(client, cast.outsider)
    page = client.get("/me/notices/").content.decode()
    assert "林小满" not in page and client.get(f"/me/notices/{theirs.id}/").status_code == 404
    assert client.post("/me/notices/read/").status_code == 302
    assert client.get("/me/notices/count/").json() == {"count": 0}


def test_the_list_of_notices_costs_the_same_for_few_and_many(
    cast, client: Client, django_assert_max_num_queries
):
    for n in range(60):
        notices.notify(
            key=f"k{n}",
            person_ids=[cast.agent.id],
            kind=kinds.ASSIGNED,
            subject=("person", cast.agent.id),
            at=now(),
        )
    sign_in_client(client, cast.agent)
    with django_assert_max_num_queries(7):
        page = client.get("/me/notices/").content.decode()
    assert page.count("sn-notice is-unread") == 50 and "cursor=" in page
    assert client.get("/me/notices/?cursor=broken").status_code == 422


def test_hostile_names_are_shown_as_text(cast, client: Client):
    Person.objects.filter(pk=cast.agent.pk).update(name="<img src=x onerror=alert(1)>")
    services.token_create(
        person_id=cast.agent.id,
        name="<script>alert(1)</script>",
        actor=cast.actor(cast.agent),
        at=now(),
    )
    sign_in_client(client, cast.agent)
    for path in PAGES:
        text = client.get(path).content.decode()
        assert "<img src=x" not in text and "<script>alert" not in text


# a role that asks for the second factor


@pytest.fixture
def asked(agent):
    role = Role.objects.get(code="agent")
    services.role_change(role_id=role.pk, second_factor=True, actor=Actor.system(), at=now())
    return agent


def begin_and_confirm(client, person):
    client.post("/me/factor/")
    person.refresh_from_db()
    code = pyotp.TOTP(decrypt(person.totp_secret)).at(now())
    return client.post("/me/factor/confirm/", {"code": code})


def test_a_role_may_ask_for_the_second_factor_before_anything_else(asked, client: Client):
    sign_in_client(client, asked)
    for page in ("/", "/cases/", "/me/", "/search/?q=x", "/live", "/customers/", "/settings/", "/files/1/"):
        assert client.get(page)["Location"] == "/me/security/", page
    fragment = client.get("/cases/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment["HX-Redirect"]) == (403, "/me/security/")
    assert client.post("/me/presence/", {"presence": "busy"})["Location"] == "/me/security/"
    page = client.get("/me/security/")
    assert page.status_code == 200 and "您的角色要求两步验证" in page.text
    assert begin_and_confirm(client, asked).status_code == 200
    assert client.get("/cases/").status_code == 200
    assert "设置好以后才能继续" not in client.get("/me/security/").text


def test_who_owes_the_second_factor_may_sign_out_and_customers_pages_stay_open(asked, client: Client):
    sign_in_client(client, asked)
    assert client.get("/help/").status_code == 200
    assert client.get("/static/none.css").status_code == 404
    assert client.post("/signout/")["Location"] == "/signin/"
    assert client.get("/cases/")["Location"].startswith("/signin/")


def test_the_second_factor_that_a_role_asks_for_cannot_be_switched_off(asked, client: Client):
    sign_in_client(client, asked)
    begin_and_confirm(client, asked)
    refused = client.post("/me/factor/off/", {"password": PASSWORD})
    assert refused.status_code == 422 and "不能停用" in refused.text
    asked.refresh_from_db()
    assert asked.totp_confirmed_at is not None
    # When the phone is lost, who manages people takes it off: the next page leads to a new one.
    services.totp_disable(person_id=asked.pk, actor=Actor.system(), at=now())
    assert client.get("/cases/")["Location"] == "/me/security/"


def test_who_has_no_such_role_is_asked_for_nothing(asked, client: Client):
    other = make_person("senior", roles=("senior_agent",))
    sign_in_client(client, other)
    assert client.get("/cases/").status_code == 200
    assert "您的角色要求" not in client.get("/me/security/").text


def test_asking_costs_no_query(asked, django_assert_num_queries):
    person = queries.with_rights().get(pk=asked.pk)
    with django_assert_num_queries(0):
        assert queries.owes_factor(person)
    other = queries.with_rights().get(pk=make_person("senior", roles=("senior_agent",)).pk)
    assert not queries.owes_factor(other)
