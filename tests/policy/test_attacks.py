"""What other help desks were broken by, tried on every address of this one: `tests/README.md` says which class is tried where.

Addresses, parameters and bodies are not listed here. They are read from the URL map, from what a page asks of its query and
from the API's document, so that a new one is attacked by being there.
"""

import base64
import copy
import html
import json
import re
from contextlib import contextmanager
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.http import QueryDict
from django.test import Client

from shounuo.staff.testing import sign_in_client
from shounuo.web import settings as installed_settings
from shounuo.web.tests.hostile import hostile_in
from tests.policy.calls import bearer_of, call, documented, operations
from tests.policy.town import addresses, infest

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
ENDLESS = ("live",)  # a stream
PAGES = [route for route in addresses() if not route.startswith("api/v1/") and route not in ENDLESS]
MARKUP = (
    "\"'><img src=x onerror=alert(1)>{{ 7|add:7 }}",
    "javascript:alert(1)//</textarea></title></script>",
)
# What breaks out of a value, is no value of the kind, or is more than the kind can hold.
VALUES = (
    "' OR 1=1; DROP TABLE cases_case; --%_\\\"]}",
    "9" * 18,
    "9" * 40,
    "9" * 5000,
    "-1",
    "1e5",
    "²",
    "٣",
    "9999-12-31",
    "\x00",
)
# The same in the bodies of the API, which know numbers, lists and halves of characters as well.
ODD = (
    10**30,
    2**31,
    -1,
    True,
    None,
    "",
    "²",
    "9" * 19,
    "a\x00b",
    "\ud800",
    "9999-12-31T23:59:59+14:00",
    [10**30],
    {},
)
# Positions in lists that nobody was given.
CURSORS = [
    base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    for text in (
        "[" * 2000,
        *(
            json.dumps([*first, *rest])
            for first in (
                [],
                ["\x00"],
                ["\ud800"],
                ["0001-01-01T00:00:00+14:00"],
                ["9999-12-31T23:59:59-12:00"],
                [""],
            )
            for rest in ([], [0], [2**63 - 1], [1, 1], ["case", 1, "²"])
        ),
    )
]


def values_for(name):
    return (*VALUES, *CURSORS) if name == "cursor" else VALUES


def client_of(person):
    client = Client(raise_request_exception=False)
    if person is not None:
        sign_in_client(client, person)
    return client


# -- markup ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", MARKUP)
def test_what_people_write_and_name_is_run_on_no_page(town, text):
    """By customers, staff and administrators; for staff, for the customer, and in the names of everything there is."""
    infest(town, text)
    shown = 0
    for person in (town.cast.admin, None):
        client = client_of(person)
        for route in PAGES:
            answer = client.get(town.path(route))
            if answer.get("Content-Type", "").startswith("text/html"):
                assert answer.status_code < 500, route
                assert hostile_in(answer) == [], (route, person)
                shown += text in html.unescape(answer.text)
    assert shown > 40, "it stands on the pages, as text"


# -- parameters ------------------------------------------------------------------------------------------------------
@pytest.fixture
def asked(monkeypatch):
    """Names that were asked of a query or a form since the list was last emptied."""
    names = set()
    for method in ("get", "getlist", "__getitem__", "__contains__"):
        real = getattr(QueryDict, method)

        def noting(self, key, *rest, real=real, **more):
            names.add(key)
            return real(self, key, *rest, **more)

        monkeypatch.setattr(QueryDict, method, noting)
    return names


def test_no_parameter_of_a_page_breaks_it(town, asked):
    client, tried = client_of(town.cast.admin), 0
    for route in PAGES:
        path = town.path(route)
        asked.clear()
        client.get(path)
        for name in sorted(asked - {"csrfmiddlewaretoken"}):
            for value in values_for(name):
                answer = client.get(path, {name: value})
                assert answer.status_code < 500, (path, name, value)
                tried += 1
    assert tried > 300


def test_no_parameter_of_the_api_breaks_it(town):
    bearer, tried = bearer_of(town.cast.admin), 0
    for one in documented():
        if one["method"] != "GET":
            continue
        for name in [p["name"] for p in one["parameters"] if p["in"] == "query"]:
            for value in values_for(name):
                answer = call(town, "GET", one["path"], None, bearer, query={name: value})
                assert answer.status_code < 500, (one["path"], name, value, answer.content)
                if answer.status_code != 200:
                    assert answer["Content-Type"] == "application/problem+json", (one["path"], name)
                tried += 1
    assert tried > 150


def test_no_field_of_a_form_breaks_a_page(town, asked):
    """All fields that a page reads when it is posted to, each with the same value."""
    client, tried = client_of(town.cast.admin), 0
    signed_in = client.cookies.output(header="", sep=";")
    for route in PAGES:
        path, names = town.path(route), set()
        for value in ("", *VALUES):
            asked.clear()
            with kept():
                answer = client.post(path, dict.fromkeys(names, value))
            client.cookies = SimpleCookie(signed_in)  # one of these signs him out
            assert answer.status_code != 500, (path, names, value)  # 503: what it would reach is away
            names |= asked - {"csrfmiddlewaretoken"}
        tried += len(names)
    assert tried > 200


class Forms(HTMLParser):
    """The forms of a page: method, address, and what each field holds as it is drawn ("1" where it holds nothing)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []
        self.fields: dict[str, str] = {}
        self.days: set[str] = set()
        self.chosen = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.fields = {}
            method = given.get("method") or ("post" if "hx-post" in given else "get")
            self.found.append((method.lower(), given.get("action") or given.get("hx-post", ""), self.fields))
        elif tag == "option" and self.chosen:
            if "selected" in given or self.fields[self.chosen] == "1":
                self.fields[self.chosen] = given.get("value") or "1"
        elif tag in ("input", "select", "textarea") and name and given.get("type") != "file":
            self.chosen = name if tag == "select" else ""
            if given.get("type", "").startswith("date"):
                self.days.add(name)
            if name not in self.fields or "checked" in given:
                self.fields[name] = given.get("value") or "1"


def test_no_field_of_a_form_that_is_right_otherwise_breaks_a_page(town):
    """Every form as its page draws it, with one field at a time made more than its kind can hold."""
    client, tried = client_of(town.cast.admin), set()
    signed_in = client.cookies.output(header="", sep=";")
    for route in PAGES:
        page = client.get(town.path(route))
        if not page.get("Content-Type", "").startswith("text/html"):
            continue
        forms = Forms(page.text)
        for method, action, fields in forms.found:
            path = action if action.startswith("/") else town.path(route)
            if (form := (re.sub(r"[0-9]+", "", path), *sorted(fields))) in tried:
                continue
            tried.add(form)
            for name in sorted(fields.keys() - {"csrfmiddlewaretoken"}):
                changed = fields | {name: "9999-12-31" if name in forms.days else "9" * 18}
                with kept():
                    if method == "post":
                        answer = client.post(path, changed)
                    else:
                        answer = client.get(path, changed)
                client.cookies = SimpleCookie(signed_in)
                assert answer.status_code != 500, (method, path, name)
    assert len(tried) > 100


@contextmanager
def kept():
    """Whatever is written within is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_no_number_in_an_address_breaks_it(town):
    """Ids beyond what the database holds, and text where an address takes any."""
    client = client_of(town.cast.admin)
    for route in PAGES:
        for value in ("9" * 25, "9" * 5000, "%00", "'..%2f..%2fetc%2fpasswd"):
            if "<" in route:
                path = "/" + re.sub(r"<[^>]+>", lambda _m, value=value: value, route)
                answer = client.get(path)
                assert answer.status_code < 500, path


def test_no_number_in_an_address_of_the_api_breaks_it(town):
    bearer, tried = bearer_of(town.cast.admin), 0
    for method, path, body in operations():
        for value in ("9" * 25, "9" * 5000, "-1", "%C2%B2", "%00"):
            if "{" in path:
                answer = call(town, method, re.sub(r"{\w+}", value, path), body, bearer)
                assert 400 <= answer.status_code < 500, (method, path, value, answer.content)
                tried += 1
    assert tried > 300


def test_no_cookie_breaks_a_page():
    for name in ("shounuo", "shounuo_language", "csrftoken"):
        for value in ('"\\000aaaaaaaaaa"', "\u00b2", "x" * 4000):
            answer = Client(raise_request_exception=False).get(
                "/signin/", headers={"Cookie": f"{name}={value}"}
            )
            assert answer.status_code < 500, (name, value)


# -- bodies ----------------------------------------------------------------------------------------------------------
WISHES = {"id": 1, "owner_id": 1, "customer_id": 1, "is_superuser": True, "roles": ["admin"], "xid": 1}


def test_a_body_is_taken_for_what_it_may_say_and_for_nothing_more(town):
    """No field that is not in the document is written, whatever the model behind it has."""
    bearer, tried = bearer_of(town.cast.admin), 0
    for method, path, body in operations():
        if body is None:
            continue  # it reads none
        for name, value in WISHES.items():
            if name in body:
                continue  # it is in the document: a duty may be for roles
            answer = call(town, method, path, body | {name: value}, bearer)
            assert answer.status_code == 422, (method, path, name, answer.status_code, answer.content)
            tried += 1
    assert tried > 100


def test_no_value_in_a_body_breaks_an_operation(town):
    """The example of each body, with one value in it at a time made an odd one."""
    bearer, tried = bearer_of(town.cast.admin), 0
    for method, path, body in operations():
        for place in list(_places(body)):
            for value in ODD:
                with kept():
                    answer = call(town, method, path, _with(body, place, value), bearer)
                assert answer.status_code != 500, (method, path, place, value, answer.content)
                tried += 1
    assert tried > 1500


def _places(value, at=()):
    """Where a value stands in a body, as a path of keys and positions."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*at, key)
        yield from _places(one, (*at, key))


def _with(body, place, value):
    changed = copy.deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


@pytest.mark.parametrize(
    "body", ["[]", '"x"', "null", "1e999", "[" * 5000, '{"subject": ' * 500, "\xff", "{" * 9]
)
def test_a_body_that_is_none_is_said_to_be_none(town, body):
    bearer = bearer_of(town.cast.admin)
    for method, path, _example in operations():
        if method == "GET":
            continue
        route = re.sub(r"{(\w+)}", r"<\1>", path.removeprefix("/"))
        answer = Client(raise_request_exception=False).generic(
            method,
            town.path(route),
            body.encode("latin-1"),
            content_type="application/json",
            headers={"Authorization": f"Bearer {bearer}"},
        )
        assert answer.status_code < 500, (method, path, answer.content)


# -- limits and files ------------------------------------------------------------------------------------------------
def test_no_question_to_the_database_lasts_without_end():
    options = installed_settings._database()["OPTIONS"]["options"]
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert 0 < int(re.search(rf"{limit}=(\d+)", options)[1]) <= 60000
    assert 0 < settings.DATA_UPLOAD_MAX_MEMORY_SIZE <= 10 * 1024 * 1024


def test_tables_leave_the_house_through_the_one_writer_that_knows_formulas():
    """`kernel.csvfile` for comma-separated values; the two workbooks, each of which marks its text as text."""
    writing = re.compile(r"csv\.(writer|DictWriter)|\bopenpyxl\b|xlsxwriter|to_csv\(")
    found = {
        str(path.relative_to(ROOT / "shounuo"))
        for path in (ROOT / "shounuo").rglob("*.py")
        if "tests" not in path.relative_to(ROOT).parts and writing.search(path.read_text())
    }
    assert found == {"kernel/csvfile.py", "web/reports/sheets.py", "web/compliance/workbook.py"}


# -- the list --------------------------------------------------------------------------------------------------------
def test_every_test_that_the_list_of_attacks_names_is_there():
    listed = re.findall(r"`([\w/]+\.py)::(\w+)`", (ROOT / "tests" / "README.md").read_text())
    assert len(listed) > 40
    for path, name in listed:
        assert re.search(rf"def {name}\b", (ROOT / path).read_text()), f"{path} has no {name}"
