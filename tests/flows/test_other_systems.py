"""Another system talks to us over API v1: the contract, keys, and a reader of the log who misses nothing."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test import Client

from shounuo.cases import services as cases
from shounuo.cases.models import Case
from shounuo.cases.testing import make_topic
from shounuo.customers.services import customer_find_or_create
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.staff.services import token_create

NEW = {
    "channel": "api",
    "kind": "request",
    "subject": "发票抬头",
    "body": "改成合作社",
    "level": "L2",
    "customer": {"name": "宋建国", "mail": "song@example.cn", "phone": "138 0394 6721"},
}


class Api:
    """A client with a person's token."""

    def __init__(self, person, at):
        _token, clear = token_create(person_id=person.pk, name="ERP", actor=Actor.system(), at=at)
        self.bearer = f"Bearer {clear}"

    def __call__(self, method, path, body=None, **headers):
        given = {"Authorization": self.bearer, **{k.replace("_", "-"): v for k, v in headers.items()}}
        answer = Client().generic(
            method, f"/api/v1{path}", json.dumps(body) if body is not None else "",
            content_type="application/json", headers=given,
        )  # fmt: skip
        return answer.status_code, answer.json(), answer.headers

    def get(self, path):
        status, body, _headers = self("GET", path)
        assert status == 200, body
        return body

    def post(self, path, body=None, *, status=200, **headers):
        got, answer, _headers = self("POST", path, body or {}, **headers)
        assert got == status, answer
        return answer


@pytest.mark.django_db
def test_a_case_from_its_opening_to_its_close(house):
    house.open().regulation("enterprise")
    api = Api(house.cast.agent, house.at)

    case = api.post("/cases", NEW, status=201)
    assert (case["status"], case["kind"], case["level"], case["channel"]) == ("new", "request", "L2", "api")
    assert case["owner"] is None and case["customer"]["name"] == "宋建国"
    number = case["number"]
    due = {c["commitment"]: c for c in case["clocks"]}["first-response"]
    assert (due["clause"], due["state"], due["due_at"]) == (
        "CAP-4.1.2",
        "running",
        "2026-10-10T10:15:00+08:00",
    )
    assert {"started_at", "warn_at", "met_at", "breached_at"} <= set(due)

    house.later(3)
    api.post(f"/cases/{number}/interactions", {"direction": "out", "body": "在改"}, status=201)
    api.post(f"/cases/{number}/interactions", {"direction": "note", "body": "查过税号"}, status=201)
    case = api.get(f"/cases/{number}")
    assert (case["status"], case["owner"]["name"]) == ("open", "林小满")
    [met] = [c for c in api.get(f"/cases/{number}/clocks")["items"] if c["commitment"] == "first-response"]
    assert (met["state"], met["met_at"]) == ("met", "2026-10-10T10:03:00+08:00")
    ledger = api.get(f"/clocks/{met['id']}/ledger")
    assert ledger["ledger"][0]["from"] == "2026-10-10T10:00:00+08:00" and ledger["used"] == 180

    act = f"/cases/{number}/actions"
    api.post(
        f"{act}/propose",
        {"options": [{"title": "重开", "pros": "快", "cons": "", "steps": "", "time": "1 天", "cost": "0"}]},
    )
    api.post(f"{act}/choose", {"option": 1})
    api.post(f"{act}/resolve", {"text": "已重开"})
    api.post(f"{act}/dispute", {"reason": "税号错了"})
    assert api.get(f"/cases/{number}")["status"] == "open"
    api.post(f"{act}/resolve", {"text": "再开一张"})
    refused = api.post(f"{act}/confirm", status=422)
    assert (refused["code"], refused["fields"], refused["clauses"]) == (
        "record_incomplete",
        ["topic"],
        ["CAP-5.1.2"],
    )
    api.post(f"{act}/classify", {"topic": make_topic("invoice", "发票").pk})
    api.post(f"{act}/confirm")
    case = api.get(f"/cases/{number}")
    assert case["status"] == "closed"
    said = [(i["direction"], i["body"]) for i in api.get(f"/cases/{number}/interactions")["items"]]
    assert ("in", "改成合作社") in said and ("out", "在改") in said and ("note", "查过税号") in said
    kinds = [e["kind"] for e in api.get(f"/cases/{number}/events?limit=200")["items"]]
    assert (
        kinds[0] == "case.opened"
        and kinds[-2:] == ["record.completed", "record.checked"]
        and "clock.met" in kinds
    )

    house.until("10-10 10:30")  # a promise is counted once its time is over
    house.count()
    clause = {c["code"]: c for c in clauses(api)}["CAP-4.1.2"]
    assert clause["kept"]["week"]["share"] == 1.0


def clauses(api):
    found, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/clauses?limit=200{cursor and '&cursor=' + cursor}")
        found += page["items"]
        cursor = page["next_cursor"]
    return found


@pytest.mark.django_db
def test_a_call_that_is_repeated_under_its_key_happens_once(house):
    house.open()
    api = Api(house.cast.agent, house.at)
    status, first, headers = api("POST", "/cases", NEW, Idempotency_Key="rechnung-1")
    assert status == 201 and "Idempotent-Replayed" not in headers
    status, again, headers = api("POST", "/cases", NEW, Idempotency_Key="rechnung-1")
    assert (status, again["number"], headers["Idempotent-Replayed"]) == (201, first["number"], "true")
    assert api("POST", "/cases", NEW | {"subject": "x"}, Idempotency_Key="rechnung-1")[0] == 409
    other = Api(house.cast.outsider, house.at)
    assert other("POST", "/cases", NEW, Idempotency_Key="rechnung-1")[1]["number"] != first["number"]
    house.later(25 * 60)
    assert api("POST", "/cases", NEW, Idempotency_Key="rechnung-1")[1]["number"] != first["number"]


@pytest.mark.django_db(transaction=True)
def test_eight_calls_at_once_under_one_key_make_one_case(house):
    house.open()
    api = Api(house.cast.agent, house.at)
    together = threading.Barrier(8)

    def call(_n):
        try:
            together.wait(20)
            return api("POST", "/cases", NEW, Idempotency_Key="once")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(8)))
    assert {status for status, _b, _h in answers} <= {201, 409}
    assert len({body["number"] for status, body, _h in answers if status == 201}) == 1
    assert all("Retry-After" in headers for status, _b, headers in answers if status == 409)
    assert Case.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_reader_of_the_log_misses_nothing_while_others_write(house):
    """One writer holds his transaction open while others commit later ones; the reader goes on reading."""
    house.open()
    api = Api(house.cast.admin, house.at)
    customer, _new = customer_find_or_create(
        name="宋", mail="song@example.cn", actor=Actor.system(), at=house.at
    )
    position = read_on(api, None, [])
    written, done, read = threading.Event(), threading.Event(), []

    def open_case(n):
        try:
            cases.case_open(
                channel="api",
                subject=str(n),
                text="t",
                customer_id=customer.pk,
                actor=Actor.system(),
                at=house.at,
            )
        finally:
            connection.close()

    def slow():
        try:
            with transaction.atomic():
                cases.case_open(
                    channel="api",
                    subject="slow",
                    text="t",
                    customer_id=customer.pk,
                    actor=Actor.system(),
                    at=house.at,
                )
                written.set()
                assert done.wait(30)
        finally:
            connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    assert written.wait(30)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(open_case, n) for n in range(24)]
        while not all(j.done() for j in jobs):
            position = read_on(api, position, read)
    position = read_on(api, position, read)
    assert read == []  # all of it came after a transaction that is still open
    done.set()
    writer.join(30)
    read_on(api, position, read)
    there = set(Event.objects.filter(kind="case.opened").values_list("id", flat=True))
    seen = [e["id"] for e in read if e["kind"] == "case.opened"]
    assert len(seen) == len(set(seen)) == 25 and set(seen) == there


@pytest.mark.django_db(transaction=True)
def test_readers_with_small_pages_under_full_writing_see_each_event_once_and_in_order_of_its_case(house):
    house.open()
    api = Api(house.cast.admin, house.at)
    customer, _new = customer_find_or_create(
        name="宋", mail="song@example.cn", actor=Actor.system(), at=house.at
    )
    read, position = [], read_on(api, None, [])

    def work(n):
        try:
            for _turn in range(6):
                case, _first = cases.case_open(
                    channel="api",
                    subject=str(n),
                    text="t",
                    customer_id=customer.pk,
                    actor=Actor.system(),
                    at=house.at,
                )
                cases.note_add(case_id=case.pk, text="n", actor=house.agent, at=house.at)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(work, n) for n in range(4)]
        while not all(j.done() for j in jobs):
            position = read_on(api, position, read, limit=7)
        for job in jobs:
            job.result()
    read_on(api, position, read, limit=7)
    ids = [e["id"] for e in read if e["subject"]["kind"] == "case"]
    assert len(ids) == len(set(ids)) and set(ids) == set(
        Event.objects.filter(subject_kind="case").values_list("id", flat=True)
    )
    of_case = {}
    for e in read:
        of_case.setdefault((e["subject"]["kind"], e["subject"]["id"]), []).append(e["seq"])
    assert all(seqs == sorted(seqs) for seqs in of_case.values())


def read_on(api, position, found, *, limit=200):
    """Reads all that there is from the position and gives the one to go on from."""
    while True:
        page = api.get(f"/events?limit={limit}" + (f"&after={position}" if position else ""))
        found += page["items"]
        if page["next_cursor"] is None:
            return position
        position = page["next_cursor"]


@pytest.mark.django_db
def test_what_another_team_has_is_not_there_for_me(house):
    house.open()
    mine = house.case_of(house.mail())
    other = Api(house.cast.outsider, house.at)
    for path in ("", "/clocks", "/events", "/interactions"):
        assert other("GET", f"/cases/{mine.number}{path}")[0] == 404
    for action in ("take", "accept", "close"):
        assert other("POST", f"/cases/{mine.number}/actions/{action}", {})[0] == 404
    assert other.get("/cases")["items"] == []
    assert [e for e in other.get("/events?limit=200")["items"] if e["subject"]["kind"] == "case"] == []
