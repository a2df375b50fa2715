"""The English of the product: complete, with the same placeholders as the Chinese, and without Chinese left on a page.

The catalogue is read against the code by an extractor of its own, so that gettext is not needed where the tests run.
"""

import ast
import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.pofile import read_po
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.template.loader import render_to_string
from django.test import Client
from django.urls import URLPattern
from django.utils import translation
from django.utils.translation.template import templatize

from shounuo.audit.services import record
from shounuo.calendars.testing import make_defaults
from shounuo.cases import services as cases
from shounuo.cases.testing import make_case, make_resolved
from shounuo.channels import services as channels
from shounuo.channels.services import link_path
from shounuo.channels.testing import make_mailbox, receive
from shounuo.commitments import ruleset
from shounuo.commitments.models import Clock
from shounuo.customers.testing import make_customer
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.notices.testing import clear_outbox, make_relay, outbox, parsed
from shounuo.policy.testing import make_shipped
from shounuo.staff.models import Person, Team
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import make_cast, set_up_organisation, sign_in_client
from shounuo.web.console.urls import urlpatterns as console
from shounuo.web.desk.urls import urlpatterns as desk
from shounuo.web.ops import first

CODE = Path(__file__).resolve().parent.parent.parent / "shounuo"
CATALOGUE = CODE / "web" / "locale" / "en" / "LC_MESSAGES" / "django.po"
# As in script/messages: tests, example data and the developers' page of components speak Chinese only.
LEFT_OUT = re.compile(
    r"(^|/)(tests|migrations|locale|vendor)/|(^|/)testing\.py$|^web/(demo|styleguide)/|/styleguide\.html$"
)
# What each call takes: c context, s string, p plural.
CALLS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), "s"),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), "sp"),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), "cs"),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), "csp"),
}
LITERAL = r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
IN_TEMPLATE = re.compile(rf"(?<!\w)(?:n?p?gettext|_)\((?:[^()\"']|{LITERAL})*\)")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
FULL_WIDTH = re.compile(r"[\u3000-\u303f\uff01-\uff60]")
CHINESE = re.compile(rf"(?:{HAN.pattern}|{FULL_WIDTH.pattern})+")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-zA-Z]|%%|{\w*}")

# English with Chinese characters in it, and why.
STAYS_CHINESE = {
    "诺": "the seal, which is the mark of the product",
    "简体中文": "a language is offered in its own name",
}
# What is put after something else: Chinese needs no blank there, English does.
JOINTS = {
    *("、", "；", "，", "，且", "或", "客户查进度？"),
    *("我按最急的转给%(to)s，", "我转给%(to)s，", "这件事我按最急的来办，", "这件事我来办，"),
    *("%(span)s内%(what)s，", "对吗？"),
}
# English says 12 Oct where the Chinese counts months: the code gives the name of the month beside its number.
MONTHS = {"%(month)s": "%(month_name)s"}


class Key(NamedTuple):
    context: str
    text: str
    plural: str


def keys_of_calls(source: str) -> Iterator[Key]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        takes = CALLS.get(called, "")
        values = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if takes and len(values) >= len(takes):
            given = dict(zip(takes, values, strict=False))
            yield Key(given.get("c", ""), given["s"], given.get("p", ""))


def keys_of_file(path: Path) -> Iterator[Key]:
    if path.suffix == ".py":
        yield from keys_of_calls(path.read_text())
        return
    for call in IN_TEMPLATE.findall(templatize(path.read_text(), str(path))):
        yield from keys_of_calls(call)


@pytest.fixture(scope="module")
def said() -> dict[Key, str]:
    """Every string of the code that is translated, with a file that says it."""
    found: dict[Key, str] = {}
    for path in sorted(p for kind in ("*.py", "*.html", "*.txt") for p in CODE.rglob(kind)):
        name = path.relative_to(CODE).as_posix()
        if not LEFT_OUT.search(name):
            for key in keys_of_file(path):
                found.setdefault(key, name)
    assert len(found) > 1000, "the extractor finds nothing any more"
    counted = {(key.context, key.text) for key in found if key.plural}  # one entry serves both uses
    return {k: file for k, file in found.items() if k.plural or (k.context, k.text) not in counted}


@pytest.fixture(scope="module")
def english() -> dict[Key, tuple[str, ...]]:
    """The catalogue; what is marked fuzzy counts as not translated."""
    found = {}
    with CATALOGUE.open("rb") as file:
        for entry in read_po(file, locale="en"):
            if entry.id:
                text, plural = (entry.id, "") if isinstance(entry.id, str) else entry.id
                forms = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
                found[Key(entry.context or "", text, plural)] = () if entry.fuzzy else forms
    return found


def test_every_string_has_its_english(said, english):
    missing = [f"{key.text!r} in {file}" for key, file in said.items() if not any(english.get(key, ()))]
    assert not missing, f"run script/messages, then translate {len(missing)}: {missing[:20]}"


def test_the_catalogue_holds_nothing_that_is_no_longer_said(said, english):
    stale = [key.text for key in english if key not in said]
    assert not stale, f"run script/messages: {stale[:20]}"


def test_plural_forms_are_complete(english):
    for key, forms in english.items():
        assert len(forms) == (2 if key.plural else 1) and all(forms), key


def test_placeholders_are_those_of_the_chinese(english):
    wrong = []
    for key, forms in english.items():
        allowed = placeholders(key.text)
        months = sorted(MONTHS.get(p, p) for p in allowed)
        wrong += [(key.text, f) for f in forms if placeholders(f) not in (allowed, months)]
    assert not wrong, wrong


def placeholders(text: str) -> list[str]:
    """Each once: a translation may say a name twice, a bare % counts as often as it stands."""
    found = PLACEHOLDER.findall(text)
    return sorted({p for p in found if p != "%%"}) + ["%%"] * found.count("%%")


def test_english_holds_no_chinese(english):
    for key, forms in english.items():
        for form in forms:
            assert form == key.text in STAYS_CHINESE or not (HAN.search(form) or FULL_WIDTH.search(form)), key


def test_english_keeps_to_the_house_style(english):
    """No exclamation marks, curly quotation marks around words, blanks at the ends only where sentences are joined."""
    for key, forms in english.items():
        for form in forms:
            assert "!" not in form, form
            assert "  " not in form, form
            assert not re.search(r'(?<![=\[\s,({])"\w[^"]*\w"', form), form
            assert form == form.strip() or key.text in JOINTS, repr(form)


def test_line_ends_are_those_of_the_chinese(english):
    """A mail keeps its paragraphs."""
    for key, forms in english.items():
        for form in forms:
            assert form.count("\n") == key.text.count("\n"), key


def modules() -> list[Path]:
    return [p for p in sorted(CODE.rglob("*.py")) if not LEFT_OUT.search(p.relative_to(CODE).as_posix())]


def test_what_is_made_at_import_time_is_translated_late():
    """A module is imported in one language; text that it keeps must be lazy, or it stays Chinese for everybody."""
    early = []
    for path in modules():
        tree = ast.parse(path.read_text())
        eager = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
            for alias in node.names
            if alias.name in ("gettext", "ngettext", "pgettext", "npgettext")
        }
        early += [f"{path.relative_to(CODE)}:{line}" for line in lines_at_import(tree, eager)]
    assert not early, early


def lines_at_import(node: ast.AST, eager: set[str]) -> Iterator[int]:
    """Calls that run when the module is read: not those in bodies of functions, but those in their defaults."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in eager:
            yield child.lineno
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            for early in [*child.decorator_list, *child.args.defaults, *filter(None, child.args.kw_defaults)]:
                yield from lines_at_import(ast.Expr(early), eager)
        elif not isinstance(child, ast.Lambda):
            yield from lines_at_import(child, eager)


def test_the_compiled_catalogue_is_what_a_reader_gets():
    with translation.override("en"):
        assert translation.gettext("还剩 %(span)s") % {"span": "6 min"} == "6 min left"
        assert translation.gettext("已超时 %(span)s") % {"span": "3 min"} == "3 min overdue"
        one, many = (translation.ngettext("%(n)d 天", "%(n)d 天", n) % {"n": n} for n in (1, 2))
        assert (one, many) == ("1 day", "2 days")


# ---- pages


class House(NamedTuple):
    """A department with one of everything; what its people typed in is English as far as a test can type it."""

    people: dict[str, Person]
    pages: dict[str, list[str]]


@pytest.fixture
def house(db) -> House:
    clear_outbox()
    cast = make_cast()
    for person in Person.objects.all():
        Person.objects.filter(pk=person.pk).update(name=f"Ann {person.login.title()}")
    people = {login: Person.objects.get(login=login) for login in ("agent", "supervisor", "manager", "admin")}
    Team.objects.filter(pk=cast.team.pk).update(name="First team")
    set_up_organisation()
    make_defaults()
    make_shipped("livestock", at=now() - timedelta(days=30))
    ruleset.forget()
    box = make_mailbox()
    relay = make_relay()
    kept = guests(cast)
    return House(people, {**kept, "admin": administration(cast, box, relay)})


def guests(cast) -> dict[str, list[str]]:
    """Cases in every state, and the pages of those who look at them."""
    agent, boss = actor_for(cast.agent), actor_for(cast.supervisor)
    customer = make_customer("Joe Miller", mail="joe@example.cn", phone="13803946721")
    twin = make_customer("Joe Miller", mail="miller@example.cn")
    same = {"customer": customer, "team": cast.team, "text": "The feed is damp."}
    past = now() - timedelta(days=3)
    late = make_case("Late", owner=cast.agent, at=past, kind="complaint", severity="serious", **same)
    make_case("Nobody's", at=now(), **same)
    open_case = make_case("Wet feed", owner=cast.agent, at=now(), **same)
    solved = make_resolved(
        owner=cast.agent, subject="Solved", at=now(), **{**same, "text": "A new sack was sent."}
    )
    offered = make_case("Options", owner=cast.agent, at=now(), **same)
    waiting = make_case("Waiting", owner=cast.agent, at=now(), **same)
    number, shown = open_case.number, (late, open_case, solved, offered, waiting)

    def write(service, case=open_case, actor=agent, **given):
        return getattr(cases, service)(case_id=case.pk, actor=actor, at=now(), **given)

    write("reply_send", text="We look into it.")
    write("note_add", text="Ask the mill.", mentions=[cast.supervisor.pk])
    write("case_diagnose", text="Water in the silo.")
    write("eta_tell", expected_at=now() + timedelta(days=2))
    known = {"pros": "Quick", "cons": "Dusty", "steps": "Send it", "time": "2 days", "cost": "None"}
    write("plan_propose", case=offered, options=[{"title": "New sack", **known}, {"title": "Money", **known}])
    write("case_wait", case=waiting, on="customer", until=now() + timedelta(days=1))
    write("case_transfer", actor=agent, person_id=cast.supervisor.pk, reason="You know the mill.")
    write("case_transfer", actor=boss, person_id=cast.agent.pk, reason="Take it back.")
    run_jobs(now())
    clocks = Clock.objects.filter(subject_kind="case", subject_id=late.pk)
    doors = [
        f"/help/c/{link_path(c, now()).split('/')[2]}/" for c in (late, open_case, solved, offered, waiting)
    ]
    return {
        "guest": [
            *("/signin/", "/signin/forgot/", "/signin/forgot/done/", "/link/nothing/", "/no/such/page/"),
            *(
                "/help/",
                "/help/new/",
                "/help/new/fields/?kind=complaint",
                "/help/sign-in/",
                "/help/sign-in/code/",
            ),
            *("/help/cases/", "/help/find/?number=1", "/help/c/nothing/", *doors),
        ],
        "customer": [
            "/help/",
            "/help/cases/",
            *(f"/help/cases/{c.number}/" for c in shown),
            "/help/cases/1/",
        ],
        "agent": [
            *(
                f"/cases/?view={view}"
                for view in ("mine", "unassigned", "open", "risk", "waiting", "mentioned", "closed")
            ),
            *("/cases/filter/", "/cases/?q=nothing-like-it", "/search/?q=wet", "/search/?q=nothing-like-it"),
            *(f"/cases/{c.number}/" for c in shown),
            *(f"/cases/{path}" for path in filled(desk, {"<int:number>": number})),
            *(f"/cases/{late.number}/clocks/{clock.pk}/" for clock in clocks),
            *("/cases/new/phone/", "/cases/new/visit/", "/board/", "/settings/people/"),
            *("/me/", "/me/security/", "/me/tokens/", "/me/notices/"),
            *(
                "/customers/",
                f"/customers/{customer.pk}/",
                f"/customers/{customer.pk}/edit/",
                "/customers/new/",
            ),
        ],
        "supervisor": [
            *("/board/", "/cases/", "/cases/bulk/assign/?case=1", "/me/notices/"),
            *(f"/cases/{late.number}/clocks/{clock.pk}/rebase/" for clock in clocks),
            *(f"/policy/causes/{clock.pk}/" for clock in clocks),
            *(
                "/policy/",
                "/policy/livestock/",
                "/policy/livestock/?only=gaps",
                "/policy/livestock/versions/",
            ),
            *(
                f"/policy/clauses/{clause}/"
                for clause in ("REG-2.2.1", "REG-2.2.2", "REG-2.2.3", "REG-3.2.2")
            ),
            "/policy/clauses/REG-2.2.1/breaches/",
        ],
        "manager": [
            *(
                "/customers/?q=nobody",
                "/customers/companies/",
                "/customers/companies/new/",
                "/policy/import/",
            ),
            *(f"/customers/{twin.pk}/{act}/" for act in ("contacts", "merge", "erase")),
            *("/board/", "/policy/livestock/versions/"),
        ],
    }


def administration(cast, box, relay) -> list[str]:
    """Every address of the settings, with the ids of what is there."""
    raw = receive(b"\x00\xff not a mail at all")
    system = Actor.system()
    hook, _secret = channels.webhook_create(
        name="ERP", url="https://93.184.216.34/in", kinds=["case.*"], actor=actor_for(cast.admin), at=now()
    )
    record(action="raw.read", target=("raw", raw.pk), actor=system, at=now())
    ids = {
        "people": cast.agent.pk,
        "teams": cast.team.pk,
        "roles": cast.agent.roles.get().pk,
        "mailboxes": box.pk,
        "relays": relay.pk,
        "webhooks": hook.pk,
        "quarantine": raw.pk,
        "topics": cases.topic_create(code="feed", name="Feed", actor=system, at=now()).pk,
        "fields": cases.custom_field_save(code="batch", label="Batch", actor=system, at=now()).pk,
        "canned": cases.canned_save(title="Hello", body="Hello", actor=system, at=now()).pk,
    }
    found = [
        f"/settings/{path.replace('<int:id>', str(ids.get(path.split('/')[0], 0)))}"
        for path in filled(
            console, {"<slug:code>": "business", "<int:number>": "2026", "<int:id>": "<int:id>"}
        )
    ]
    assert len(found) > 40
    return found


def filled(patterns, values: dict[str, object]) -> list[str]:
    """The addresses of one part that need nothing but these values."""
    found = []
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            path = str(pattern.pattern)
            for name, value in values.items():
                path = path.replace(name, str(value))
            if "<" not in path.replace("<int:id>", "" if "<int:id>" in values else "<"):
                found.append(path)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("who", ["guest", "customer", "agent", "supervisor", "manager", "admin"])
def test_pages_in_english_hold_no_chinese(house, who):
    client = Client(headers={"Accept-Language": "en"})
    if who == "customer":
        sign_in_by_code(client, "joe@example.cn")
    elif who != "guest":
        sign_in_client(client, house.people[who])
    typed = typed_in()
    seen, forms, chinese = 0, [], []
    for url in house.pages[who]:
        answer = client.get(url)
        if answer.status_code == 302:  # a dialog, which stands on its page only
            answer = client.get(url, headers={"HX-Request": "true"})
        if is_page(answer):
            seen += 1
            chinese += [f"{url} … {excerpt}" for excerpt in chinese_in(answer.text, typed)]
            if 'method="post"' in answer.text:
                forms.append(url)
    for url in forms:  # sent empty, they say what is wrong
        answer = client.post(url, headers={"HX-Request": "true"})
        if is_page(answer):
            chinese += [f"POST {url} … {excerpt}" for excerpt in chinese_in(answer.text, typed)]
    assert seen > len(house.pages[who]) / 2, "most addresses lead elsewhere"
    assert not chinese, "\n".join(chinese[:40])


def sign_in_by_code(client: Client, address: str) -> None:
    client.post("/help/sign-in/", {"mail": address})
    run_jobs(now())
    subjects = [str(parsed(mail)["Subject"]) for mail in outbox if address in mail.recipients]
    [code] = [found[0] for subject in subjects if (found := re.search(r"\b\d{6}\b", subject))]
    assert client.post("/help/sign-in/code/", {"mail": address, "code": code}).status_code == 302


def is_page(answer) -> bool:
    assert answer.status_code < 500, answer.request["PATH_INFO"]
    if answer.status_code in (301, 302, 204) or "text/html" not in answer.headers["Content-Type"]:
        return False
    assert answer.headers["Content-Language"] == "en", answer.request["PATH_INFO"]
    return True


@pytest.mark.django_db
def test_the_set_up_page_is_english(client):
    first.ensure(now(), Actor.system())
    sign_in_client(client, Person.objects.get(login="admin"))
    page = client.get("/setup/", headers={"Accept-Language": "en"})
    assert page.status_code == 200 and not chinese_in(page.text, [*packs(), *typed_in()])


@pytest.mark.django_db
def test_the_reference_of_the_api_is_english_but_for_its_examples(client):
    set_up_organisation()
    page = client.get("/api/v1/docs", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert not chinese_in(re.sub(r"<pre>.*?</pre>", "", page.text, flags=re.S), [])


@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 429, 503])
def test_error_pages_are_english(status):
    said = {"frame": "base_plain.html", "status": status, "number": "7f3k22qd", "back_url": "/"}
    with translation.override("en"):
        assert not chinese_in(render_to_string("errors/problem.html", said), [])


def packs() -> list[str]:
    """The titles of the regulations that are shipped; they have no English yet."""
    return re.findall(
        r"^title: (.+)$", "".join(p.read_text() for p in CODE.parent.glob("policies/*.yaml")), re.M
    )


def typed_in() -> list[str]:
    """All Chinese that people typed in or a regulation says: what the tables hold, longest first.

    What has its English beside it does not count.
    """
    found: set[str] = set()
    for model in apps.get_models():
        if model.__module__.startswith("shounuo."):
            fields = [f.attname for f in model._meta.concrete_fields if isinstance(f, TEXTS)]
            for row in model._default_manager.values(*fields) if fields else ():
                for name, value in row.items():
                    if not row.get(f"{name}_en"):
                        found.update(texts(value))
    return sorted((t for t in found if len(t) > 1 and CHINESE.search(t)), key=len, reverse=True)


TEXTS = (models.CharField, models.TextField, models.JSONField, ArrayField)


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        yield from value.splitlines()
    elif isinstance(value, dict):
        yield from texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)


def chinese_in(page: str, typed: list[str]) -> list[str]:
    """Excerpts of the page with Chinese, or Chinese punctuation, that nobody typed in."""
    page = html.unescape(page)
    for text in (*typed, *STAYS_CHINESE):
        page = page.replace(text, "")
    return [page[max(0, m.start() - 60) : m.end() + 60] for m in CHINESE.finditer(page)]
