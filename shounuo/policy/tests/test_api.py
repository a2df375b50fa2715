"""Policies and clauses over the API."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ninja import NinjaAPI
from ninja.security import HttpBearer
from ninja.testing import TestClient

from shounuo.kernel.errors import Problem
from shounuo.policy import queries
from shounuo.policy.api import router
from shounuo.policy.queries import kept
from shounuo.policy.testing import make_in_force, make_shipped, make_text
from shounuo.staff.testing import AT, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def client():
    seats = SimpleNamespace(actor=None)

    class Seat(HttpBearer):
        def authenticate(self, request, token):
            return seats.actor

    api = NinjaAPI(auth=Seat(), urls_namespace="policy-test")
    api.add_router("", router)
    api.add_exception_handler(
        Problem,
        lambda request, problem: api.create_response(request, {"code": problem.code}, status=problem.status),
    )
    client = TestClient(api)

    def get(path, actor):
        seats.actor = actor
        return client.get(path, headers={"Authorization": "Bearer x"})

    return get


@pytest.fixture
def cast():
    return make_cast()


def test_a_clause_tells_its_practices_and_what_shows_them(client, cast):
    make_shipped("process-standard", at=AT)
    answer = client("/clauses/PCF-6.0", cast.actor(cast.agent)).json()
    first = answer["practices"][0]
    assert (first["text"], first["risk"], first["outcome"], first["covers"]) == (
        "服务政策与流程成文，全员知晓并照办",
        "规则含糊或没人照做，满意度走低",
        "满意度与忠诚度上升",
        ["PCF-6.0-01"],
    )
    assert first["evidence"] == [
        {"kind": "record", "text": "制度版本及批准人", "exists": True, "metric": "", "covers": []},
        {
            "kind": "metric",
            "text": "员工签阅率",
            "exists": False,
            "metric": "acknowledgement_rate",
            "covers": [],
        },
    ]
    assert client("/clauses/PCF-6.0", cast.actor(cast.nobody)).status_code == 403


def test_clauses_with_their_rules_page_by_page(client, cast):
    make_shipped("livestock", at=AT)
    agent = cast.actor(cast.agent)
    answer = client("/clauses?limit=20", agent).json()
    codes = [c["code"] for c in answer["items"]]
    answer = client(f"/clauses?limit=20&cursor={answer['next_cursor']}", agent).json()
    codes += [c["code"] for c in answer["items"]]
    assert answer["next_cursor"] is None
    assert len(codes) == len(set(codes)) == 28
    assert codes[0] == "REG-1"


def test_clauses_of_two_policies_follow_each_other(client, cast):
    make_in_force(make_text("T-1", "T-2"), at=AT)
    make_in_force(make_text("S-1", code="another"), at=AT)
    agent, codes, cursor = cast.actor(cast.agent), [], ""
    while cursor is not None:
        answer = client(f"/clauses?limit=1{cursor and '&cursor=' + cursor}", agent).json()
        codes += [c["code"] for c in answer["items"]]
        cursor = answer["next_cursor"]
    assert codes == ["S-1", "T-1", "T-2"]
    answer = client("/clauses?policy=test", agent).json()
    assert [c["code"] for c in answer["items"]] == ["T-1", "T-2"]


def test_one_clause_with_its_kept_share(client, cast, monkeypatch):
    monkeypatch.setattr(kept, "_provider", None)
    make_in_force(at=AT)
    agent = cast.actor(cast.agent)
    found = client("/clauses/T-1", agent).json()
    assert (found["number"], found["policy"], found["version"], found["kept"]) == ("1", "test", 1, None)
    assert found["rules"][0]["sentence"] == "自收到客户消息起，30 分钟内须发出回复或接通电话"
    assert found["now"] is None
    owed = {"running": 3, "overdue": 1, "at_risk": 0}
    queries.register_kept(
        lambda codes, at: {c: {"week": {"share": 0.5}} for c in codes},
        lambda codes: dict.fromkeys(codes, owed),
    )
    found = client("/clauses/T-1", agent).json()
    assert (found["kept"], found["now"]) == ({"week": {"share": 0.5}}, owed)
    assert client("/clauses/T-2", agent).status_code == 404


def test_policies_with_the_version_in_force(client, cast):
    make_in_force(at=AT)
    make_in_force(make_text("S-1", code="another"), at=AT)
    answer = client("/policies?limit=1", cast.actor(cast.agent)).json()
    assert [p["code"] for p in answer["items"]] == ["another"]
    assert answer["items"][0]["current"]["state"] == "published"
    answer = client(f"/policies?cursor={answer['next_cursor']}", cast.actor(cast.agent)).json()
    assert ([p["code"] for p in answer["items"]], answer["next_cursor"]) == (["test"], None)


@pytest.mark.parametrize("path", ["/policies", "/clauses", "/clauses/T-1"])
def test_an_outsider_is_refused(client, cast, path):
    make_in_force(at=AT)
    assert client(path, cast.actor(cast.nobody)).status_code == 403
    assert client(path, None).status_code == 401


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=broken"])
def test_a_bad_page_is_refused_with_a_reason(client, cast, query):
    make_in_force(at=AT)
    for path in ("/policies", "/clauses"):
        assert client(f"{path}?{query}", cast.actor(cast.agent)).status_code == 422
