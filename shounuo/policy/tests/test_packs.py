"""The shipped packs: without errors, in both languages, standing as they should among the parts that are there."""

from __future__ import annotations

from functools import cache

import pytest

from shounuo.kernel import durations
from shounuo.kernel.durations import Span
from shounuo.policy import labels, packs, registers
from shounuo.policy.matching import details, sentence
from shounuo.policy.reading import read_pack, rule_of
from shounuo.policy.registers import Fate
from shounuo.policy.schema import UNSET, Authority, Commitment, Target
from shounuo.policy.standing import LIVE, WAITING, standing_of
from shounuo.policy.vocabulary import current
from shounuo.policy.writing import dump, rule_body

SHIPPED = {"livestock": "REG", "enterprise": "CAP", "office": "OFC", "process-standard": "PCF"}


@cache
def pack(code):
    path = packs.FOLDER / f"{code}.yaml"
    return read_pack(path.read_text(encoding="utf-8"), f"policies/{code}.yaml")


@cache
def rows(code):
    return registers.read(packs.register_files())[SHIPPED[code]]


def figures(row):
    return dict(part.split("=", 1) for part in row.figures.split(";") if "=" in part)


def wanted(code):
    """Rows of kind commitment that are to be built."""
    for row in rows(code).values():
        said = figures(row)
        if row.kind == "commitment" and said.get("version") != "short" and "superseded_by" not in said:
            yield row


def rules_for(code, row):
    return [rule for _clause, rule in pack(code).rules() if row.id in rule.covers]


def test_a_pack_ships_for_each_source_document():
    assert {p.stem for p in packs.files()} == set(SHIPPED)
    assert {p.stem for p in packs.register_files()} == set(SHIPPED.values())


@pytest.mark.parametrize("code", SHIPPED)
def test_whatever_a_shipped_pack_lets_somebody_grant_has_a_name(code):
    kinds = {rule.grant for _clause, rule in pack(code).rules() if isinstance(rule, Authority)}
    assert {kind for kind in kinds if labels.word(kind) == kind} == set()


@pytest.mark.parametrize("code", SHIPPED)
def test_a_shipped_pack_reads_without_error_and_writes_the_same(code):
    found = pack(code)
    assert found.code == code
    assert read_pack(dump(found), "again.yaml") == found
    for _clause, rule in found.rules():
        assert rule_of(rule.kind, rule.name, rule_body(rule)) == rule


@pytest.mark.parametrize("code", SHIPPED)
def test_every_demand_of_kind_commitment_has_its_rule(code):
    assert [row.id for row in wanted(code) if not rules_for(code, row)] == []


@pytest.mark.parametrize("code", SHIPPED)
def test_the_figures_are_those_of_the_demands(code):
    wrong = []
    for row in wanted(code):
        said = figures(row)
        for rule in rules_for(code, row):
            if isinstance(rule, Target):
                right = rule.threshold.value == durations.parse(said["within"])
            elif not isinstance(rule, Commitment):
                continue
            elif "within" in said and "within_min" in said:
                right = _at_most(rule.within, said["within_min"], said["within"])
            elif "within" in said:
                right = rule.within == durations.parse(said["within"])
            elif "at" in said:
                right = rule.after == durations.parse(said["at"]) and rule.within is UNSET
            elif "before" in said:
                right = said["before"] == "commitment.due" and bool(rule.due_of)
            else:  # the source names no figure: a gap, not a number of ours
                right = rule.gaps == ("within",)
            if not right:
                wrong.append((row.id, rule.name))
    assert wrong == []


def _at_most(within, least, most):
    """Of a range the upper end counts; 30-60 min "by complexity" has a rule at either end."""
    return isinstance(within, Span) and within in (durations.parse(least), durations.parse(most))


def test_of_a_range_the_upper_end_counts():
    triage = next(r for _c, r in pack("livestock").rules() if r.name == "triage")
    assert triage.within == durations.parse("PT3M")


def test_short_versions_are_left_out_with_a_reason():
    left_out = dict(pack("livestock").not_built)
    short = {
        row.id
        for row in rows("livestock").values()
        if figures(row).get("version") == "short"
        or "superseded_by" in figures(row)
        or "（简版）" in row.section
    }
    assert set(left_out) == short
    assert all("详版" in reason for reason in left_out.values())


def test_the_regulation_speaks_of_every_row():
    found = registers.audit({"REG": rows("livestock")}, [pack("livestock")], current())
    assert found.unknown == []
    assert found.count("REG", Fate.ABSENT) == 0


def test_the_programme_names_only_rows_that_exist():
    found = registers.audit({"CAP": rows("enterprise")}, [pack("enterprise")], current())
    assert found.unknown == []


@pytest.mark.parametrize("kind", ["cadence", "alarm", "target", "authority", "weight"])
def test_figures_of_the_other_kinds_are_rules_too(kind):
    for code in SHIPPED:
        missing = [
            row.id
            for row in rows(code).values()
            if row.kind == kind and not rules_for(code, row) and row.id not in dict(pack(code).not_built)
        ]
        assert missing in ([], ["CAP-7.2.2-01"])  # every alarm of the pack is what that row asks for


def test_a_clause_code_belongs_to_one_pack():
    codes = [c.id for code in SHIPPED for c in pack(code).clauses]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("code", SHIPPED)
def test_every_clause_stands_in_a_chapter_with_wording_in_both_languages(code):
    found = pack(code)
    for clause in found.clauses:
        assert found.path(clause), clause.id
        assert clause.title_en, clause.id
        assert clause.wording_en, clause.id
        assert clause.covers, clause.id


@pytest.mark.parametrize("code", SHIPPED)
def test_every_rule_can_be_said(code):
    found = pack(code)
    titles = {rule.name: rule.title for _c, rule in found.rules()}
    for _clause, rule in found.rules():
        text = sentence(rule, "zh-hans", titles=titles) + " ".join(details(rule, "zh-hans"))
        assert rule.title, rule.name
        assert rule.title_en, rule.name
        assert "_" not in text, text


def test_what_the_foundation_can_enforce_is_not_waiting():
    """The regulation's promises on cases run; only the call back waits, for the part that makes it."""
    words = current()
    if "case.opened" not in words.known:
        pytest.skip("cases are not declared")
    standing = {
        (clause.number, rule.name): standing_of(rule, words)
        for clause, rule in pack("livestock").rules()
        if isinstance(rule, Commitment)
    }
    assert {k for k, s in standing.items() if s.status != LIVE} == {("3.3.2", "satisfaction-followup")}
    assert standing["3.3.2", "satisfaction-followup"].waiting_for == ("feedback",)


def test_the_programme_waits_for_the_parts_to_come():
    words = current()
    if "case.opened" not in words.known:
        pytest.skip("cases are not declared")
    live = {
        (clause.number, rule.title)
        for clause, rule in pack("enterprise").rules()
        if isinstance(rule, Commitment) and standing_of(rule, words).status == LIVE
    }
    assert live == {
        ("4.1.2", "L1 首次响应"),
        ("4.1.2", "L2 首次响应"),
        ("4.1.2", "L3 首次响应"),
        ("4.1.2", "L3 临时方案"),
        ("4.2.3", "技术部门响应"),
        ("4.2.3", "产品部门响应"),
        ("4.2.3", "物流部门响应"),
        ("4.3.1", "及时分派"),
        ("4.3.1", "技术部门反馈"),
        ("6.3.2", "一般投诉解决"),
        ("6.3.2", "严重投诉解决"),
        ("6.3.2", "重大投诉初步方案"),
    }
    others = [
        standing_of(rule, words)
        for _clause, rule in pack("enterprise").rules()
        if isinstance(rule, Commitment) and standing_of(rule, words).status != LIVE
    ]
    assert all(s.status == WAITING and s.waiting_for for s in others)


def test_an_automatic_receipt_is_an_answer_only_in_the_regulation_of_the_livestock_company():
    for code, expected in (("livestock", True), ("enterprise", False)):
        first = [
            spec
            for _c, rule in pack(code).rules()
            if isinstance(rule, Commitment) and rule.name == "first-response"
            for spec in rule.until
            if spec.event == "interaction.sent"
        ]
        assert first
        assert {("automatic", (True, False)) in spec.where for spec in first} == {expected}


def test_minutes_and_hours_run_on_the_hours_of_service():
    assert {pack(code).default_calendar for code in SHIPPED} == {"business"}
    assert {r.calendar for code in SHIPPED for _c, r in pack(code).rules() if isinstance(r, Commitment)} == {
        ""
    }
