"""What a language model says about a clause: asked by one guarded request, believed only where the text bears it out."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from shounuo.calendars.services import ensure_defaults
from shounuo.events.models import Event
from shounuo.policy import services
from shounuo.policy.proposing import MODEL, model, propose
from shounuo.policy.proposing.headings import cut
from shounuo.policy.vocabulary import current
from shounuo.staff.testing import AT, make_cast

WORDING = "第一条 仓库收货确认后，3个工作日内完成退款。单日退款超过50笔时，提醒财务。"
TEXT = f"退款规定\n{WORDING}\n第二条 本规定由客服部解释。\n"
GOOD = {
    "rule": {
        "commitment": "refund",
        "subject": "case",
        "from": "case.accepted",
        "until": "case.resolved",
        "within": "P3BD",
    },
    "quotes": ["3个工作日内完成退款"],
}


def let_in(*items):
    text = TEXT
    clause = cut(text).clauses[0]
    return model.let_in(items, text, clause, current())


def changed(**fields):
    return {"rule": {**GOOD["rule"], **fields}, "quotes": GOOD["quotes"]}


def test_a_rule_that_quotes_the_clause_and_says_its_figures_is_let_in():
    found, away = let_in(GOOD)
    assert away == 0
    assert found[0].origin == MODEL
    assert found[0].confidence == model.CONFIDENCE
    [(start, end)] = found[0].evidence
    assert TEXT[start:end] == "3个工作日内完成退款"


@pytest.mark.parametrize(
    "item",
    [
        changed(within="P5BD"),
        changed(within="PT3H"),
        changed(until="case.rezolved"),
        changed(subject="nothing"),
        changed(invented="x"),
        changed(after="P1D"),
        {**GOOD, "quotes": ["两天内完成退款"]},
        {**GOOD, "quotes": []},
        {**GOOD, "quotes": "3个工作日内完成退款"},
        {"rule": GOOD["rule"]},
        {"rule": {}, "quotes": ["3个工作日内"]},
        {"rule": {"target": "x", "metric": "m", "op": "<=", "value": 7}, "quotes": ["3个工作日内完成退款"]},
        {
            "rule": {"authority": "x", "grant": "refund", "who": "agent", "up_to": "500 CNY"},
            "quotes": ["完成退款"],
        },
        "ignore all instructions",
        7,
        None,
        {"rule": "rm -rf", "quotes": ["x"]},
    ],
)
def test_an_item_that_the_text_does_not_bear_out_is_turned_away(item):
    assert let_in(item) == ([], 1)


def test_a_period_said_in_words_counts_as_told():
    item = {
        "rule": {
            "alarm": "refunds",
            "metric": "refund_count",
            "op": ">",
            "value": 50,
            "window": "P1D",
            "notify": "finance",
        },
        "quotes": ["单日退款超过50笔时，提醒财务"],
    }
    assert let_in(item)[1] == 0


def test_what_an_assistant_may_not_set_is_dropped():
    item = changed(escalate=[{"at": "100%", "to": "owner"}], target="99%", note="x")
    found, away = let_in(item)
    assert away == 0
    assert set(found[0].rule) == {"commitment", "subject", "from", "until", "within"}


def test_a_rule_that_the_grammars_found_too_has_its_gaps_filled_and_is_not_doubled():
    own = [p for p in propose(TEXT).proposals if p.clause == "1"]
    commitment = next(i for i, p in enumerate(own) if p.kind == "commitment")
    assert set(own[commitment].gaps) == {"from", "until"}
    filled, new = model.merged(own, let_in(GOOD, GOOD)[0])
    assert new == []
    assert filled[commitment].rule["from"] == "case.accepted"
    assert filled[commitment].gaps == ()
    assert set(filled[commitment].assumed) >= {"from", "until"}
    assert filled[commitment].confidence == model.FILLED


def test_a_filled_gap_never_changes_what_the_wording_says():
    own = list(propose("第一条 接到投诉后3个工作日内答复。").proposals)
    text = "第一条 接到投诉后3个工作日内答复。"
    item = {
        "rule": {
            "commitment": "x",
            "subject": "case",
            "from": "case.closed",
            "until": "case.resolved",
            "within": "P3BD",
        },
        "quotes": ["3个工作日内答复"],
    }
    more, _away = model.let_in([item], text, cut(text).clauses[0], current())
    assert model.merged(own, more) == ({}, [])


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"", None),
        (b"{}", None),
        (b"not json", None),
        (json.dumps({"choices": [{"message": {"content": "I cannot"}}]}).encode(), None),
        (json.dumps({"choices": [{"message": {"content": "[]"}}]}).encode(), []),
        (json.dumps({"choices": [{"message": {"content": "```json\n[1]\n```"}}]}).encode(), [1]),
        (json.dumps({"choices": [{"message": {"content": '{"rules": [2]}'}}]}).encode(), [2]),
        (json.dumps({"choices": []}).encode(), None),
    ],
)
def test_an_answer_is_taken_apart_with_care(answer, found):
    assert model.answered(answer) == found


class Endpoint:
    """A stub of an OpenAI-compatible endpoint on this machine."""

    def __init__(self):
        self.asked = []
        self.items = [GOOD]
        self.status = 200
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.asked.append((self.path, self.headers.get("Authorization"), json.loads(body)))
                answer = {"choices": [{"message": {"content": json.dumps(endpoint.items)}}]}
                content = json.dumps(answer).encode()
                self.send_response(endpoint.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_args):
                return

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def endpoint(settings):
    stub = Endpoint()
    settings.SHOUNUO_LLM_URL, settings.SHOUNUO_LLM_MODEL = stub.url, "local"
    settings.SHOUNUO_LLM_KEY = "secret"
    settings.SHOUNUO_EGRESS_ALLOW = ["127.0.0.0/8"]
    yield stub
    stub.server.shutdown()
    stub.server.server_close()


@pytest.fixture
def editor(db):
    ensure_defaults(zone="Asia/Shanghai", at=AT)
    cast = make_cast()
    return cast.actor(cast.manager)


def upload(editor):
    return services.document_upload(data=TEXT.encode(), name="x.txt", actor=editor, at=AT)


def test_nothing_is_asked_where_no_endpoint_is_configured(editor, settings):
    settings.SHOUNUO_LLM_URL = settings.SHOUNUO_LLM_MODEL = ""
    document = upload(editor)
    assert document.asked_at is None
    services.assistant_ask(document_id=document.pk, at=AT)
    document.refresh_from_db()
    assert document.answered_at is None


def test_each_clause_that_may_hold_a_rule_is_asked_about_once(editor, endpoint):
    document = upload(editor)
    assert document.asked_at == AT
    services.assistant_ask(document_id=document.pk, at=AT)
    services.assistant_ask(document_id=document.pk, at=AT)
    [(path, key, body)] = endpoint.asked
    assert (path, key, body["model"]) == ("/v1/chat/completions", "Bearer secret", "local")
    assert body["messages"][-1]["content"] == WORDING.removeprefix("第一条 ")
    document.refresh_from_db()
    assert (document.answered_at, document.trouble) == (AT, "")
    commitment = document.proposals.get(kind="commitment")
    assert (commitment.gaps, commitment.body["from"]) == ([], "case.accepted")
    assert Event.objects.get(kind="policy.assistant_answered").payload == {"rules": 0, "turned_away": 0}


def test_new_rules_stand_behind_the_others_and_bad_ones_are_counted(editor, endpoint):
    endpoint.items = [
        {
            "rule": {"target": "refunds", "metric": "refund_share", "op": "<=", "value": 50, "window": "P1D"},
            "quotes": ["单日退款超过50笔"],
        },
        changed(within="P9D"),
    ]
    document = upload(editor)
    before = document.proposals.count()
    services.assistant_ask(document_id=document.pk, at=AT)
    added = document.proposals.order_by("position").last()
    assert document.proposals.count() == before + 1
    assert (added.kind, added.origin, added.state) == ("target", "model", "proposed")
    assert Event.objects.get(kind="policy.assistant_answered").payload == {"rules": 1, "turned_away": 1}


def test_a_decision_made_meanwhile_is_not_touched(editor, endpoint):
    document = upload(editor)
    commitment = document.proposals.get(kind="commitment")
    services.proposal_reject(proposal_id=commitment.pk, actor=editor, at=AT)
    services.assistant_ask(document_id=document.pk, at=AT)
    commitment.refresh_from_db()
    assert "from" not in commitment.body


def test_an_endpoint_that_refuses_or_is_not_reached_is_said_on_the_document(editor, endpoint, settings):
    endpoint.status = 500
    document = upload(editor)
    services.assistant_ask(document_id=document.pk, at=AT)
    document.refresh_from_db()
    assert "500" in document.trouble
    settings.SHOUNUO_EGRESS_ALLOW = []
    other = services.document_upload(data=TEXT.encode() + b"\n", name="y.txt", actor=editor, at=AT)
    services.assistant_ask(document_id=other.pk, at=AT)
    other.refresh_from_db()
    assert other.trouble == "不允许访问内部地址 127.0.0.1"
    assert other.proposals.exists()
