"""Live, waiting, shown; and what becomes of requirement rows."""

from __future__ import annotations

import pytest

from shounuo.policy import registers
from shounuo.policy.foreseen import ENFORCED_BY, FORESEEN, FORESEEN_SUBJECTS
from shounuo.policy.labels import EVENTS, PARTS, part
from shounuo.policy.registers import Fate, Row
from shounuo.policy.standing import Standing, standing_of
from shounuo.policy.tests.full import FULL
from shounuo.policy.tests.words import COMMITMENT, WORDS, pack, read, rule
from shounuo.policy.vocabulary import current


def standing(text):
    return standing_of(rule(text), WORDS)


def test_a_commitment_on_what_exists_is_live():
    assert standing(COMMITMENT) == Standing("live")


def test_a_rule_that_names_an_event_to_come_waits_for_its_part():
    text = "      - {commitment: x, subject: case, from: case.closed, until: survey.sent, within: PT5M}\n"
    assert standing(text) == Standing("waiting", ("feedback",))
    both = "      - {commitment: x, subject: lead, from: lead.undecided, until: survey.sent, within: PT5M}\n"
    assert standing(both) == Standing("waiting", ("feedback", "leads"))


def test_one_event_to_come_among_several_makes_it_wait():
    text = "      - {commitment: x, subject: case, from: case.closed, until: [call.answered, survey.sent], within: PT5M}\n"
    assert standing(text).status == "waiting"


def test_a_commitment_with_an_open_figure_is_only_shown():
    assert standing(COMMITMENT.replace("PT30M", "unset")) == Standing("shown")


@pytest.mark.parametrize("kind", sorted(set(ENFORCED_BY) - {"cadence"}))
def test_rules_of_the_other_kinds_are_shown_until_their_part_comes(kind):
    found = read(pack(FULL[kind], clause="    covers: [REG-1-01]\n")).clauses[0].rules[0]
    assert standing_of(found, WORDS) == Standing("shown", (ENFORCED_BY[kind],))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("every: P1M", Standing("live")),
        ("every: P1M, per: team, when: {department: service}", Standing("live")),
        ("every: unset", Standing("shown")),
        ("every: P1M, per: customer", Standing("waiting", ("duties",))),
        ("every: P1M, when: {level: 4}", Standing("waiting", ("risk",))),
        ("every: P1M, done: survey.sent", Standing("waiting", ("feedback",))),
    ],
)
def test_a_cadence_is_live_when_it_is_known_for_whom_it_is_counted(given, wanted):
    assert standing(f"      - {{cadence: c, activity: a, {given}}}\n") == wanted


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("fields: [topic, outcome], before: case.closed", Standing("live")),
        ("fields: [topic], after: case.resolved, within: PT24H", Standing("live")),
        ("fields: [topic], after: case.resolved, within: unset", Standing("shown")),
        ("fields: [topic], after: case.resolved", Standing("shown")),
        ("fields: [topic, basis], before: case.closed", Standing("waiting", ("field:basis",))),
        ("fields: [pros], items: {of: solution_option}, before: plan.proposed", Standing("live")),
        (
            "fields: [pros, price], items: {of: solution_option}, before: plan.proposed",
            Standing("waiting", ("field:price",)),
        ),
        (
            "fields: [pros], items: {of: mentor}, before: case.closed",
            Standing("waiting", ("field:mentor",)),
        ),
        ("fields: [topic], before: survey.sent", Standing("waiting", ("feedback",))),
    ],
)
def test_a_record_is_live_when_somebody_has_every_field_that_it_names(given, wanted):
    assert standing(f"      - {{record: r, subject: case, {given}}}\n") == wanted


def test_a_field_that_is_waited_for_has_a_name():
    assert part("field:solution") == "字段“方案”" and part("field:x_y") == "字段“x_y”"


def test_nothing_is_foreseen_that_is_declared_already():
    """When a part declares its events and subjects, its lines in foreseen.py go."""
    words = current()
    assert set(FORESEEN) & set(words.known) == set()
    assert set(FORESEEN_SUBJECTS) & words.known_subjects == set()


def test_every_part_that_is_waited_for_has_a_name():
    parts = {f.part for f in FORESEEN.values()} | set(FORESEEN_SUBJECTS.values()) | set(ENFORCED_BY.values())
    assert parts - set(PARTS) == set()
    assert set(FORESEEN) - set(EVENTS) == set()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("grant: refund", Standing("live")),
        ("grant: complaint_finding", Standing("waiting", ("complaints",))),
        ("grant: report_release, per: organisation", Standing("live")),
        ("grant: policy_revision, per: organisation", Standing("live")),
        ("grant: complaint_finding, per: organisation", Standing("live")),
        ("grant: gifts, per: organisation, up_to: 500 CNY", Standing("live")),
        ("grant: gifts, per: organisation, up_to: 500 USD", Standing("shown")),
        # the organisation has no facts to ask about
        ("grant: gifts, per: organisation, when: {kind: complaint}", Standing("shown")),
        ("grant: refund, per: order", Standing("waiting", ("aftersales",))),
        ("grant: refund, per: team", Standing("shown", ("duties",))),
    ],
)
def test_an_authority_is_live_where_what_it_grants_is_asked_for(given, wanted):
    assert standing(f"      - {{authority: a, who: legal, {given}}}\n") == wanted


def row(id):
    return Row(id, "", "", "", "commitment", "", "", "")


def test_a_row_takes_the_strongest_of_its_fates():
    text = pack(
        COMMITMENT.rstrip() + "\n        covers: [REG-1]\n"
        "      - {cadence: c, activity: a, every: P1M, covers: [REG-1, REG-2]}\n"
        "      - {commitment: w, subject: case, from: case.closed, until: survey.sent, within: PT5M, covers: [REG-3]}\n",
        clause="    covers: [REG-1, REG-2, REG-3, REG-4, REG-9]\n",
        tail="not_built: {REG-5: 不做, REG-8: 不做}\n",
    )
    audit = registers.audit({"REG": {f"REG-{n}": row(f"REG-{n}") for n in range(1, 7)}}, [read(text)], WORDS)
    assert audit.fates["REG"] == {
        "REG-1": Fate.LIVE,
        "REG-2": Fate.LIVE,
        "REG-3": Fate.WAITING,
        "REG-4": Fate.WRITTEN,
        "REG-5": Fate.NOT_BUILT,
        "REG-6": Fate.ABSENT,
    }
    assert audit.count("REG", Fate.LIVE) == 2
    assert audit.by["REG-1"] == ["REG-1"]
    assert audit.reasons["REG-5"] == "不做"
    assert [(clause, id) for _pack, clause, _line, id in audit.unknown] == [
        ("REG-1", "REG-9"),
        ("not_built", "REG-8"),
    ]


def fates(rules="", clause=""):
    text = pack(rules, clause="    covers: [REG-1]\n" + clause)
    return registers.audit({"REG": {"REG-1": row("REG-1")}}, [read(text)], WORDS).fates["REG"]["REG-1"]


def test_evidence_exists_when_every_event_that_proves_it_is_published():
    there = "    evidence:\n      - {record: 工单, event: case.opened}\n"
    to_come = "    evidence:\n      - {record: 问卷, event: [case.opened, survey.sent]}\n"
    unproved = "    evidence:\n      - {metric: 解决率, code: resolution_ratio}\n"
    assert [fates(clause=c) for c in (there, to_come, unproved)] == [
        Fate.EVIDENCED,
        Fate.WRITTEN,
        Fate.WRITTEN,
    ]


def test_evidence_of_a_practice_proves_its_rows():
    practice = "    practices:\n      - practice: 记录\n        covers: REG-1\n        evidence:\n          - {log: 工单, event: case.opened}\n"
    assert fates(clause=practice) is Fate.EVIDENCED


def test_a_rule_that_nothing_enforces_yet_is_evidenced_by_the_events_that_it_names():
    if "playbook" not in ENFORCED_BY:
        pytest.skip("every kind that names events is enforced")
    playbook = "      - {playbook: p, trigger: case.opened, steps: [{name: a, done: case.closed}]}\n"
    assert fates(playbook) is Fate.EVIDENCED
    assert fates("      - {playbook: p, steps: [{name: a}]}\n") is Fate.WAITING


def test_a_record_is_not_evidenced_by_the_event_before_which_it_is_due():
    assert fates("      - {record: r, subject: case, fields: [a], before: case.closed}\n") is Fate.WAITING


def test_a_row_whose_figure_is_not_set_waits_for_the_organisation():
    assert fates("      - {cadence: c, activity: a, every: unset}\n") is Fate.UNSET
    assert fates("      - {weight: w, of: x, parts: {a: unset, b: 40%}}\n") is Fate.UNSET


def test_a_rule_without_rows_of_its_own_stands_for_those_of_its_clause():
    audit = registers.audit(
        {"REG": {"REG-1": row("REG-1")}}, [read(pack(clause="    covers: [REG-1]\n"))], WORDS
    )
    assert audit.fates["REG"]["REG-1"] is Fate.LIVE
