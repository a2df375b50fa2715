"""Playbooks over the API: started, listed, led on, called off, and who may."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shounuo.cases.testing import make_case
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy.models import Rule
from shounuo.policy.testing import make_in_force, make_text
from shounuo.process.models import Run
from shounuo.process.testing import make_run
from shounuo.staff.services import token_create
from shounuo.staff.testing import make_cast, set_up_organisation

pytestmark = pytest.mark.django_db
BOOK = """      - playbook: repair
        title: 维修流程
        steps:
          - {name: look, title: 查看, role: agent, within: PT2H, output: finding}
          - {name: check, title: 复核, role: supervisor, next: {passed: tell, failed: look}}
          - {name: tell, title: 告知客户, role: agent}
      - playbook: await
        title: 等客户
        steps:
          - {name: heard, title: 客户确认, role: customer, done: {event: case.confirmed}}
"""


@pytest.fixture
def cast():
    before = now() - timedelta(days=30)
    set_up_organisation(at=before)
    make_in_force(make_text("T-1", rules=BOOK), at=before)
    return make_cast(at=before)


@pytest.fixture
def case(cast):
    return make_case("结块", team=cast.team, owner=cast.agent, at=now() - timedelta(hours=1))


def bearer_of(person, scopes=()):
    made = token_create(person_id=person.pk, name="t", scopes=scopes, actor=Actor.system(), at=now())
    return made[1]


def call(person, method, path, body=None, scopes=(), **headers):
    headers |= {"Authorization": f"Bearer {bearer_of(person, scopes)}"}
    if method == "get":
        return Client().get(f"/api/v1{path}", headers=headers)
    return Client().post(f"/api/v1{path}", body, "application/json", headers=headers)


def book(name="repair"):
    return Rule.objects.get(kind="playbook", name=name).pk


def start(person, case=None, **headers):
    body = {"playbook": book()} | ({"case": case.number} if case is not None else {})
    return call(person, "post", "/runs", body, **headers)


def test_what_may_be_started(cast):
    told = call(cast.supervisor, "get", "/playbooks").json()
    repair = next(p for p in told["items"] if p["name"] == "repair")
    assert (repair["id"], repair["title"], repair["clause"]) == (book(), "维修流程", "T-1")
    assert [s["name"] for s in repair["steps"]] == ["look", "check", "tell"]
    look, check, _tell = repair["steps"]
    assert (look["within"], look["output"], check["outcomes"]) == ("PT2H", ["finding"], ["failed", "passed"])
    assert told["next_cursor"] is None
    one = call(cast.supervisor, "get", "/playbooks?limit=1").json()
    read = [p["name"] for p in one["items"]]
    while one["next_cursor"]:
        one = call(cast.supervisor, "get", f"/playbooks?limit=1&cursor={one['next_cursor']}").json()
        read += [p["name"] for p in one["items"]]
    assert read == [p["name"] for p in told["items"]]


def test_started_done_chosen_and_read(cast, case):
    answer = start(cast.supervisor, case)
    told = answer.json()
    path = f"/runs/{told['id']}"
    assert answer.status_code == 201 and told["about"] == f"case:{case.pk}"
    assert (told["now"]["name"], told["now"]["place"], told["steps_in_all"]) == ("look", 1, 3)
    assert told["now"]["owner"] == cast.agent.pk and told["now"]["owed_at"].endswith("+08:00")
    assert [s["name"] for s in told["ahead"]] == ["check", "tell"]
    bare = call(cast.agent, "post", f"{path}/actions/done", {})
    assert (bare.status_code, bare.json()["code"], bare.json()["field"]) == (422, "no_output", "note")
    told = call(cast.agent, "post", f"{path}/actions/done", {"note": "袋底受潮"}).json()
    assert [(s["name"], s["state"], s["note"]) for s in told["steps"]] == [
        ("look", "done", "袋底受潮"),
        ("check", "open", None),
    ]
    assert told["steps"][0]["ended_by"] == cast.agent.pk and told["choices"] == []
    unchosen = call(cast.supervisor, "post", f"{path}/actions/done", {"note": "x"})
    assert (unchosen.status_code, unchosen.json()["code"]) == (409, "choice_needed")
    told = call(cast.supervisor, "get", path).json()
    assert [(c["outcome"], c["to"]) for c in told["choices"]] == [("failed", "look"), ("passed", "tell")]
    wrong = call(cast.supervisor, "post", f"{path}/actions/choose", {"outcome": "lost"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_outcome")
    chosen = {"outcome": "passed", "note": "可以"}
    told = call(cast.supervisor, "post", f"{path}/actions/choose", chosen).json()
    assert (told["now"]["name"], told["steps"][1]["outcome"]) == ("tell", "passed")
    told = call(cast.agent, "post", f"{path}/actions/done", {}).json()
    assert (told["state"], told["now"], told["ahead"]) == ("done", None, [])
    over = call(cast.agent, "post", f"{path}/actions/done", {})
    assert (over.status_code, over.json()["code"]) == (409, "run_over")


def test_about_one_case_it_is_under_way_once(cast, case):
    first, second = (start(cast.supervisor, case) for _ in "12")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"] and Run.objects.count() == 1


def test_the_same_key_starts_once(cast):
    bearer, body = bearer_of(cast.supervisor), {"playbook": book()}
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "k1"}
    first, second = (Client().post("/api/v1/runs", body, "application/json", headers=headers) for _ in "12")
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    assert Run.objects.count() == 1


def test_listed_by_state_by_case_and_by_pages(cast, case):
    runs = [start(cast.supervisor).json()["id"], start(cast.supervisor).json()["id"]]
    about = start(cast.supervisor, case).json()["id"]

    def ids(query=""):
        return [r["id"] for r in call(cast.agent, "get", f"/runs{query}").json()["items"]]

    assert ids() == [about, *reversed(runs)]
    assert ids(f"?case={case.number}") == [about]
    page = call(cast.agent, "get", "/runs?limit=2").json()
    assert [r["id"] for r in page["items"]] == [about, runs[1]]
    assert ids(f"?limit=2&cursor={page['next_cursor']}") == [runs[0]]
    told = call(cast.supervisor, "post", f"/runs/{about}/actions/cancel", {"reason": "客户撤回"}).json()
    assert (told["state"], told["reason"], told["ended_by"]) == ("cancelled", "客户撤回", cast.supervisor.pk)
    assert ids("?state=cancelled") == [about] and ids("?state=done") == []


def test_a_step_that_waits_for_the_customer_is_done_by_nobody(cast, case):
    run = make_run("await", subject=("case", case.pk), at=now())
    answer = call(cast.supervisor, "post", f"/runs/{run.pk}/actions/done", {"note": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "waits")
    step = call(cast.supervisor, "get", f"/runs/{run.pk}").json()["now"]
    assert step["duty"] is None and step["owner"] is None


def test_a_foreign_case_is_neither_named_nor_started_on(cast, case):
    run = start(cast.supervisor, case).json()["id"]
    told = call(cast.outsider, "get", f"/runs/{run}").json()  # who is where, all may see who see runs
    assert told["about"] is None and told["now"]["name"] == "look"
    assert call(cast.outsider, "get", "/runs").json()["items"][0]["about"] is None
    assert call(cast.outsider, "get", f"/runs?case={case.number}").status_code == 404
    elsewhere = make_case(team=cast.other_team, owner=cast.outsider, at=now())
    assert start(cast.supervisor, elsewhere).status_code == 404


def test_outsiders_are_turned_away(cast, case):
    run = start(cast.supervisor, case).json()["id"]
    asked = [
        ("get", "/playbooks", None),
        ("get", "/runs", None),
        ("get", f"/runs/{run}", None),
        ("post", "/runs", {"playbook": book()}),
        ("post", f"/runs/{run}/actions/done", {"note": "x"}),
        ("post", f"/runs/{run}/actions/choose", {"outcome": "passed"}),
        ("post", f"/runs/{run}/actions/cancel", {"reason": "x"}),
    ]
    for method, path, body in asked:
        assert call(cast.nobody, method, path, body).status_code == 403, path
        assert call(cast.supervisor, method, path, body, scopes=("policy.view",)).status_code == 403, path
        assert Client().generic(method.upper(), f"/api/v1{path}").status_code == 401, path
    for method, path, body in (asked[0], asked[3], asked[6]):  # an agent starts and stops none
        assert call(cast.agent, method, path, body).status_code == 403, path
    foreign = call(cast.outsider, "post", f"/runs/{run}/actions/done", {"note": "x"})
    assert foreign.status_code in (403, 404)
    assert Run.objects.get().steps.get(state="open").name == "look"


def test_what_cannot_be_asked_is_refused(cast):
    def field(method, path, body=None):
        answer = call(cast.supervisor, method, path, body)
        assert answer.status_code == 422, (path, answer.content)
        return answer.json()["field"]

    run = start(cast.supervisor).json()["id"]
    assert field("get", "/runs?state=lost") == "state"
    assert field("get", "/runs?limit=201") == "limit"
    assert field("get", "/runs?cursor=x") == "cursor"
    assert field("post", "/runs", {}) == "playbook"
    assert field("post", "/runs", {"playbook": 1, "kind": "x"}) == "kind"
    assert field("post", f"/runs/{run}/actions/cancel", {"reason": ""}) == "reason"
    assert field("post", f"/runs/{run}/actions/choose", {}) == "outcome"
    assert call(cast.supervisor, "post", "/runs", {"playbook": 9999}).json()["code"] == "playbook_not_found"
    assert call(cast.supervisor, "get", "/runs/9999").status_code == 404


def test_queries_of_the_list_do_not_grow_with_it(cast, case):
    headers = {"Authorization": f"Bearer {bearer_of(cast.supervisor)}"}
    make_run("repair", subject=("case", case.pk), at=now())
    asked = []
    for _round in "12":
        Client().get("/api/v1/runs", headers=headers)
        with CaptureQueriesContext(connection) as caught:
            Client().get("/api/v1/runs", headers=headers)
        asked.append(len(caught))
        for _n in range(5):
            other = make_case(team=cast.team, owner=cast.agent, at=now())
            make_run("repair", subject=("case", other.pk), at=now())
    assert asked[0] == asked[1]
