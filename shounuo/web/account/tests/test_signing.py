"""The sign-in pages as a browser and an attacker see them."""

import re
from datetime import timedelta

import pyotp
import pytest
from django.test import Client

from shounuo.audit.models import Entry
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.secrets import decrypt
from shounuo.notices.testing import clear_outbox, make_relay, outbox, parsed
from shounuo.staff import services, signin
from shounuo.staff.models import OneTimeLink, Person
from shounuo.staff.testing import PASSWORD, make_person, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture(autouse=True)
def _organisation():
    set_up_organisation()


@pytest.fixture
def agent():
    return make_person("agent", name="林小满", mail="agent@example.cn", password=PASSWORD)


def enter(client, username="agent", password=PASSWORD, **more):
    return client.post("/signin/", {"username": username, "password": password, **more})


def body(answer):
    """The page without what differs by request (tokens) and by what was typed."""
    text = re.sub(r'(name="csrfmiddlewaretoken" value=|X-CSRFToken": )"[^"]*"', "", answer.content.decode())
    return re.sub(r'name="username" value="[^"]*"', "", text)


def test_the_page_opens_for_anyone_and_leads_those_signed_in_onward(agent, client: Client):
    answer = client.get("/signin/?next=/me/")
    assert answer.status_code == 200 and 'value="/me/"' in answer.content.decode()
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    sign_in_client(client, agent)
    assert client.get("/signin/?next=/me/")["Location"] == "/me/"


def test_signing_in_opens_the_page_that_was_asked_for(agent, client: Client):
    assert client.get("/me/")["Location"] == "/signin/?next=%2Fme%2F"
    answer = enter(client, next="/me/tokens/?a=1")
    assert (answer.status_code, answer["Location"]) == (302, "/me/tokens/?a=1")
    assert client.get("/me/").status_code == 200
    entry = Entry.objects.get(action="person.signed_in")
    assert (entry.actor_id, entry.address) == (agent.id, "127.0.0.1")


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example/",
        "javascript:alert(1)",
        "http:///evil.example",
        "evil.example",
        "https:evil.example",
        "///evil.example",
        "",
    ],
)
def test_it_leads_nowhere_else(agent, client: Client, wanted):
    assert enter(client, next=wanted)["Location"] == "/"
    assert client.get("/signin/", {"next": wanted})["Location"] == "/"


def test_every_refusal_is_the_same_page(agent, client: Client):
    stopped = make_person("stopped", password=PASSWORD)
    Person.objects.filter(pk=stopped.pk).update(is_active=False)
    pages = {
        (answer.status_code, body(answer))
        for answer in (
            enter(client, password="wrong"),
            enter(client, "nobody-there"),
            enter(client, "stopped"),
            enter(client, password=agent.password),
        )
    }
    assert len(pages) == 1
    assert next(iter(pages))[0] == 422 and "登录名或密码不对" in next(iter(pages))[1]
    assert client.get("/me/").status_code == 302


def test_what_was_typed_is_kept_but_the_password_is_not_shown_or_logged(agent, client: Client):
    answer = enter(client, "林小满@nowhere", "my-secret-word")
    text = answer.content.decode()
    assert "林小满@nowhere" in text and "my-secret-word" not in text
    rows = str(list(Entry.objects.values())) + str(list(Event.objects.values()))
    assert "my-secret-word" not in rows and "nowhere" not in rows
    assert Entry.objects.filter(action="person.sign_in_failed").count() == 1


def test_too_many_tries_are_told_to_wait(agent, client: Client):
    for _n in range(signin.PER_PAIR):
        assert enter(client, password="wrong").status_code == 422
    answer = enter(client)
    assert answer.status_code == 429 and 0 < int(answer["Retry-After"]) <= 900
    assert "频繁" in answer.content.decode()
    assert client.get("/me/").status_code == 302


def test_the_form_is_guarded_against_other_sites(agent):
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/signin/", {"username": "agent", "password": PASSWORD}).status_code == 403
    assert strict.post("/signout/").status_code == 403
    assert strict.post("/me/theme/", {"theme": "dark"}).status_code == 403


def test_the_sessions_key_changes_at_sign_in(agent, client: Client):
    session = client.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    enter(client)
    assert client.session.session_key != planted
    cookie = client.cookies["shounuo"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and not cookie["secure"]


def test_over_https_no_cookie_travels_in_clear(agent):
    client = Client()
    given = {"username": "agent", "password": PASSWORD}
    answer = client.post("/signin/", given, secure=True)
    assert answer.status_code == 302 and all(cookie["secure"] for cookie in answer.cookies.values())
    assert "shounuo" in answer.cookies and "Strict-Transport-Security" in answer.headers


def test_a_deactivated_persons_session_ends_at_once(agent, client: Client):
    enter(client)
    assert client.get("/me/").status_code == 200
    services.person_deactivate(person_id=agent.id, actor=SYSTEM, at=now())
    assert client.get("/me/").status_code == 302


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(agent, client: Client):
    other = Client()
    enter(client)
    enter(other)
    answer = client.post(
        "/me/password/", {"old": PASSWORD, "password": "quan-xin-mima-7", "again": "quan-xin-mima-7"}
    )
    assert answer.status_code == 302
    assert client.get("/me/").status_code == 200
    assert other.get("/me/").status_code == 302
    assert enter(other, password="quan-xin-mima-7").status_code == 302


def test_signing_out_ends_the_session_by_post_only(agent, client: Client):
    enter(client)
    assert client.get("/signout/").status_code == 405
    assert client.post("/signout/")["Location"] == "/signin/"
    assert client.get("/me/").status_code == 302
    assert Event.objects.latest("id").kind == "person.signed_out"


def with_totp(person):
    actor = Actor.person(person.id)
    services.totp_begin(person_id=person.id, actor=actor, at=now())
    totp = pyotp.TOTP(decrypt(Person.objects.get(pk=person.pk).totp_secret))
    at = now() - timedelta(seconds=60)
    codes = services.totp_confirm(person_id=person.id, code=totp.at(at), actor=actor, at=at)
    return totp, codes


def test_the_second_factor_comes_before_any_page(agent, client: Client):
    totp, codes = with_totp(agent)
    assert client.get("/signin/code/")["Location"] == "/signin/"
    assert enter(client, next="/me/tokens/")["Location"] == "/signin/code/"
    assert client.get("/me/").status_code == 302
    assert client.get("/signin/code/").status_code == 200
    assert client.post("/signin/code/", {"code": "000000x"}).status_code == 422
    code = totp.at(now())
    answer = client.post("/signin/code/", {"code": code})
    assert (answer.status_code, answer["Location"]) == (302, "/me/tokens/")
    again = Client()
    enter(again)
    assert again.post("/signin/code/", {"code": code}).status_code == 422
    assert again.get("/me/").status_code == 302
    assert again.post("/signin/code/", {"code": codes[0]}).status_code == 302
    assert again.get("/me/").status_code == 200


def test_codes_are_throttled(agent, client: Client):
    with_totp(agent)
    enter(client)
    for n in range(signin.CODES_PER_PERSON):
        assert client.post("/signin/code/", {"code": f"x{n}"}).status_code == 422
    answer = client.post("/signin/code/", {"code": "x"})
    assert answer.status_code == 429 and answer["Retry-After"]


def link_for(agent, purpose="reset", at=None):
    return services.link_create(person_id=agent.id, purpose=purpose, actor=SYSTEM, at=at or now())


NEW = {"password": "quan-xin-mima-7", "again": "quan-xin-mima-7"}


def test_a_link_sets_the_password_once_and_signs_in(agent, client: Client):
    path = link_for(agent)
    page = client.get(path)
    assert page.status_code == 200 and page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    assert client.post(path, {"password": "short", "again": "short"}).status_code == 422
    assert client.post(path, {**NEW, "again": "other"}).status_code == 422
    assert client.post(path, NEW)["Location"] == "/"
    assert client.get("/me/").status_code == 200
    stranger = Client()
    for answer in (stranger.get(path), stranger.post(path, NEW)):
        assert answer.status_code == 404 and "重新申请" in answer.content.decode()
    assert stranger.get("/me/").status_code == 302


def test_a_link_expires_and_an_unknown_one_says_the_same(agent, client: Client):
    old = link_for(agent, at=now() - timedelta(hours=2))
    answers = {body(client.get(path)) for path in (old, "/link/unknown/", old[:-2] + "/")}
    assert len(answers) == 1
    assert client.post(old, NEW).status_code == 404
    assert not Person.objects.get(pk=agent.pk).check_password(NEW["password"])


def test_a_link_does_not_lift_the_second_factor(agent, client: Client):
    totp, _codes = with_totp(agent)
    assert client.post(link_for(agent), NEW)["Location"] == "/signin/code/"
    assert client.get("/me/").status_code == 302
    assert client.post("/signin/code/", {"code": totp.at(now())}).status_code == 302
    assert client.get("/me/").status_code == 200


def test_a_deactivated_persons_link_is_over(agent, client: Client):
    path = link_for(agent)
    Person.objects.filter(pk=agent.pk).update(is_active=False)
    assert client.get(path).status_code == 404 and client.post(path, NEW).status_code == 404


def test_asking_for_a_new_password_tells_nothing(agent, client: Client):
    make_relay()
    clear_outbox()
    answers = [client.post("/signin/forgot/", {"identifier": who}) for who in ("agent", "nobody-there", "林")]
    assert {(a.status_code, a["Location"]) for a in answers} == {(302, "/signin/forgot/done/")}
    assert client.get("/signin/forgot/done/").status_code == 200
    assert not OneTimeLink.objects.exists()
    run_jobs(now())
    (sent,) = outbox
    path = parsed(sent).get_content().split("https://kefu.example.cn")[1].split()[0]
    assert client.get(path).status_code == 200


def test_a_flood_of_asking_is_stopped(agent, client: Client):
    for who in ("agent", "nobody-there"):
        for _n in range(signin.RESETS_PER_ACCOUNT):
            assert client.post("/signin/forgot/", {"identifier": who}).status_code == 302
        answer = client.post("/signin/forgot/", {"identifier": who})
        assert answer.status_code == 429 and answer["Retry-After"]


def test_the_mailed_address_is_the_organisations_not_the_requests(agent, client: Client):
    make_relay()
    clear_outbox()
    client.post("/signin/forgot/", {"identifier": "agent"}, headers={"host": "evil.example"})
    run_jobs(now())
    text = parsed(outbox[0]).get_content()
    assert "evil.example" not in text and "https://kefu.example.cn/link/" in text


def test_the_page_speaks_the_readers_language(agent, client: Client):
    answer = client.get("/signin/?language=en")
    assert answer["Location"] == "/signin/"
    assert client.get("/signin/")["Content-Language"] == "en"
    client.get("/signin/?language=xx")
    assert client.get("/signin/")["Content-Language"] == "zh-hans"
