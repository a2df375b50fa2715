"""Grants and delegations over the API: what is answered, and who may."""

from datetime import timedelta

import pytest
from django.test import Client

from shounuo.cases.models import Grant
from shounuo.cases.testing import make_case
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy.testing import make_in_force, make_text
from shounuo.staff.services import token_create
from shounuo.staff.testing import make_cast, set_up_organisation

pytestmark = pytest.mark.django_db
RULE = "      - {authority: a, grant: compensation, who: agent, up_to: 50 CNY, approver: supervisor}\n"


@pytest.fixture
def cast():
    before = now() - timedelta(days=30)
    set_up_organisation(at=before)
    make_in_force(make_text("T-1", rules=RULE), at=before)
    return make_cast(at=before)


@pytest.fixture
def case(cast):
    return make_case(team=cast.team, owner=cast.agent, at=now())


def call(person, method, path, body=None, **headers):
    _token, bearer = token_create(person_id=person.pk, name="t", actor=Actor.system(), at=now())
    headers |= {"Authorization": f"Bearer {bearer}"}
    if method == "get":
        return Client().get(f"/api/v1{path}", headers=headers)
    return Client().post(f"/api/v1{path}", body, "application/json", headers=headers)


def ask(cast, case, fen, **headers):
    body = {"kind": "compensation", "amount": fen, "reason": "料受潮"}
    return call(cast.agent, "post", f"/cases/{case.number}/grants", body, **headers)


def test_asked_approved_and_read(cast, case):
    answer = ask(cast, case, 30000)
    told = answer.json()
    assert answer.status_code == 201 and (told["state"], told["roles"]) == ("asked", ["supervisor"])
    listed = call(cast.supervisor, "get", "/grants").json()["items"]
    assert [g["id"] for g in listed] == [told["id"]]
    done = call(cast.supervisor, "post", f"/grants/{told['id']}/approve", {"note": "同意"}).json()
    assert (done["state"], done["via"], done["decided_by"]) == ("granted", "api", cast.supervisor.pk)
    on_case = call(cast.agent, "get", f"/cases/{case.number}/grants").json()
    assert on_case["items"][0]["total"] == 30000
    assert on_case["offers"] == [
        {"kind": "compensation", "given": 30000, "alone": True, "up_to": 5000, "money": True, "clause": "T-1"}
    ]
    again = call(cast.supervisor, "post", f"/grants/{told['id']}/refuse", {"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "decided")


def test_the_grants_of_a_case_are_read_page_by_page(cast, case):
    made = [ask(cast, case, 100 * n).json()["id"] for n in range(1, 6)]
    read, cursor = [], ""
    for _page in range(3):
        page = call(cast.agent, "get", f"/cases/{case.number}/grants?limit=2{cursor}").json()
        read += [g["id"] for g in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (read, page["next_cursor"]) == (sorted(made, reverse=True), None)
    refused = call(cast.agent, "get", f"/cases/{case.number}/grants?cursor=x")
    assert (refused.status_code, refused.json()["field"]) == (422, "cursor")


def test_who_stands_in_is_read_page_by_page(cast):
    for n in range(3):
        span = {"starts_at": f"2031-0{n + 1}-01T00:00+08:00", "ends_at": f"2031-0{n + 1}-05T00:00+08:00"}
        call(cast.supervisor, "post", "/delegations", {"delegate": cast.agent.pk, **span})
    first = call(cast.agent, "get", "/delegations?limit=2").json()
    rest = call(cast.agent, "get", f"/delegations?limit=2&cursor={first['next_cursor']}").json()
    starts = [d["starts_at"][:7] for d in first["items"] + rest["items"]]
    assert starts == ["2031-03", "2031-02", "2031-01"] and rest["next_cursor"] is None


def test_the_same_key_asks_once(cast, case):
    _token, bearer = token_create(person_id=cast.agent.pk, name="t", actor=Actor.system(), at=now())
    body = {"kind": "compensation", "amount": 4000, "reason": "料受潮"}
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "k1"}
    path = f"/api/v1/cases/{case.number}/grants"
    first, second = (Client().post(path, body, "application/json", headers=headers) for _ in "12")
    assert first.status_code == second.status_code == 201 and first.json() == second.json()
    assert Grant.objects.count() == 1


def test_outsiders_find_nothing(cast, case):
    id = ask(cast, case, 30000).json()["id"]
    for method, path, body in (
        ("get", f"/cases/{case.number}/grants", None),
        ("post", f"/cases/{case.number}/grants", {"kind": "compensation", "amount": 1, "reason": "x"}),
        ("get", f"/grants/{id}", None),
        ("post", f"/grants/{id}/approve", {}),
        ("post", f"/grants/{id}/refuse", {"reason": "x"}),
        ("post", f"/grants/{id}/withdraw", {"reason": "x"}),
    ):
        assert call(cast.outsider, method, path, body).status_code == 404, path
        assert call(cast.nobody, method, path, body).status_code in (403, 404), path
    assert call(cast.outsider, "get", "/grants?box=all").json()["items"] == []
    assert Grant.objects.get().is_asked


def test_standing_in_is_made_shown_and_ended(cast):
    span = {"starts_at": now().isoformat(), "ends_at": (now() + timedelta(days=2)).isoformat()}
    made = call(cast.supervisor, "post", "/delegations", {"delegate": cast.agent.pk, **span})
    assert made.status_code == 201
    id = made.json()["id"]
    assert [d["id"] for d in call(cast.agent, "get", "/delegations").json()["items"]] == [id]
    assert call(cast.outsider, "get", "/delegations").json()["items"] == []
    assert call(cast.outsider, "post", f"/delegations/{id}/end").status_code == 404
    body = {"delegate": cast.agent.pk, "person": cast.manager.pk, **span}
    assert call(cast.outsider, "post", "/delegations", body).status_code == 403
    assert call(cast.supervisor, "post", f"/delegations/{id}/end").json()["ended_at"] is not None
