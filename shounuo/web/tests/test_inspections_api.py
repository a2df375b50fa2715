"""Inspections over the API: planned, judged, found, corrected, verified, and who may."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shounuo.cases.testing import make_case
from shounuo.duties import services as duties
from shounuo.improvement.models import Finding, Inspection, Judgement
from shounuo.improvement.testing import judge_all, make_finding, make_inspection
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.queries import actor_for
from shounuo.staff.services import token_create
from shounuo.staff.testing import make_cast, make_person, set_up_organisation

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def cast():
    set_up_organisation()
    made = make_cast(at=now() - 60 * DAY)
    make_in_force(make_text("T-1", "T-2"), at=now() - 30 * DAY)
    return made


@pytest.fixture
def inspector(cast):
    return make_person("inspector", name="查三多", roles=("manager",), at=now() - 60 * DAY)


def planned(cast, inspector, **more):
    for _n in range(4):
        make_case(owner=cast.agent, team=cast.team, at=now() - DAY)
    return make_inspection(inspector, actor=actor_for(cast.manager), size=3, at=now(), **more)


def bearer_of(person, scopes=()):
    made = token_create(person_id=person.pk, name="t", scopes=scopes, actor=Actor.system(), at=now())
    return made[1]


def call(person, method, path, body=None, scopes=(), **headers):
    headers |= {"Authorization": f"Bearer {bearer_of(person, scopes)}"}
    if method == "get":
        return Client().get(f"/api/v1{path}", headers=headers)
    return Client().post(f"/api/v1{path}", body, "application/json", headers=headers)


def plan(**given):
    here = now()
    return {
        "title": "午休首响",
        "clauses": ["T-1"],
        "start": (here - 7 * DAY).isoformat(),
        "end": here.isoformat(),
        "size": 3,
        "inspectors": ["inspector"],
        "due_at": (here + 3 * DAY).isoformat(),
    } | given


def finding(**given):
    return {
        "clause": "T-1",
        "cause": "oversight",
        "text": "午休没有人接",
        "owner": "agent",
        "due_at": (now() + 7 * DAY).isoformat(),
    } | given


def test_from_the_plan_to_the_verified_correction(cast, inspector):
    for _n in range(4):
        make_case(owner=cast.agent, team=cast.team, at=now() - DAY)
    answer = call(cast.manager, "post", "/inspections", plan())
    told = answer.json()
    assert answer.status_code == 201, told
    path = f"/inspections/{told['id']}"
    assert (told["size"], told["population"], told["result"]["left"]) == (3, 4, 3)
    assert told["inspectors"] == [inspector.pk] and told["due_at"].endswith("+08:00")
    assert call(cast.manager, "get", f"{path}/check").json() == {
        "same": True,
        "agrees": True,
        "population": 4,
    }
    early = call(inspector, "post", f"{path}/actions/finish", {"conclusion": "好"})
    assert (early.status_code, early.json()["code"]) == (409, "not_judged")
    for n, item in enumerate(told["items"]):
        verdict = {"verdict": "not_kept", "note": "迟了"} if n == 0 else {"verdict": "kept"}
        body = {"item": item["id"], "clause": "T-1"} | verdict
        judged = call(inspector, "post", f"{path}/actions/judge", body).json()
        assert (judged["verdict"], judged["judged_by"]) == (verdict["verdict"], inspector.pk)
    shown = call(inspector, "get", path).json()
    assert shown["result"] == {
        "kept": 2,
        "not_kept": 1,
        "not_applicable": 0,
        "left": 0,
        "share": pytest.approx(2 / 3),
    }
    bad = shown["items"][0]["judgements"][0]["id"]
    made = call(inspector, "post", f"{path}/actions/find", finding(judgements=[bad]))
    found = made.json()
    assert (made.status_code, found["stands"], found["owner"]) == (201, "open", cast.agent.pk)
    assert found["judgements"] == [bad]
    done = call(inspector, "post", f"{path}/actions/finish", {"conclusion": "午休偏慢"}).json()
    assert (done["state"], done["conclusion"], len(done["findings"])) == ("finished", "午休偏慢", 1)
    verify = f"/findings/{found['id']}/actions/verify"
    early = call(inspector, "post", verify, {"note": "看过"})
    assert (early.status_code, early.json()["code"]) == (409, "not_corrected")
    duties.duty_done(duty_id=found["duty"], note="已排班", actor=actor_for(cast.agent), at=now())
    back = {"reason": "周末没有", "due_at": (now() + 3 * DAY).isoformat()}
    again = call(inspector, "post", f"/findings/{found['id']}/actions/return", back).json()
    assert (again["round"], again["stands"], again["owner"]) == (2, "open", cast.agent.pk)
    duties.duty_done(duty_id=again["duty"], note="周末也排了", actor=actor_for(cast.agent), at=now())
    held = call(inspector, "post", verify, {"note": "复查三天"}).json()
    assert (held["stands"], held["verified_by"]) == ("verified", inspector.pk)
    assert call(cast.manager, "get", path).json()["state"] == "closed"


def test_called_off(cast, inspector):
    made = planned(cast, inspector)
    path = f"/inspections/{made.pk}/actions/cancel"
    told = call(cast.manager, "post", path, {"reason": "范围选错了"}).json()
    assert (told["state"], told["reason"]) == ("cancelled", "范围选错了")
    again = call(cast.manager, "post", path, {"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "inspection_over")


def test_listed_narrowed_and_by_pages(cast, inspector):
    first, second = planned(cast, inspector), planned(cast, inspector, clauses=("T-2",))

    def ids(query="", path="/inspections"):
        return [i["id"] for i in call(cast.supervisor, "get", f"{path}{query}").json()["items"]]

    assert ids() == [second.pk, first.pk]
    assert ids("?clause=T-1") == [first.pk] and ids("?state=closed") == []
    page = call(cast.supervisor, "get", "/inspections?limit=1").json()
    assert ids(f"?limit=1&cursor={page['next_cursor']}") == [first.pk]
    judge_all(first, bad=1, at=now())
    made = make_finding(first, cast.agent, actor=actor_for(inspector), at=now())
    assert ids(path="/findings") == ids("?verified=false&clause=T-1", "/findings") == [made.pk]
    assert ids("?verified=true", "/findings") == []
    assert call(cast.supervisor, "get", f"/findings/{made.pk}").json()["inspection"] == first.pk


def test_the_same_key_plans_once(cast, inspector):
    planned(cast, inspector)
    headers = {"Authorization": f"Bearer {bearer_of(cast.manager)}", "Idempotency-Key": "k1"}
    body = plan()
    first, second = (
        Client().post("/api/v1/inspections", body, "application/json", headers=headers) for _ in "12"
    )
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    assert Inspection.objects.count() == 2


def test_outsiders_find_nothing(cast, inspector):
    made = planned(cast, inspector)
    judge_all(made, bad=1, at=now())
    found = make_finding(made, cast.supervisor, actor=actor_for(inspector), at=now())
    item = made.items.first()
    path, other = f"/inspections/{made.pk}", f"/findings/{found.pk}"
    for method, url, body in (
        ("get", path, None),
        ("get", f"{path}/check", None),
        ("post", f"{path}/actions/judge", {"item": item.pk, "clause": "T-1", "verdict": "kept"}),
        ("post", f"{path}/actions/find", finding()),
        ("post", f"{path}/actions/finish", {"conclusion": "x"}),
        ("post", f"{path}/actions/cancel", {"reason": "x"}),
        ("get", other, None),
        ("post", f"{other}/actions/verify", {"note": "x"}),
        ("post", f"{other}/actions/return", {"reason": "x", "due_at": (now() + DAY).isoformat()}),
        ("post", "/inspections", plan()),
    ):
        for person in (cast.agent, cast.outsider):
            assert call(person, method, url, body).status_code in (403, 404), url
        assert call(cast.nobody, method, url, body).status_code == 403, url
        assert call(cast.manager, method, url, body, scopes=("alarms.view",)).status_code == 403, url
        assert Client().generic(method.upper(), f"/api/v1{url}").status_code == 401, url
    for url in ("/inspections", "/findings"):
        assert call(cast.outsider, "get", url).json()["items"] == []
        assert call(cast.nobody, "get", url).status_code == 403
        assert Client().get(f"/api/v1{url}").status_code == 401
    assert Finding.objects.count() == 1 and Inspection.objects.get().is_open


def test_who_looks_does_not_judge_and_who_corrects_sees_his_finding(cast, inspector):
    made = planned(cast, inspector)
    item = made.items.first()
    body = {"item": item.pk, "clause": "T-1", "verdict": "kept"}
    for person in (cast.supervisor, cast.manager):
        answer = call(person, "post", f"/inspections/{made.pk}/actions/judge", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_inspector")
    assert not Judgement.objects.exclude(verdict="").exists()
    judge_all(made, bad=1, at=now())
    found = make_finding(made, cast.agent, actor=actor_for(inspector), at=now())
    assert call(cast.agent, "get", f"/findings/{found.pk}").json()["owner"] == cast.agent.pk
    assert call(cast.agent, "get", f"/inspections/{made.pk}").status_code == 404


def test_what_was_drawn_is_named_to_those_who_may_see_that(cast, inspector):
    made = planned(cast, inspector)
    viewer = call(cast.manager, "get", f"/inspections/{made.pk}").json()
    assert all(i["about"] for i in viewer["items"])
    lead = make_person("lead2", roles=("supervisor",), leads=(cast.other_team,), at=now() - DAY)
    foreign = call(lead, "get", f"/inspections/{made.pk}").json()
    assert [i["about"] for i in foreign["items"]] == [None] * 3


def test_what_cannot_be_asked_is_refused_with_its_field(cast, inspector):
    made = planned(cast, inspector)

    def field(path, body=None, method="post"):
        answer = call(inspector, method, path, body)
        assert answer.status_code == 422, (path, answer.content)
        return answer.json()["field"]

    assert field("/inspections?state=gone", method="get") == "state"
    assert field("/inspections?limit=201", method="get") == "limit"
    assert field("/findings?cursor=x", method="get") == "cursor"
    assert field("/inspections", plan(clauses=["T-9"])) == "clauses"
    assert field("/inspections", plan(size=501)) == "size"
    assert field("/inspections", plan(inspectors=["nobody-here"])) == "person"
    assert field("/inspections", plan(start="2026-10-01T00:00:00")) == "start"
    assert field("/inspections", plan(colour="red")) == "colour"
    item = made.items.first()
    act = f"/inspections/{made.pk}/actions"
    assert field(f"{act}/judge", {"item": item.pk, "clause": "T-1", "verdict": "maybe"}) == "verdict"
    assert field(f"{act}/judge", {"item": item.pk, "clause": "T-1", "verdict": "not_kept"}) == "note"
    assert field(f"{act}/find", finding(clause="T-2")) == "clause"
    assert field(f"{act}/find", finding(cause="weather")) == "cause"
    assert field(f"{act}/finish", {"conclusion": ""}) == "conclusion"
    unknown = {"item": 9999, "clause": "T-1", "verdict": "kept"}
    assert call(inspector, "post", f"{act}/judge", unknown).json()["code"] == "item_not_found"
    assert call(inspector, "get", "/inspections/9999").status_code == 404


@pytest.mark.parametrize("path", ["/inspections", "/findings", "/inspections/{id}"])
def test_queries_do_not_grow_with_what_is_shown(cast, inspector, path):
    headers = {"Authorization": f"Bearer {bearer_of(cast.manager)}"}

    def one(size):
        for _n in range(size):
            make_case(owner=cast.agent, team=cast.team, at=now() - DAY)
        made = make_inspection(inspector, actor=actor_for(cast.manager), size=size, at=now())
        judge_all(made, bad=1, at=now())
        for _n in range(size):
            make_finding(made, cast.agent, actor=actor_for(inspector), at=now())
        return made

    asked = []
    for size in (1, 4):
        url = "/api/v1" + path.format(id=one(size).pk)
        Client().get(url, headers=headers)
        with CaptureQueriesContext(connection) as caught:
            assert Client().get(url, headers=headers).status_code == 200
        asked.append(len(caught))
    assert asked[0] == asked[1]
