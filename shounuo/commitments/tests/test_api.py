"""Clocks over the API, for those who may, and for those who may not."""

from datetime import UTC, datetime, timedelta

import pytest
from ninja import NinjaAPI
from ninja.testing import TestClient

from shounuo.commitments.api import router
from shounuo.commitments.testing import clock, enforce, happen, parcels
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Problem

pytestmark = pytest.mark.django_db
AGENT = Actor.person(4)
SUPERVISOR = Actor.person(3, permissions=frozenset({"commitments.rebase"}))
RULE = {"commitment": "answer", "from": "parcel.asked", "until": "parcel.answered", "within": "PT30M"}


class Client(TestClient):
    """Asks as an actor, as the API root does."""

    def ask(self, actor, method, path, **given):
        return self.request(method, path, user=actor, **given)


@pytest.fixture(scope="module")
def api():
    root = NinjaAPI(urls_namespace="clocks-test", auth=lambda request: request.user or None)
    root.add_router("", router)

    @root.exception_handler(Problem)
    def told(request, problem):
        return root.create_response(
            request, {"code": problem.code, "field": problem.field}, status=problem.status
        )

    return Client(root)


@pytest.fixture
def running():
    started = now().replace(microsecond=0)
    enforce(RULE, at=started)
    happen("parcel.asked", started)
    return clock()


def test_a_clock_and_its_ledger_are_read(api, running):
    told = api.ask(AGENT, "GET", f"/clocks/{running.id}").json()
    assert (told["clause"], told["commitment"], told["state"]) == ("T-1", "answer", "running")
    assert datetime.fromisoformat(told["due_at"]) == running.due_at
    ledger = api.ask(AGENT, "GET", f"/clocks/{running.id}/ledger").json()
    assert datetime.fromisoformat(ledger["due_at"]) == running.due_at
    assert sum(line["counted"] for line in ledger["ledger"]) == 1800
    assert {"from", "to", "counted", "reason"} <= set(ledger["ledger"][0])


def test_a_rebase_is_for_those_who_may(api, running):
    due = (running.due_at + timedelta(hours=1)).isoformat()
    path = f"/clocks/{running.id}/rebase"
    assert api.ask(AGENT, "POST", path, json={"due_at": due, "reason": "约好了"}).status_code == 403
    done = api.ask(SUPERVISOR, "POST", path, json={"due_at": due, "reason": "约好了"})
    assert done.status_code == 200 and clock().due_at == running.due_at + timedelta(hours=1)
    assert api.ask(SUPERVISOR, "POST", path, json={"due_at": due, "reason": ""}).json()["field"] == "reason"
    naive = datetime.now(UTC).replace(tzinfo=None).isoformat()
    assert api.ask(SUPERVISOR, "POST", path, json={"due_at": naive, "reason": "x"}).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/ledger", None),
        ("POST", "/rebase", {"reason": "x"}),
        ("POST", "/cause", {"cause": "staffing"}),
    ],
)
def test_strangers_get_nothing(api, running, method, path, body):
    url = f"/clocks/{running.id}{path}"
    assert api.ask(None, method, url, json=body).status_code == 401
    parcels.hidden.add(1)
    assert api.ask(SUPERVISOR, method, url, json=body).status_code == 404
    assert api.ask(Actor.customer(1), method, url, json=body).status_code in (403, 404)
