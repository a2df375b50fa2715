"""Every address of the product: for strangers, for people without a right, for those who look and do not write, and for
what a browser would run. A new address is tested by being there; whoever opens one to the public writes it down here."""

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.policy.reading.pack import TAKEN
from shounuo.policy.services.uploads import code_for
from shounuo.staff.services import role_create
from shounuo.staff.testing import AT, make_person, sign_in_client
from tests.policy.calls import bearer_of, call, operations
from tests.policy.town import addresses

pytestmark = pytest.mark.django_db

EVIL = "evil.example"
# What opens without anybody signed in, and why.
PUBLIC = {
    "": "strangers are led to the customers' entrance, staff to their first page",
    "signin/": "one signs in here",
    "signin/code/": "the second step of it; leads back without the first",
    "signin/forgot/": "who forgot his password is not signed in",
    "signin/forgot/done/": "says the same to everybody",
    "link/<str:token>/": "a one-time link is its own proof; an unknown one opens a page that says so",
    "approve/<str:token>/": "a signed link of one person to one request is its own proof; opening it decides nothing",
    "files/s/<str:token>/": "one file of a customer's page, by signature",
    "t/<str:token>/": "leads on to the customer's page, which looks at the signature",
    "help/": "the customers' entrance",
    "help/find/": "looks for a case by number and address",
    "help/promises/": "what the house promises and how it keeps it, as far as it has put it before its customers",
    "help/language/<slug:code>/": "the language of the customers' pages",
    "help/new/": "the form for anybody",
    "help/new/fields/": "a part of that form",
    "help/upload/": "a file for that form",
    "help/sign-in/": "customers ask for a code here",
    "help/sign-in/code/": "and give it here",
    "help/sign-out/": "ends a customer's session",
    "help/agreements/<str:token>/": "a service agreement for its customer, by signed link",
    "help/c/<str:token>/": "a case of a customer, by signed link",
    **{
        f"help/c/<str:token>/{what}": "acts on that case"
        for what in ("reply/", "choose/", "confirm/", "dispute/", "received/", "files/<int:file_id>/")
    },
    "api/v1/": "answers as an address that is not there",
    "api/v1/docs": "the API's reference",
    "api/v1/openapi.json": "the API's document",
}
# Where customers who are not signed in are led: their own door.
CUSTOMERS = "help/cases/"
# What is one's own: open to everybody who is signed in, whatever his rights.
OWN = ("me/", "signout/", "live", "search/")
# Looking leaves these traces, and no others.
TRACES = {
    "django_session": "who is signed in, and words shown once",
    "staff_bucket": "how often somebody tried",
    "audit_entry": "that somebody looked",
    "cases_viewer": "that somebody has the case open",
    "cases_reading": "how far he has read",
    "events_event": "that personal data was looked at",
    "events_stream": "the number of that event",
    "procrastinate_jobs": "what follows from that event",
    "cases_mention": "a mention is seen when its case is opened",
}
WRITES = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM|TRUNCATE)\s+(?:ONLY\s+)?"?(\w+)', re.IGNORECASE)
PAGES = [route for route in addresses() if not route.startswith("api/v1/")]


def staff_pages():
    return [r for r in PAGES if r not in PUBLIC and not r.startswith(CUSTOMERS) and r != "metrics"]


def test_the_public_list_names_only_addresses_that_are_there():
    assert set(PUBLIC) <= set(addresses())


def test_a_stranger_is_led_to_sign_in_or_turned_away(town):
    for route in PAGES:
        if route in PUBLIC:
            continue
        path = town.path(route)
        for method in ("GET", "POST"):
            answer = Client(raise_request_exception=False).generic(method, path)
            door = "/help/sign-in/" if route.startswith(CUSTOMERS) else "/signin/"
            led = answer.status_code == 302 and answer["Location"].startswith(door)
            assert led or answer.status_code in (401, 404, 405), (method, path, answer.status_code)


def test_a_fragments_stranger_is_told_by_status(town):
    for route in staff_pages():
        if not route.startswith("files/"):  # a file is never a part of a page
            answer = Client().get(town.path(route), headers={"HX-Request": "true"})
            assert answer.status_code in (401, 404, 405), (route, answer.status_code)


def test_one_without_any_right_gets_nowhere(town):
    client = Client(raise_request_exception=False)
    sign_in_client(client, town.cast.nobody)
    for route in staff_pages():
        if route.startswith(OWN):
            continue
        path = town.path(route)
        for method in ("GET", "POST"):
            status = client.generic(method, path).status_code
            assert status in (403, 404, 405), (method, path, status)


def test_a_case_of_another_team_answers_as_a_number_that_nobody_has(town):
    client = Client(raise_request_exception=False)
    elsewhere = make_person("elsewhere", roles=("supervisor",), leads=(town.cast.other_team,))
    sign_in_client(client, elsewhere)
    nowhere = replace(
        town, values=town.values | {(p, n): 987654 for p, n in town.values if n in ("number", "clock_id")}
    )
    for route in staff_pages():
        if not route.startswith(("cases/<int:number>/", "board/nudge/", "policy/causes/")):
            continue
        for method in ("GET", "POST"):
            here, there = (client.generic(method, where.path(route)) for where in (town, nowhere))
            assert here.status_code == there.status_code, (method, route, here.status_code, there.status_code)
            told = here.text.replace(str(town.case.number), "987654")
            assert town.case.subject not in told and "宋建国" not in told, (method, route)


def test_the_administrator_finds_something_at_every_address(town):
    """The other side of the tests above: their 404s are refusals, not addresses of nothing."""
    client = Client(raise_request_exception=False)
    sign_in_client(client, town.cast.admin)
    for route in staff_pages():
        if route in ("setup/", "live"):
            continue  # closed for good after the set-up; a stream without an end
        status = client.get(town.path(route)).status_code
        if status == 405:  # only to be posted to, and this says nothing
            status = client.post(town.path(route)).status_code
            assert status not in (401, 403, 405) and status < 500, (route, status)
        else:
            assert status not in (401, 403, 404) and status < 500, (route, status)


def test_looking_changes_nothing(town):
    client = Client(raise_request_exception=False)
    sign_in_client(client, town.cast.admin)
    for route in PAGES:
        if route == "live":
            continue
        path, written = town.path(route), set()

        def watch(execute, sql, params, many, context, written=written):
            if found := WRITES.match(sql):
                written.add(found[1])
            return execute(sql, params, many, context)

        with connection.execute_wrapper(watch):
            status = client.get(path).status_code
        allowed = {*TRACES, "notices_notice"} if route == "me/notices/<int:notice_id>/" else set(TRACES)
        assert written <= allowed and status < 500, (path, status, written - allowed)


def test_every_post_needs_the_token_of_its_page(town):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    sign_in_client(client, town.cast.admin)
    for route in PAGES:
        answer = client.post(town.path(route), headers={"Accept": "application/json"})
        refused = answer.status_code == 403 and answer.json()["code"] == "csrf"
        assert refused, (route, answer.status_code)


@pytest.fixture(scope="module")
def visits(town, django_db_blocker):
    """(address, whether somebody is signed in, answer) of every page, asked for from another site under another name."""
    found = []
    with django_db_blocker.unblock():
        for person in (town.cast.admin, None):
            client = Client(raise_request_exception=False)
            if person is not None:
                sign_in_client(client, person)
            for route in addresses():
                if route != "live":
                    theirs = {"Origin": f"https://{EVIL}", "Host": EVIL}
                    found.append((route, person is not None, client.get(town.path(route), headers=theirs)))
    return found


def test_no_page_lets_a_browser_run_what_is_not_ours_or_keeps_what_is_a_persons(visits):
    for route, signed_in, answer in visits:
        rules = dict(
            rule.strip().partition(" ")[::2] for rule in answer["Content-Security-Policy"].split(";")
        )
        assert rules["default-src"] == "'none'", route
        scripts = rules.get("script-src", "'none'").split()
        assert set(scripts) <= {"'self'", "'none'"}, (route, scripts)
        assert answer["X-Content-Type-Options"] == "nosniff", route
        assert "unsafe-inline" not in rules.get("style-src", ""), route
        if answer.get("Content-Type", "").startswith("text/html"):
            inline = re.findall(
                r"<script(?![^>]*\ssrc=)(?![^>]*application/json)[^>]*>|\son\w+=[\"']", answer.text
            )
            assert not inline, (route, inline)
        if signed_in and not route.startswith(("api/", "help/", "t/", "files/s/")):
            kept = answer["Cache-Control"]
            assert "private" in kept or "no-store" in kept, (route, kept)


def test_no_other_site_reads_an_answer_or_has_a_cookie_sent_with_its_forms(town, visits):
    for route, _signed_in, answer in visits:
        assert not [h for h in answer.headers if h.lower().startswith("access-control")], route
        assert all(c["samesite"] in ("Lax", "Strict") for c in answer.cookies.values()), route
    asking = {"Origin": f"https://{EVIL}", "Access-Control-Request-Method": "POST"}
    for route in addresses():
        answer = Client(raise_request_exception=False).options(town.path(route), headers=asking)
        assert not [h for h in answer.headers if h.lower().startswith("access-control")], route


def test_no_answer_believes_the_name_that_a_request_gives_the_host(visits):
    for route, _signed_in, answer in visits:
        assert EVIL not in answer.get("Location", ""), route
        assert EVIL.encode() not in getattr(answer, "content", b""), route


# ---- API


# What any token may ask: nothing in it is a customer's, a case's or a colleague's.
ANY_TOKEN = {
    ("GET", "/api/v1/calendars"): "hours and holidays",
    ("GET", "/api/v1/calendars/{code}/add"): "working time, reckoned",
    ("GET", "/api/v1/calendars/{code}/year/{year}"): "hours and holidays",
}


def test_the_document_names_every_address_of_the_api(town):
    named = {path.removeprefix("/") for _method, path, _body in operations()}
    there = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", r) for r in addresses() if r.startswith("api/v1/")}
    assert there - named == {"api/v1/", "api/v1/docs", "api/v1/openapi.json"}


def test_the_api_answers_nobody_without_a_token(town):
    signed_in = Client(raise_request_exception=False)
    sign_in_client(signed_in, town.cast.admin)
    for method, path, body in operations():
        assert call(town, method, path, body).status_code == 401, (method, path)
        assert call(town, method, path, body, "sn_" + "x" * 40).status_code in (401, 429), (method, path)
        # A session of the pages is none of the API's: no other site's form acts through it.
        assert call(town, method, path, body, client=signed_in).status_code == 401, (method, path)


@pytest.mark.parametrize("who", ["of nobody", "with a foreign scope"])
def test_a_token_without_the_scope_gets_nowhere(town, who):
    if who == "of nobody":
        bearer = bearer_of(town.cast.nobody)
    else:  # the administrator's, cut down to one permission that no operation asks for
        role_create(code="clocks", name="计时", permissions=["ops.view"], actor=Actor.system(), at=AT)
        bearer = bearer_of(make_person("clockwatch", roles=("admin", "clocks")), scopes=("ops.view",))
    for method, path, body in operations():
        answer = call(town, method, path, body, bearer)
        if (method, path) in ANY_TOKEN:
            assert answer.status_code == 200, (method, path, answer.content)
        elif answer.status_code == 200:
            assert answer.json()["items"] == [], (method, path)
        else:
            assert answer.status_code in (403, 404), (method, path, answer.status_code, answer.content)


def test_a_case_of_another_team_is_not_there_for_any_operation(town):
    """For the supervisor of the other team, who may do everything with the cases that he sees."""
    elsewhere = make_person("elsewhere", roles=("supervisor",), leads=(town.cast.other_team,))
    bearer = bearer_of(elsewhere)
    asked = [one for one in operations() if "/cases/{number}" in one[1] or "/clocks/{" in one[1]]
    assert len(asked) > 25
    for method, path, body in asked:
        answer = call(town, method, path, body, bearer)
        assert answer.status_code == 404, (method, path, answer.status_code, answer.content)


def test_the_same_operations_are_there_for_its_own_team(town):
    """The other side: those 404s are refusals. Whether the act itself is possible now is another matter."""
    bearer = bearer_of(town.cast.admin)
    for method, path, body in sorted(
        operations(), key=lambda one: ("GET", "POST", "PUT", "PATCH", "DELETE").index(one[0])
    ):
        answer = call(town, method, path, body, bearer)
        elsewhere = answer.status_code == 503 and answer.json()["code"] == "unreachable"  # tests reach nobody
        assert (answer.status_code not in (401, 403) and answer.status_code < 500) or elsewhere, (
            method,
            path,
            answer.status_code,
            answer.content,
        )
        if method == "GET":
            assert answer.status_code == 200, (path, answer.status_code, answer.content)


# -- codes in addresses ----------------------------------------------------------------------------------------------
def test_no_pack_has_a_code_that_is_an_address_of_its_pages():
    """/policy/documents/ is a page and /policy/12/ the policy of a number: a pack of such a code could never be opened."""
    words = {route.split("/")[1] for route in addresses() if re.match(r"policy/[^<]", route)}
    assert words == TAKEN
    for code in (*words, "12"):
        with pytest.raises(Invalid):
            code_for(code, "文件")
    assert code_for("documents-2", "文件") == "documents-2"
