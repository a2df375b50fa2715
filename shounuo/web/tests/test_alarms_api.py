"""Alarms over the API: what is answered, what may be done, and who may."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shounuo.cases.testing import make_case
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy.testing import make_in_force, make_text
from shounuo.risk.models import AlarmDay
from shounuo.risk.testing import raise_alarm
from shounuo.staff.services import token_create
from shounuo.staff.testing import make_cast, set_up_organisation

pytestmark = pytest.mark.django_db
RULES = """      - alarm: complaints-day
        title: 单日投诉量
        title_en: Complaints in a day
        metric: complaint_count
        op: ">"
        value: 2
        window: P1D
        level: red
        notify: manager
      - alarm: praised
        title: 客户表扬
        trigger: {event: case.opened, kind: praise}
        level: blue
        notify: supervisor
"""


@pytest.fixture
def cast():
    before = now() - timedelta(days=30)
    set_up_organisation(at=before)
    make_in_force(make_text("T-1", rules=RULES), at=before)
    return make_cast(at=before)


@pytest.fixture
def case(cast):
    return make_case(team=cast.team, owner=cast.agent, at=now())


def raised(name="complaints-day", level="red", **more):
    """An alarm as the watch raises it: the log's end is out of reach within the test's transaction."""
    kept = {"metric": "complaint_count", "value": 4.0, "n": 9} if level == "red" else {}
    return raise_alarm(name, at=now(), level=level, **kept | more)


def bearer_of(person, scopes=()):
    made = token_create(person_id=person.pk, name="t", scopes=scopes, actor=Actor.system(), at=now())
    return made[1]


def call(person, method, path, body=None, scopes=(), **headers):
    headers |= {"Authorization": f"Bearer {bearer_of(person, scopes)}"}
    if method == "get":
        return Client().get(f"/api/v1{path}", headers=headers)
    return Client().post(f"/api/v1{path}", body, "application/json", headers=headers)


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["items"]]


def test_listed_latest_first_narrowed_and_by_pages(cast, case):
    first = raised(state="released", released_at=now())
    second = raised()
    third = raised("praised", "blue", about=f"case:{case.pk}")
    assert ids(call(cast.supervisor, "get", "/alarms")) == [third.pk, second.pk, first.pk]
    assert ids(call(cast.supervisor, "get", "/alarms?state=open&level=red")) == [second.pk]
    assert ids(call(cast.supervisor, "get", "/alarms?clause=T-1&rule=praised")) == [third.pk]
    assert ids(call(cast.supervisor, "get", "/alarms?clause=T-9")) == []
    page = call(cast.supervisor, "get", "/alarms?limit=2").json()
    assert [a["id"] for a in page["items"]] == [third.pk, second.pk]
    rest = call(cast.supervisor, "get", f"/alarms?limit=2&cursor={page['next_cursor']}").json()
    assert ([a["id"] for a in rest["items"]], rest["next_cursor"]) == ([first.pk], None)


def test_one_with_its_figure_its_limit_and_its_readings(cast):
    alarm = raised()
    for back, value in ((1, 3.0), (0, 4.0)):
        AlarmDay.objects.create(
            alarm=alarm, day=(now() - timedelta(days=back)).date(), value=value, held=True
        )
    told = call(cast.supervisor, "get", f"/alarms/{alarm.pk}", **{"Accept-Language": "en"}).json()
    assert (told["title"], told["rule"], told["clause"]) == ("Complaints in a day", "complaints-day", "T-1")
    assert told["limit"] == {"op": ">", "value": 2.0, "change": None}
    assert (told["metric"], told["unit"], told["value"], told["n"]) == ("complaint_count", "count", 4.0, 9)
    assert [d["value"] for d in told["days"]] == [4.0, 3.0] and told["roles"] == ["manager"]
    assert told["raised_at"].endswith("+08:00") and told["sentence"] and told["review"] is None


def test_acknowledged_and_closed_with_a_review(cast, case):
    alarm = raised("praised", "blue", about=f"case:{case.pk}")
    path = f"/alarms/{alarm.pk}/actions"
    told = call(cast.supervisor, "post", f"{path}/acknowledge").json()
    assert told["acknowledged_by"] == cast.supervisor.pk and told["about"] == f"case:{case.pk}"
    again = call(cast.manager, "post", f"{path}/acknowledge").json()
    assert again["acknowledged_by"] == cast.supervisor.pk
    empty = call(cast.supervisor, "post", f"{path}/close", {"review": " "})
    assert (empty.status_code, empty.json()["field"]) == (422, "review")
    done = call(cast.supervisor, "post", f"{path}/close", {"review": "已回访"}).json()
    assert (done["state"], done["review"], done["closed_by"]) == ("closed", "已回访", cast.supervisor.pk)
    late = call(cast.supervisor, "post", f"{path}/acknowledge")
    assert (late.status_code, late.json()["code"]) == (409, "alarm_closed")


def test_one_whose_figure_holds_is_not_closed(cast):
    answer = call(cast.supervisor, "post", f"/alarms/{raised().pk}/actions/close", {"review": "没事"})
    assert (answer.status_code, answer.json()["code"]) == (409, "alarm_holds")


def test_the_same_key_acts_once(cast):
    path, bearer = f"/api/v1/alarms/{raised().pk}/actions/acknowledge", bearer_of(cast.supervisor)
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": "k1"}
    first, second = (Client().post(path, headers=headers) for _ in "12")
    assert first.json() == second.json() and second["Idempotent-Replayed"] == "true"


def test_what_it_is_about_is_named_to_those_who_may_see_that(cast):
    elsewhere = make_case(team=cast.other_team, owner=cast.outsider, at=now())
    alarm = raised("praised", "blue", about=f"case:{elsewhere.pk}")
    assert call(cast.supervisor, "get", f"/alarms/{alarm.pk}").json()["about"] is None
    assert call(cast.supervisor, "get", "/alarms").json()["items"][0]["about"] is None
    assert call(cast.manager, "get", f"/alarms/{alarm.pk}").json()["about"] == f"case:{elsewhere.pk}"


def test_outsiders_are_turned_away(cast):
    alarm = raised()
    for method, path, body in (
        ("get", "/alarms", None),
        ("get", f"/alarms/{alarm.pk}", None),
        ("post", f"/alarms/{alarm.pk}/actions/acknowledge", None),
        ("post", f"/alarms/{alarm.pk}/actions/close", {"review": "x"}),
    ):
        for person in (cast.agent, cast.outsider, cast.nobody):
            assert call(person, method, path, body).status_code == 403, path
        assert call(cast.supervisor, method, path, body, scopes=("policy.view",)).status_code == 403, path
        assert Client().generic(method.upper(), f"/api/v1{path}").status_code == 401, path
    looking = call(
        cast.supervisor, "post", f"/alarms/{alarm.pk}/actions/acknowledge", scopes=("alarms.view",)
    )
    assert looking.status_code == 403
    alarm.refresh_from_db()
    assert alarm.is_open and alarm.acknowledged_at is None


@pytest.mark.parametrize(
    "query", ["state=gone", "level=green", "limit=0", "limit=201", "cursor=x", "clause=" + "x" * 65]
)
def test_what_cannot_be_asked_is_refused_with_its_field(cast, query):
    answer = call(cast.supervisor, "get", f"/alarms?{query}")
    assert (answer.status_code, answer.json()["field"]) == (422, query.partition("=")[0])


def test_one_that_is_not_there(cast):
    for id in (9999, 2**53):
        assert call(cast.supervisor, "get", f"/alarms/{id}").status_code == 404
        assert call(cast.supervisor, "post", f"/alarms/{id}/actions/acknowledge").status_code == 404


def test_queries_of_the_list_do_not_grow_with_it(cast, case):
    headers = {"Authorization": f"Bearer {bearer_of(cast.supervisor)}"}
    raised()
    raised("praised", "blue", about=f"case:{case.pk}")
    asked = []
    for _round in "12":
        Client().get("/api/v1/alarms", headers=headers)
        with CaptureQueriesContext(connection) as caught:
            Client().get("/api/v1/alarms", headers=headers)
        asked.append(len(caught))
        for _n in range(8):
            other = make_case(team=cast.team, owner=cast.agent, at=now())
            raised("praised", "blue", about=f"case:{other.pk}")
    assert asked[0] == asked[1]
