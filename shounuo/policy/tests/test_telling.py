"""`shounuo policy propose`, and the table of its page in the docs."""

import json

import pytest

from shounuo.kernel.errors import Invalid
from shounuo.policy import cli
from shounuo.policy.proposing import events, telling, words
from shounuo.policy.tests.test_docs import DOCS
from shounuo.policy.vocabulary import FACTS, ROLES, current

TEXT = "服务规定\n第一条 接到投诉后30分钟内响应。\n第二条 仓库收货确认后，3个工作日内完成退款。\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "规定.txt"
    path.write_text(TEXT, encoding="gb18030")
    return path


def test_json_holds_clauses_rules_evidence_and_the_measured_figures(file):
    said = []
    assert cli.propose(file, said.append, as_json=True) == 0
    told = json.loads(said[0])
    assert told["title"] == "服务规定"
    assert [c["number"] for c in told["clauses"]] == ["1", "2"]
    first, second = told["proposals"]
    assert first["rule"]["within"] == "PT30M"
    assert first["errors"] == []
    assert {w["field"]: w["words"] for w in first["why"]}["within"] == "30分钟内"
    assert all(told["text"][a:b] for a, b in first["evidence"])
    assert second["gaps"] == ["from", "until"]
    assert second["errors"]
    assert told["measured"]["held_out"]["all"]["precision"] >= 0.9


def test_lines_say_each_rule_and_what_is_missing(file):
    said = []
    assert cli.propose(file, said.append) == 0
    assert "自建立工单起，30 分钟内须发出回复或接通电话" in said[0]
    assert "还缺：从何时起算、做到什么算完成" in said[0]
    assert said[0].endswith("2 条，提出 2 条规则")


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(Invalid):
        cli.propose(tmp_path / "none.txt", [].append)


def test_the_figures_of_the_docs_are_those_that_are_measured():
    said = []
    cli.measured(said.append)
    page = (DOCS / "parts" / "proposing.md").read_text(encoding="utf-8")
    assert said[0] == telling.table()
    assert said[0] in page, "run `shounuo policy propose` and put its table into docs/parts/proposing.md"


def test_every_event_fact_and_role_that_a_wording_can_mean_is_known():
    vocabulary = current()
    graded = [end for ends in events.GRADED_ENDS.values() for end in ends]
    for _pattern, specs, subject in (*events.STARTS, *events.ENDS, *graded):
        assert subject in vocabulary.subjects()
        for spec in specs:
            kind = spec if isinstance(spec, str) else spec["event"]
            assert vocabulary.knows_event(kind), kind
            payload = vocabulary.payload(kind)
            assert payload is None or isinstance(spec, str) or set(spec) - {"event"} <= set(payload), spec
    for fact, value, _pattern in words.FACTS:
        assert fact in FACTS["case"]
        assert not FACTS["case"][fact].values or value in FACTS["case"][fact].values, (fact, value)
    assert {code for _words, code in words.ROLES} <= set(ROLES)
