"""API v1: the contract's shapes and codes, and who may do what."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from ninja import Schema

from shounuo.calendars.testing import make_defaults
from shounuo.cases import services as cases
from shounuo.cases.models import Case, Interaction
from shounuo.cases.queries.filled import filled
from shounuo.cases.testing import make_field
from shounuo.channels.api import schemas
from shounuo.channels.models import IdempotencyKey
from shounuo.channels.testing import AT, make_mailbox, receive
from shounuo.commitments import ruleset
from shounuo.commitments.testing import enforce
from shounuo.customers.models import Customer
from shounuo.events.testing import run_jobs
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.notices.testing import clear_outbox, outbox
from shounuo.policy.services import version_import, version_publish_at_once
from shounuo.staff.services import person_deactivate, token_create, token_revoke
from shounuo.staff.testing import make_cast, make_person, set_up_organisation

pytestmark = pytest.mark.django_db
NEW = {
    "channel": "api",
    "kind": "request",
    "subject": "饲料结块",
    "body": "开袋后有结块",
    "level": "L2",
    "customer": {"name": "宋建国", "mail": "song@example.cn", "phone": "138 1234 5678"},
}


@pytest.fixture
def cast():
    set_up_organisation()
    make_defaults(at=AT)
    clear_outbox()
    return make_cast()


class Api:
    """A client with a person's token."""

    def __init__(self, person=None, scopes=(), bearer=None):
        self.headers = {}
        if person is not None:
            _token, bearer = token_create(
                person_id=person.pk, name="t", scopes=scopes, actor=Actor.system(), at=now()
            )
        if bearer is not None:
            self.headers["Authorization"] = f"Bearer {bearer}"

    def __call__(self, method, path, body=None, **headers):
        given = {**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = Client(raise_request_exception=False).generic(
            method, f"/api/v1{path}", data, content_type="application/json", headers=given
        )
        response.data = json.loads(response.content) if "json" in response.get("Content-Type", "") else None
        return response

    def get(self, path, **headers):
        return self("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self("POST", path, body, **headers)


@pytest.fixture
def api(cast):
    return Api(cast.agent)


def opened(api, **changes):
    response = api.post("/cases", NEW | changes)
    assert response.status_code == 201, response.content
    return response.data


# ---- opening
# -------------------------------------------------------------------------------------------------


def test_opening_a_case_answers_as_the_contract_says(api):
    case = opened(api)
    assert {
        "number",
        "status",
        "kind",
        "level",
        "channel",
        "owner",
        "team",
        "customer",
        "opened_at",
        "clocks",
    } <= set(case)
    assert (case["status"], case["kind"], case["level"], case["channel"]) == ("new", "request", "L2", "api")
    assert case["customer"]["name"] == "宋建国" and case["owner"] is None
    assert datetime.fromisoformat(case["opened_at"]).utcoffset() is not None
    schemas.CaseOut.model_validate(case)
    assert case == api.get(f"/cases/{case['number']}").data


def test_opening_a_case_starts_its_clocks_and_shows_them(cast):
    pack = Path(__file__).parents[3] / "policies" / "livestock.yaml"
    version_import(text=pack.read_text(), file_name=pack.name, actor=Actor.system(), at=AT)
    version_publish_at_once(policy_code="livestock", actor=Actor.system(), at=AT)
    ruleset.forget()
    api = Api(cast.agent)
    case = opened(api)
    assert case == api.get(f"/cases/{case['number']}").data
    [first, *_rest] = case["clocks"]
    assert {
        "clause",
        "commitment",
        "state",
        "started_at",
        "warn_at",
        "due_at",
        "met_at",
        "breached_at",
    } <= set(first)
    assert first["state"] == "running" and case["next_due_at"] == min(c["due_at"] for c in case["clocks"])
    listed = api.get(f"/cases/{case['number']}/clocks").data["items"]
    assert [c["id"] for c in listed] == [c["id"] for c in case["clocks"]]
    for path in (f"/cases/{case['number']}/clocks/{first['id']}/ledger", f"/clocks/{first['id']}/ledger"):
        ledger = api.get(path).data
        assert ledger["due_at"] == first["due_at"]
        assert {"from", "to", "counted", "reason"} <= set(ledger["ledger"][0])
    clauses = api.get("/clauses?limit=200").data
    assert first["clause"] in {c["code"] for c in clauses["items"]}
    assert all("kept" in c for c in clauses["items"])
    api.post(f"/cases/{case['number']}/interactions", {"direction": "out", "body": "您好"})
    states = {c["commitment"]: c["state"] for c in api.get(f"/cases/{case['number']}/clocks").data["items"]}
    assert "met" in states.values()


def test_a_moment_is_told_alike_wherever_it_is_told(cast):
    enforce(
        {
            "commitment": "answer",
            "subject": "case",
            "from": "case.opened",
            "until": "case.closed",
            "within": "PT30M",
        },
        at=AT,
    )
    api = Api(cast.manager)
    case = opened(api)
    [clock] = case["clocks"]
    moment = "2030-01-08T17:00:00.635938+08:00"
    told = api.post(f"/clocks/{clock['id']}/rebase", {"due_at": moment, "reason": "等对方复检"}).data
    ledger = api.get(f"/clocks/{clock['id']}/ledger").data
    [listed] = api.get(f"/cases/{case['number']}/clocks").data["items"]
    [event] = [
        e for e in api.get(f"/cases/{case['number']}/events").data["items"] if e["kind"] == "clock.rebased"
    ]
    assert told["due_at"] == ledger["due_at"] == listed["due_at"] == moment
    assert event["at"].endswith("+08:00")


def test_a_customer_with_the_same_mail_or_phone_is_the_same_customer(api):
    one = opened(api)
    two = opened(api, customer={"mail": "SONG@example.cn"})
    three = opened(api, customer={"phone": "+86 13812345678"})
    assert one["customer"]["id"] == two["customer"]["id"] == three["customer"]["id"]


def test_level_is_null_until_it_is_classified(api):
    body = {k: v for k, v in NEW.items() if k not in ("level", "kind")}
    response = api.post("/cases", body)
    assert (response.data["level"], response.data["kind"]) == (None, "inquiry")


def test_a_case_by_phone_counts_as_answered(api):
    assert opened(api, channel="phone")["first_response_at"]
    assert opened(api)["first_response_at"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"body": ""}, "body"),
        ({"body": None}, "body"),
        ({"channel": "pigeon"}, "channel"),
        ({"kind": "x"}, "kind"),
        ({"level": "L9"}, "level"),
        ({"customer": {}}, "customer"),
        ({"customer": {"mail": "no mail"}}, "mail"),
        ({"customer": {"phone": "12"}}, "phone"),
        ({"customer": None}, "customer"),
        ({"levle": "L1"}, "levle"),
        ({"owner": 1}, "owner"),
        ({"customer": {"name": "x", "id": 1}}, "customer.id"),
        ({"subject": "x" * 301}, "subject"),
    ],
)
def test_bad_input_is_told_with_its_place(api, change, field):
    response = api.post("/cases", NEW | change)
    assert response.status_code == 422, response.content
    assert response["Content-Type"] == "application/problem+json"
    assert response.data["field"] == field and response.data["detail"]
    assert not Case.objects.exists() and not Customer.objects.exists()


def test_faults_are_told_in_the_askers_language(api):
    body = NEW | {"body": ""}
    assert api.post("/cases", body, Accept_Language="zh-CN").data["detail"] == "body：至少 1 个字符"
    english = api.post("/cases", NEW | {"subject": "x" * 301}, Accept_Language="en").data["detail"]
    assert english == "subject: At most 300 characters"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'"x"', b"null"])
def test_what_is_no_json_object_is_told(api, body):
    response = api.post("/cases", body)
    assert response.status_code in (400, 422) and response["Content-Type"] == "application/problem+json"


def test_what_the_database_cannot_hold_is_cleaned(api):
    case = opened(api, subject="a\u0000b\ud800c", body="x\u0000y")
    assert "\0" not in case["subject"]
    assert api.get(f"/cases/{case['number']}/interactions").data["items"][0]["body"] == "xy"


def test_a_body_too_large_is_refused(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = api.post("/cases", NEW | {"body": "x" * 2000})
    assert response.status_code == 413 and response["Content-Type"] == "application/problem+json"


# ---- lists
# ---------------------------------------------------------------------------------------------------


def test_the_list_is_paged_and_complete(api):
    numbers = [opened(api, subject=str(n))["number"] for n in range(7)]
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/cases?limit=3&cursor={cursor}" if cursor else "/cases?limit=3").data
        seen += [c["number"] for c in page["items"]]
        cursor = page["next_cursor"]
    assert seen == sorted(numbers, reverse=True)
    schemas.CaseOut.model_validate(page["items"][0])


def test_the_list_is_filtered(api, cast):
    one = opened(api)["number"]
    two = opened(
        api, channel="phone", kind="complaint", level="L1", customer={"name": "李四", "phone": "13900000001"}
    )
    api.post(f"/cases/{two['number']}/actions/take")
    for query, wanted in {
        "status=new": [one],
        "status=open&status=new": [two["number"], one],
        "kind=complaint": [two["number"]],
        "channel=api": [one],
        "level=L1": [two["number"]],
        "owner=me": [two["number"]],
        f"owner={cast.agent.pk}": [two["number"]],
        "owner=agent": [two["number"]],
        "owner=none": [one],
        f"team={cast.team.code}": [two["number"]],
        f"customer={two['customer']['id']}": [two["number"]],
        "overdue=true": [],
        f"q={one}": [one],
        "opened_from=2020-01-01T00:00:00%2B08:00": [two["number"], one],
        "opened_to=2020-01-01T00:00:00%2B08:00": [],
    }.items():
        response = api.get(f"/cases?{query}")
        assert response.status_code == 200, (query, response.content)
        assert [c["number"] for c in response.data["items"]] == wanted, query


@pytest.mark.parametrize(
    "query",
    ["status=gone", "limit=0", "limit=201", "limit=x", "cursor=rubbish", "overdue=maybe", "opened_from=gestern",
     "owner=99999999", "team=nowhere", "customer=x", "q=%00", "cursor=W10", "owner=1%27%20OR%201%3D1"],
)  # fmt: skip
def test_a_bad_filter_is_told_and_never_a_fault(api, query):
    response = api.get(f"/cases?{query}")
    assert response.status_code == (400 if query == "q=%00" else 422), response.content


def test_the_number_of_queries_of_a_list_does_not_grow(api):
    for n in range(3):
        opened(api, subject=str(n))
    api.get("/cases")
    with CaptureQueriesContext(connection) as few:
        api.get("/cases")
    for n in range(9):
        opened(api, subject=str(n))
    with CaptureQueriesContext(connection) as many:
        api.get("/cases")
    assert len(many) == len(few)


def test_interactions_are_listed_across_cases(api):
    number = opened(api)["number"]
    api.post(f"/cases/{number}/interactions", {"direction": "note", "body": "内部"})
    api.post(f"/cases/{number}/interactions", {"direction": "out", "body": "您好"})
    page = api.get("/interactions?direction=out").data
    assert [i["body"] for i in page["items"]] == ["您好"] and page["next_cursor"] is None
    assert [i["direction"] for i in api.get("/interactions?channel=api").data["items"]] == [
        "out",
        "note",
        "in",
    ]
    assert api.get("/interactions?direction=sideways").status_code == 422
    schemas.InteractionOut.model_validate(page["items"][0])


@pytest.mark.django_db(transaction=True)
def test_events_are_read_to_the_end_by_position(api):
    opened(api)
    seen, after = [], ""
    while True:
        page = api.get(f"/events?limit=2&after={after}").data
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        after = page["next_cursor"]
    kinds = [e["kind"] for e in seen]
    assert "case.opened" in kinds and "interaction.received" in kinds
    assert all(e["subject"]["number"] for e in seen if e["subject"]["kind"] == "case")
    schemas.EventOut.model_validate(seen[-1])
    assert api.get(f"/events?after={after}").data == {"items": [], "next_cursor": None}


# ---- writing
# -------------------------------------------------------------------------------------------------


def test_an_answer_on_a_case_that_nobody_has_takes_and_accepts_it(api, cast):
    make_mailbox(receipt=False)
    number = opened(api)["number"]
    response = api.post(f"/cases/{number}/interactions", {"direction": "out", "body": "我们来处理"})
    assert response.status_code == 201 and response.data["direction"] == "out"
    case = api.get(f"/cases/{number}").data
    assert case["status"] == "open" and case["owner"]["login"] == "agent" and case["accepted_at"]
    run_jobs(now())
    assert outbox[-1].recipients == ("song@example.cn",)


def test_what_the_customer_said_and_notes(api):
    number = opened(api)["number"]
    assert api.post(f"/cases/{number}/interactions", {"direction": "in", "body": "又坏了"}).status_code == 201
    assert api.post(f"/cases/{number}/notes", {"body": "查批次"}).status_code == 201
    assert [i["direction"] for i in api.get(f"/cases/{number}/interactions").data["items"]] == [
        "in",
        "in",
        "note",
    ]
    assert not outbox


def test_the_whole_life_of_a_case(api, cast):
    number = opened(api)["number"]

    def act(name, body=None, status=200):
        response = api.post(f"/cases/{number}/actions/{name}", body)
        assert response.status_code == status, (name, response.content)
        return response.data

    assert act("take")["status"] == "open"
    assert act("accept", {})["status"] == "open"
    assert act("classify", {"level": "L1"})["level"] == "L1"
    act("diagnose", {"text": "受潮"})
    plan = [{"title": "换货", "pros": "快", "cons": "寄回", "steps": "1", "time": "3 天", "cost": "0 元"}]
    act("propose", {"options": plan})
    act("choose", {"option": 1})
    assert act("wait", {"on": "customer"})["status"] == "waiting_customer"
    assert act("resume")["status"] == "open"
    assert act("resolve", {"text": "已换货"})["status"] == "resolved"
    assert act("dispute", {"reason": "还是潮"})["status"] == "open"
    assert act("resolve", {"text": "再换一次"})["status"] == "resolved"
    assert act("confirm")["status"] == "closed"
    reopened = act("reopen", {"reason": "又坏了"})
    assert (reopened["status"], reopened["reopen_count"]) == ("open", 2)
    assert act("resolve", {"text": "退款"})["status"] == "resolved"
    assert act("close")["status"] == "closed"
    assert act("close", status=409)["code"] == "wrong_status"
    kinds = [e["kind"] for e in api.get(f"/cases/{number}/events?limit=200").data["items"]]
    assert kinds[0] == "case.opened" and "plan.chosen" in kinds and "case.reopened" in kinds


def test_assign_and_transfer_by_id_login_or_code(api, cast):
    number = opened(api)["number"]
    lead = Api(cast.supervisor)
    assert lead.post(f"/cases/{number}/actions/assign", {"person": "agent"}).data["owner"]["login"] == "agent"
    moved = api.post(f"/cases/{number}/actions/transfer", {"team": "second", "reason": "归二组"})
    assert moved.status_code == 200 and moved.data["transfer_count"] == 1
    assert lead.post(f"/cases/{number}/actions/assign", {}).status_code in (404, 422)
    other = opened(api)["number"]
    assert lead.post(f"/cases/{other}/actions/assign", {"team": cast.team.pk}).data["team"]["code"] == "first"
    assert lead.post(f"/cases/{other}/actions/assign", {"person": "nobody-here"}).status_code == 422


@pytest.mark.parametrize("person", [True, 1.0, "²", "٣", "9" * 40, 10**30, "-1", "1e0", "me"])
def test_what_is_nearly_an_id_names_nobody(api, cast, person):
    number, lead = opened(api)["number"], Api(cast.supervisor)
    assert lead.post(f"/cases/{number}/actions/assign", {"person": person}).status_code == 422
    assert lead.post(f"/cases/{number}/actions/assign", {"team": person}).status_code == 422
    by_id = lead.post(f"/cases/{number}/actions/assign", {"person": str(cast.agent.pk)})
    assert by_id.data["owner"]["login"] == "agent"


def test_a_note_for_nobody_there_is_refused_whatever_his_number(api, cast):
    number = opened(api)["number"]
    for wanted in (2**63, 10**30, -1, 0, "²"):
        refused = api.post(f"/cases/{number}/notes", {"body": "看一下", "mentions": [wanted]})
        assert refused.status_code == 422, wanted
        assert refused["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("transfer", {"person": "agent"}), ("propose", {"options": []}), ("propose", {}), ("choose", {"option": 0}),
        ("resolve", {}), ("resolve", {"text": ""}), ("dispute", {}), ("reopen", {"reason": ""}),
        ("take", {"owner": 5}), ("wait", {"on": "moon"}), ("propose", {"options": [{"title": "x"}] * 4}),
        ("progress", {"text": "x", "aspect": "moon"}), ("progress", {"text": ""}), ("feedback", {"text": "x", "how": "moon"}),
        ("fill", {}), ("fill", {"values": []}), ("fill", {"values": {"nowhere": "x"}}),
    ],
)  # fmt: skip
def test_an_action_with_the_wrong_body_is_refused(api, action, body):
    number = opened(api)["number"]
    assert api.post(f"/cases/{number}/actions/{action}", body).status_code == 422


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
@pytest.mark.parametrize(
    ("action", "field", "body"),
    [("expect", "at", {}), ("wait", "until", {}), ("ask", "due_at", {"team": "support", "text": "x"})],
)
def test_a_moment_that_could_not_be_read_back_is_never_kept(api, action, field, body, moment):
    number = opened(api)["number"]
    api.post(f"/cases/{number}/actions/take")
    refused = api.post(f"/cases/{number}/actions/{action}", body | {field: moment})
    assert (refused.status_code, refused.data["detail"]) == (422, f"{field}：年份须在 1970 到 2199 之间")
    assert api.get(f"/cases/{number}").status_code == api.get("/cases").status_code == 200


def test_what_a_regulation_may_want_on_record_can_be_filled(api):
    make_field("batch", label="批号")
    number = opened(api)["number"]

    def act(name, body):
        response = api.post(f"/cases/{number}/actions/{name}", body)
        assert response.status_code == 200, response.content
        return response.data

    act("take", {})
    for aspect in ("progress", "operation", "cooperation"):
        act("progress", {"text": f"说明：{aspect}", "aspect": aspect, "public": aspect == "progress"})
    assert act("fill", {"values": {"batch": "F1122-6"}})["custom"] == {"batch": "F1122-6"}
    act("resolve", {"text": "已换货"})
    act("feedback", {"text": "客户说可以了", "how": "onsite"})
    act("close", {})
    case = Case.objects.get(number=number)
    record = filled([case.pk], with_items=False)[case.pk].fields
    asked = ("progress", "operations", "customer_cooperation", "verification_method", "customer_feedback")
    assert all(record[name] for name in asked) and record["batch"]
    said = [(i["direction"], i["body"]) for i in api.get(f"/cases/{number}/interactions").data["items"]]
    assert ("out", "说明：progress") in said and ("note", "说明：operation") in said


def test_an_unknown_action_and_an_unknown_verb_are_problems(api):
    number = opened(api)["number"]
    response = api.post(f"/cases/{number}/actions/explode")
    assert response.status_code == 404 and response["Content-Type"] == "application/problem+json"
    response = api("DELETE", f"/cases/{number}")
    assert response.status_code == 405 and response["Allow"] and response.data["code"] == "method"


# ---- idempotency
# ---------------------------------------------------------------------------------------------


def test_the_same_key_opens_one_case(api):
    one = api.post("/cases", NEW, Idempotency_Key="k1")
    two = api.post("/cases", NEW, Idempotency_Key="k1")
    assert one.status_code == two.status_code == 201 and one.content == two.content
    assert two["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in one
    assert Case.objects.count() == 1
    other = api.post("/cases", NEW | {"body": "别的"}, Idempotency_Key="k1")
    assert other.status_code == 409 and other.data["code"] == "key_reused"


def test_a_key_whose_first_call_runs_says_when_to_come_back(api):
    api.post("/cases", NEW, Idempotency_Key="k1")
    IdempotencyKey.objects.update(status=None, body="", created_at=now())
    response = api.post("/cases", NEW, Idempotency_Key="k1")
    assert response.status_code == 409 and int(response["Retry-After"]) > 0


def test_a_refusal_is_the_same_answer_again(api):
    number = opened(api)["number"]
    one = api.post(f"/cases/{number}/actions/close", Idempotency_Key="c")
    api.post(f"/cases/{number}/actions/resolve", {"text": "好了"})
    two = api.post(f"/cases/{number}/actions/close", Idempotency_Key="c")
    assert one.status_code == two.status_code == 409 and one.data == two.data
    assert two["Content-Type"] == "application/problem+json"


def test_a_key_of_one_token_means_nothing_to_another(api, cast):
    api.post("/cases", NEW, Idempotency_Key="k1")
    assert Api(cast.supervisor).post("/cases", NEW, Idempotency_Key="k1").status_code == 201
    assert Case.objects.count() == 2


# ---- who may
# -------------------------------------------------------------------------------------------------

INSPECTION = {
    "title": "x",
    "clauses": ["X-1"],
    "start": "2026-10-01T00:00:00+08:00",
    "end": "2026-10-02T00:00:00+08:00",
    "inspectors": [1],
    "due_at": "2030-01-01T00:00:00+08:00",
}
FINDING = {
    "clause": "X-1",
    "cause": "other",
    "text": "x",
    "owner": 1,
    "due_at": "2030-01-01T00:00:00+08:00",
}
# Every address and verb, with a body that would be right. {n} is a case of the first team, {c} its customer.
VERBS = [
    ("POST", "/cases", NEW),
    ("GET", "/cases", None),
    ("GET", "/cases/{n}", None),
    ("GET", "/cases/{n}/clocks", None),
    ("GET", "/cases/{n}/clocks/1/ledger", None),
    ("GET", "/cases/{n}/events", None),
    ("GET", "/cases/{n}/interactions", None),
    ("POST", "/cases/{n}/interactions", {"direction": "out", "body": "x"}),
    ("POST", "/cases/{n}/notes", {"body": "x"}),
    ("POST", "/cases/{n}/actions/take", None),
    ("POST", "/cases/{n}/actions/accept", None),
    ("POST", "/cases/{n}/actions/assign", {"person": "agent"}),
    ("POST", "/cases/{n}/actions/transfer", {"team": "second", "reason": "x"}),
    ("POST", "/cases/{n}/actions/classify", {"level": "L1"}),
    ("POST", "/cases/{n}/actions/diagnose", {"text": "x"}),
    ("POST", "/cases/{n}/actions/expect", {"at": "2030-01-01T00:00:00+08:00"}),
    ("POST", "/cases/{n}/actions/propose", {"options": [{"title": "x"}]}),
    ("POST", "/cases/{n}/actions/choose", {"option": 1}),
    ("POST", "/cases/{n}/actions/wait", {"on": "customer"}),
    ("POST", "/cases/{n}/actions/ask", {"team": "second", "text": "x"}),
    ("POST", "/cases/{n}/actions/resume", None),
    ("POST", "/cases/{n}/actions/resolve", {"text": "x"}),
    ("POST", "/cases/{n}/actions/confirm", None),
    ("POST", "/cases/{n}/actions/progress", {"text": "x"}),
    ("POST", "/cases/{n}/actions/fill", {"values": {}}),
    ("POST", "/cases/{n}/actions/feedback", {"text": "x"}),
    ("POST", "/cases/{n}/actions/dispute", {"reason": "x"}),
    ("POST", "/cases/{n}/actions/reopen", {"reason": "x"}),
    ("POST", "/cases/{n}/actions/close", None),
    ("POST", "/cases/{n}/actions/merge", {"into": 1}),
    ("GET", "/cases/{n}/grants", None),
    ("POST", "/cases/{n}/grants", {"kind": "compensation", "amount": 100, "reason": "x"}),
    ("GET", "/grants", None),
    ("GET", "/grants/offers", None),
    ("POST", "/grants", {"kind": "report_release", "about": "x", "reason": "x"}),
    ("GET", "/grants/1", None),
    ("POST", "/grants/1/approve", {"note": "x"}),
    ("POST", "/grants/1/refuse", {"reason": "x"}),
    ("POST", "/grants/1/withdraw", {"reason": "x"}),
    ("GET", "/delegations", None),
    (
        "POST",
        "/delegations",
        {"delegate": 1, "starts_at": "2030-01-01T00:00:00+08:00", "ends_at": "2030-01-02T00:00:00+08:00"},
    ),
    ("POST", "/delegations/1/end", None),
    ("GET", "/customers", None),
    ("POST", "/customers", {"name": "x"}),
    ("GET", "/customers/{c}", None),
    ("PATCH", "/customers/{c}", {"name": "x"}),
    ("GET", "/events", None),
    ("GET", "/interactions", None),
    ("GET", "/clocks/1", None),
    ("GET", "/clocks/1/ledger", None),
    ("POST", "/clocks/1/rebase", {"reason": "x"}),
    ("POST", "/clocks/1/cause", {"cause": "other"}),
    ("GET", "/policies", None),
    ("GET", "/clauses", None),
    ("GET", "/clauses/X-1", None),
    ("GET", "/calendars", None),
    ("GET", "/calendars/business/add?start=2026-10-10T10:00:00%2B08:00&within=PT2H", None),
    ("GET", "/calendars/business/year/2026", None),
    ("GET", "/quarantine", None),
    ("GET", "/quarantine/1", None),
    ("GET", "/quarantine/1/raw", None),
    ("POST", "/quarantine/1/retry", None),
    ("POST", "/quarantine/1/release", None),
    ("GET", "/webhooks", None),
    ("POST", "/webhooks", {"name": "x", "url": "https://example.com/", "kinds": ["*"]}),
    ("GET", "/webhooks/1", None),
    ("PATCH", "/webhooks/1", {"name": "x"}),
    ("DELETE", "/webhooks/1", None),
    ("POST", "/webhooks/1/test", None),
    ("GET", "/webhooks/1/deliveries", None),
    ("POST", "/deliveries/1/replay", None),
    ("GET", "/alarms", None),
    ("GET", "/alarms/1", None),
    ("POST", "/alarms/1/actions/acknowledge", None),
    ("POST", "/alarms/1/actions/close", {"review": "x"}),
    ("GET", "/playbooks", None),
    ("GET", "/runs", None),
    ("POST", "/runs", {"playbook": 1}),
    ("GET", "/runs/1", None),
    ("POST", "/runs/1/actions/done", {"note": "x"}),
    ("POST", "/runs/1/actions/choose", {"outcome": "x"}),
    ("POST", "/runs/1/actions/cancel", {"reason": "x"}),
    ("GET", "/inspections", None),
    ("POST", "/inspections", INSPECTION),
    ("GET", "/inspections/1", None),
    ("GET", "/inspections/1/check", None),
    ("POST", "/inspections/1/actions/judge", {"item": 1, "clause": "X-1", "verdict": "kept"}),
    ("POST", "/inspections/1/actions/find", FINDING),
    ("POST", "/inspections/1/actions/finish", {"conclusion": "x"}),
    ("POST", "/inspections/1/actions/cancel", {"reason": "x"}),
    ("GET", "/findings", None),
    ("GET", "/findings/1", None),
    ("POST", "/findings/1/actions/verify", {"note": "x"}),
    ("POST", "/findings/1/actions/return", {"reason": "x", "due_at": "2030-01-01T00:00:00+08:00"}),
]
# What one without any role may still ask: lists that are empty for him, and calendars.
FOR_ALL = {"/cases", "/events", "/interactions", "/calendars"}


def test_the_table_of_verbs_is_complete():
    from shounuo.web.api import build

    def shape(path):
        return "/".join(
            "*" if p.startswith("{") or p.isdigit() or p in ("business", "X-1") else p
            for p in path.split("/")
        )

    described = {
        (method.upper(), shape(path.removeprefix("/api/v1")))
        for path, methods in build().get_openapi_schema()["paths"].items()
        for method in methods
        if path.split("/")[3] not in {"duties", "metrics"}  # those have tests of their own beside them
    }
    assert {(m, shape(p.partition("?")[0].replace("2026", "{y}"))) for m, p, _b in VERBS} == described


def test_every_list_of_the_document_is_read_page_by_page():
    """A list is what answers `items` and is no thing itself; where `limit` is the metric's own time, a page has a `size`."""
    from shounuo.web.api import build

    document = build().get_openapi_schema()
    lists, wrong = 0, []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answer = operation["responses"].get(200, {}).get("content", {}).get("application/json", {})
            shape = document["components"]["schemas"].get(
                answer.get("schema", {}).get("$ref", "").rpartition("/")[2], {}
            )
            fields = shape.get("properties", {})
            if method != "get" or "items" not in fields or "id" in fields:
                continue
            lists += 1
            asked = {p["name"] for p in operation.get("parameters", [])}
            page = "size" if path.endswith("/metrics/{code}/subjects") else "limit"
            if not {page, "cursor"} <= asked or "next_cursor" not in fields:
                wrong.append(path)
    assert lists > 15 and wrong == []


@pytest.mark.parametrize("path", ["/grants/offers", "/delegations", "/webhooks", "/playbooks", "/metrics"])
def test_a_list_refuses_a_cursor_that_it_never_gave_and_a_limit_beyond(cast, path):
    reader = Api(cast.manager if path != "/webhooks" else cast.admin)
    assert reader.get(f"{path}?limit=200").status_code == 200
    for query in ("cursor=nothing", f"cursor={paging.encode('gone')}", "limit=0", "limit=201"):
        answer = reader.get(f"{path}?{query}")
        assert (answer.status_code, answer.data["field"]) == (422, query.partition("=")[0]), query


def test_no_two_shapes_of_the_document_have_one_name():
    """The document knows a shape by its name: of two alike it would show one, and the other's fields nowhere."""
    found, waiting = {}, [Schema]
    while waiting:
        for shape in waiting.pop().__subclasses__():
            waiting.append(shape)
            if shape.__module__.startswith("shounuo.") and "[" not in shape.__name__ and shape.model_fields:
                found.setdefault(shape.__name__, set()).add(shape.__module__)
    assert len(found) > 50
    assert {name: sorted(parts) for name, parts in found.items() if len(parts) > 1} == {}


@pytest.fixture
def owned(cast):
    """A case of the first team, owned by its agent."""
    agent = Api(cast.agent)
    case = opened(agent)
    agent.post(f"/cases/{case['number']}/actions/take")
    return case


def _path(path, owned):
    return path.replace("{n}", str(owned["number"])).replace("{c}", str(owned["customer"]["id"]))


@pytest.mark.parametrize(("method", "path", "body"), VERBS)
def test_nobody_gets_in_without_a_token(cast, owned, method, path, body):
    for api in (Api(), Api(bearer="sn_wrong"), Api(bearer="")):
        response = api(method, _path(path, owned), body)
        assert response.status_code == 401, response.content
        assert (
            response["WWW-Authenticate"] == "Bearer"
            and response["Content-Type"] == "application/problem+json"
        )


@pytest.mark.parametrize(("method", "path", "body"), VERBS)
def test_one_without_a_role_may_do_nothing(cast, owned, method, path, body):
    before = _traces()
    response = Api(cast.nobody)(method, _path(path, owned), body)
    if method == "GET" and (path in FOR_ALL or path.startswith("/calendars")):
        assert response.status_code == 200
        assert path.startswith("/calendars") or response.data["items"] == []
    else:
        assert response.status_code in (403, 404), response.content
    assert _traces() == before


@pytest.mark.parametrize(("method", "path", "body"), [v for v in VERBS if "{n}" in v[1]])
def test_a_case_of_another_team_is_not_there(cast, owned, method, path, body):
    before = _traces()
    response = Api(cast.outsider)(method, _path(path, owned), body)
    assert response.status_code == 404 and response.data["code"] == "case_not_found"
    assert _traces() == before


def test_another_teams_cases_are_in_no_list(cast, owned):
    outsider = Api(cast.outsider)
    for path in (
        "/cases",
        "/interactions",
        f"/cases?q={owned['number']}",
        f"/cases?customer={owned['customer']['id']}",
    ):
        assert outsider.get(path).data["items"] == []
    page = outsider.get("/events?limit=200").data
    assert not [e for e in page["items"] if e["subject"]["kind"] == "case"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [v for v in VERBS if v[1].startswith(("/quarantine", "/webhooks", "/deliver"))],
)
def test_administration_is_not_for_agents(cast, owned, method, path, body):
    assert Api(cast.agent)(method, path, body).status_code == 403


def _traces():
    case = Case.objects.get()
    return (case.version, Interaction.objects.count(), Customer.objects.count(), case.status, case.owner_id)


def test_a_token_reaches_no_further_than_its_scopes(cast):
    reader = Api(cast.agent, scopes=["cases.view_team"])
    number = opened(Api(cast.agent))["number"]
    assert reader.get(f"/cases/{number}").status_code == 200
    assert reader.post("/cases", NEW).status_code == 403
    assert reader.post(f"/cases/{number}/actions/take").status_code == 403
    assert reader.get("/customers").status_code == 403


def test_a_revoked_token_and_one_of_a_person_who_left_open_nothing(cast):
    token, bearer = token_create(person_id=cast.agent.pk, name="t", actor=Actor.system(), at=now())
    api = Api(bearer=bearer)
    assert api.get("/cases").status_code == 200
    token_revoke(token_id=token.pk, actor=Actor.system(), at=now())
    assert api.get("/cases").status_code == 401
    leaver = make_person("leaver")
    api = Api(leaver)
    person_deactivate(person_id=leaver.pk, actor=Actor.system(), at=now())
    assert api.get("/cases").status_code == 401


def test_a_session_is_no_token(cast, client):
    client.force_login(cast.admin, backend="shounuo.staff.signin.Backend")
    assert client.get("/api/v1/cases").status_code == 401


def test_wrong_tokens_are_slowed_down(cast):
    codes = {Api(bearer=f"sn_{n}").get("/cases").status_code for n in range(70)}
    assert codes == {401, 429}


def test_calls_beyond_the_rate_are_told_when_to_come_back(cast, settings, monkeypatch):
    from shounuo.web import api as root

    monkeypatch.setattr(root, "STEP", 2)
    settings.SHOUNUO_API_RATE = 6
    api = Api(cast.agent)
    answers = [api.get("/calendars") for _n in range(20)]
    late = [a for a in answers if a.status_code == 429]
    assert late and int(late[0]["Retry-After"]) > 0 and late[0]["Content-Type"] == "application/problem+json"


def test_a_number_that_no_case_can_have_is_not_there(api):
    for number in (0, 999999999999, 2**70):
        assert api.get(f"/cases/{number}").status_code in (404, 422)


# ---- customers, quarantine, webhooks, calendars, documents
# ---------------------------------------------------


def test_customers_come_out_masked(cast):
    api = Api(cast.agent)
    number = opened(api)["customer"]["id"]
    customer = api.get(f"/customers/{number}").data
    assert {c["value"] for c in customer["contacts"]} == {"s***@example.cn", "138 **** 5678"}
    schemas.CustomerOut.model_validate(customer)
    assert [c["id"] for c in api.get("/customers?q=宋建").data["items"]] == [number]
    again = api.post("/customers", {"mail": "song@example.cn"})
    assert again.status_code == 200 and again.data["id"] == number
    assert api.post("/customers", {"name": "新客户"}).status_code == 201
    assert api("PATCH", f"/customers/{number}", {"region": "内蒙古"}).data["region"] == "内蒙古"
    assert api.get(f"/cases/{opened(api)['number']}/interactions").data["items"][0]["sender"] is None


def test_quarantine_is_listed_and_released(cast):
    admin = Api(cast.admin)
    row = receive(b"not a mail at all")
    page = admin.get("/quarantine").data
    assert [r["id"] for r in page["items"]] == [row.pk] and page["items"][0]["reason"]
    schemas.RawOut.model_validate(page["items"][0])
    raw = admin.get(f"/quarantine/{row.pk}/raw")
    assert raw.content == b"not a mail at all" and "attachment" in raw["Content-Disposition"]
    assert admin.post(f"/quarantine/{row.pk}/retry").data["state"] == "quarantined"
    assert admin.post(f"/quarantine/{row.pk}/release").data["state"] == "case"
    assert admin.get("/quarantine").data["items"] == []
    assert admin.get("/quarantine/999").status_code == 404


def test_webhooks_are_managed(cast):
    admin = Api(cast.admin)
    made = admin.post("/webhooks", {"name": "ERP", "url": "https://erp.example.com/", "kinds": ["case.*"]})
    assert made.status_code == 201 and made.data["secret"].startswith("whsec_")
    id = made.data["id"]
    schemas.WebhookMade.model_validate(made.data)
    assert "secret" not in admin.get(f"/webhooks/{id}").data
    assert admin("PATCH", f"/webhooks/{id}", {"active": False}).data["active"] is False
    assert admin.get(f"/webhooks/{id}/deliveries").data == {"items": [], "next_cursor": None}
    for bad in ({"url": "http://127.0.0.1/"}, {"url": "file:///etc"}, {"kinds": ["nothing"]}, {"kinds": []}):
        body = {"name": "x", "url": "https://a.example.com/", "kinds": ["*"]} | bad
        assert admin.post("/webhooks", body).status_code == 422
    assert admin("DELETE", f"/webhooks/{id}").status_code == 204
    assert admin.get("/webhooks").data["items"] == []


def test_a_calendar_says_when_and_why(api):
    response = api.get("/calendars/business/add?start=2026-10-10T10:00:00%2B08:00&within=PT2H")
    assert response.status_code == 200
    assert datetime.fromisoformat(response.data["due_at"]).astimezone(UTC) == datetime(
        2026, 10, 10, 4, tzinfo=UTC
    )
    assert {"from", "to", "counted", "reason"} <= set(response.data["ledger"][0])
    assert api.get("/calendars/always/add?start=2026-10-10T10:00:00%2B08:00&within=PT2H").status_code == 200


def test_the_document_describes_every_operation_with_its_problems(client):
    set_up_organisation()
    document = client.get("/api/v1/openapi.json").json()
    ids = [o["operationId"] for methods in document["paths"].values() for o in methods.values()]
    assert len(ids) == len(set(ids))
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            assert operation["security"], (method, path)
    assert "401" in document["paths"]["/api/v1/cases"]["post"]["responses"]


def test_the_reference_page_runs_nothing(client):
    set_up_organisation()
    page = client.get("/api/v1/docs")
    html = page.content.decode()
    assert page.status_code == 200 and "/api/v1/cases/{number}/actions/take" in html
    assert "'unsafe-inline'" not in page["Content-Security-Policy"] and "cdn" not in html


def test_cases_merged_over_the_api(cast):
    lead = Api(cast.supervisor)
    one, two = opened(lead)["number"], opened(lead)["number"]
    merged = lead.post(f"/cases/{one}/actions/merge", {"into": two})
    assert merged.status_code == 200
    assert lead.post(f"/cases/{one}/actions/take").data["code"] == "merged"


def test_a_reply_sent_by_the_system_is_seen_in_the_api(cast):
    api = Api(cast.agent)
    number = opened(api)["number"]
    case = Case.objects.get(number=number)
    cases.reply_send(case_id=case.pk, text="收到", automatic=True, actor=Actor.system(), at=now())
    item = api.get("/interactions?direction=out").data["items"][0]
    assert (item["automatic"], item["person"]) == (True, None)
