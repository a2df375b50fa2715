"""What every request passes: its id, the true address, headers, preferences, the set-up, problems."""

import logging

import pytest
from django.db import OperationalError, connections
from django.test import Client, RequestFactory

from shounuo.staff.models import Person
from shounuo.staff.testing import PASSWORD, make_cast, make_person, set_up_organisation, sign_in_client
from shounuo.web import middleware

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    set_up_organisation()
    return make_cast()


# ---- the log line


def test_a_request_has_an_id_and_one_line_without_what_is_personal(client, cast, caplog):
    caplog.set_level(logging.INFO, logger="shounuo.web")
    answer = client.get("/help/find/?mail=song@example.cn&number=48217", REMOTE_ADDR="203.0.113.9")
    [line] = [r for r in caplog.records if r.message == "request"]
    assert (line.method, line.route, line.status) == ("GET", "help/find/", answer.status_code)
    assert len(answer["X-Request-Id"]) == 12
    assert "song" not in str(line.__dict__) and "203.0.113.9" not in str(line.__dict__)


def test_health_checks_are_not_logged(client, caplog):
    caplog.set_level(logging.INFO, logger="shounuo.web")
    client.get("/livez")
    assert not [r for r in caplog.records if r.message == "request"]


# ---- the true address


def address_of(settings, trusted, peer, forwarded, proto="https"):
    settings.SHOUNUO_TRUSTED_PROXIES = trusted
    seen = {}

    def view(request):
        seen.update(address=request.address, secure=request.is_secure())

    headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": proto} if forwarded is not None else {}
    middleware.TrustedProxy(view)(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))
    return seen["address"], seen["secure"]


def test_a_strangers_forwarding_headers_are_not_believed(settings):
    assert address_of(settings, [], "203.0.113.9", "198.51.100.7") == ("203.0.113.9", False)
    assert address_of(settings, ["10.0.0.0/8"], "203.0.113.9", "198.51.100.7") == ("203.0.113.9", False)


def test_a_trusted_proxys_are_as_far_as_the_last_one_that_is_trusted(settings):
    assert address_of(settings, ["10.0.0.0/8"], "10.0.0.1", "198.51.100.7") == ("198.51.100.7", True)
    chain = "6.6.6.6, 198.51.100.7, 10.0.0.2"  # what stands in front of the true one, the client has written
    assert address_of(settings, ["10.0.0.0/8"], "10.0.0.1", chain) == ("198.51.100.7", True)
    assert address_of(settings, ["10.0.0.0/8"], "10.0.0.1", chain, proto="http")[1] is False


@pytest.mark.parametrize(
    "forwarded", ["", "unknown", "198.51.100.7, _hidden", "'; DROP TABLE audit_entry; --"]
)
def test_what_is_no_address_is_never_taken_for_one(settings, forwarded):
    assert address_of(settings, ["10.0.0.0/8"], "10.0.0.1", forwarded)[0] == "10.0.0.1"


def test_no_header_at_all_is_the_peer(settings):
    assert address_of(settings, ["10.0.0.0/8"], "10.0.0.1", None) == ("10.0.0.1", False)


# ---- headers


def test_headers_stand_on_pages_and_on_refusals(client, cast):
    for path in ("/signin/", "/nowhere/", "/api/v1/cases"):
        answer = client.get(path)
        rules = answer["Content-Security-Policy"]
        assert (
            "script-src 'self';" in rules and "frame-ancestors 'none'" in rules and "unsafe-eval" not in rules
        )
        assert answer["X-Frame-Options"] == "DENY" and answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] and answer["Permissions-Policy"]


def test_over_https_cookies_are_secure_and_it_stays_https(client, cast):
    secure = client.get("/signin/", secure=True)
    assert secure["Strict-Transport-Security"] and all(c["secure"] for c in secure.cookies.values())
    plain = client.get("/signin/")
    assert "Strict-Transport-Security" not in plain


def test_the_sessions_cookie_is_out_of_scripts_reach(client, cast):
    make_person("new", password=PASSWORD)
    assert client.post("/signin/", {"username": "new", "password": PASSWORD}).status_code == 302
    cookie = client.cookies["shounuo"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"


# ---- preferences


def language(client, **given):
    return client.get("/me/" if given.pop("staff", False) else "/help/", **given)["Content-Language"]


def test_chinese_unless_somebody_wants_english(client, cast):
    assert language(client) == "zh-hans"
    assert language(client, headers={"Accept-Language": "en-GB,en;q=0.9"}) == "en"
    assert language(client, headers={"Accept-Language": "fr"}) == "zh-hans"


def test_the_persons_own_choice_wins_over_cookie_and_browser(client, cast):
    sign_in_client(client, cast.agent)
    client.cookies["shounuo_language"] = "en"
    assert language(client, staff=True) == "en"
    Person.objects.filter(pk=cast.agent.pk).update(language="zh-hans")
    assert language(client, staff=True, headers={"Accept-Language": "en"}) == "zh-hans"


@pytest.mark.parametrize("nonsense", ["xx", "../../etc", "en\r\nSet-Cookie: a=b"])
def test_a_language_that_is_none_is_passed_over(client, cast, nonsense):
    client.cookies["shounuo_language"] = nonsense.replace("\r\n", "")
    assert language(client) == "zh-hans"


# ---- the set-up


def test_until_it_is_set_up_pages_lead_there_and_others_answer(client):
    for path in ("/", "/cases/", "/help/"):
        assert client.get(path)["Location"] == "/setup/"
    assert client.get("/livez").status_code == 200
    assert client.get("/signin/").status_code == 200
    assert client.get("/api/v1/cases").status_code == 401


# ---- problems


def test_a_database_that_is_away_is_said_and_nothing_typed_is_lost(cast, monkeypatch):
    client = Client(raise_request_exception=False)
    sign_in_client(client, cast.agent)

    def gone(*_args, **_kwargs):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("shounuo.web.account.views.me.page", gone)
    monkeypatch.setattr(connections["default"], "is_usable", lambda: False)
    monkeypatch.setattr(connections["default"], "close", lambda: None)
    answer = client.get("/me/")
    assert answer.status_code == 503 and "数据库" in answer.text


def test_a_fault_of_ours_has_a_number_and_tells_nothing_of_the_inside(cast, monkeypatch):
    client = Client(raise_request_exception=False)
    sign_in_client(client, cast.agent)

    def broken(*_args, **_kwargs):
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr("shounuo.web.account.views.me.page", broken)
    answer = client.get("/me/")
    assert answer.status_code == 500 and "secret of the inside" not in answer.text
    assert answer["X-Request-Id"] in answer.text


def test_a_form_without_its_token_is_refused_in_words(cast):
    client = Client(enforce_csrf_checks=True)
    sign_in_client(client, cast.agent)
    answer = client.post("/me/theme/", {"theme": "dark"})
    assert answer.status_code == 403 and "刷新" in answer.text


# ---- what no database takes


def test_a_nul_in_an_address_is_refused_and_one_that_was_pasted_is_left_out(client, cast):
    assert [client.get(path).status_code for path in ("/signin/?next=%00", "/signin/%00")] == [400, 400]
    person = make_person(login="guest", password=PASSWORD)
    sign_in_client(client, cast.agent)
    client.post("/me/theme/", {"theme": "da\x00rk"})
    cast.agent.refresh_from_db()
    assert cast.agent.theme == "dark"
    typed = {"username": f"{person.login}\x00", "password": PASSWORD}
    assert Client().post("/signin/", typed).status_code == 302
