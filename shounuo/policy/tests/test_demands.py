"""What the source documents demand, row by row, stands in the shipped packs: nothing lost, no figure changed."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from functools import cache

import pytest

from shounuo.kernel import durations
from shounuo.kernel.durations import Percent
from shounuo.policy import packs, registers
from shounuo.policy.reading import read_pack
from shounuo.policy.registers import Fate
from shounuo.policy.schema import (
    UNSET,
    Alarm,
    Authority,
    Cadence,
    Commitment,
    Playbook,
    Record,
    Target,
    Weight,
)
from shounuo.policy.vocabulary import current

RULED = ("commitment", "cadence", "record", "target", "alarm", "authority", "weight", "playbook")
SHORT_VERSIONS = 13  # of the livestock regulation: the detailed version wins
SHOWN_BY_ITSELF = {
    "CAP-7.2.2-01",  # that a threshold passed raises an alarm is what every alarm of the pack does
    *("REG-2.2.3-02", "REG-2.2.3-03", "REG-6-01", "REG-6-07"),  # the system keeps it: evidence of the clause
}


@cache
def shipped():
    vocabulary = current()
    return [read_pack(p.read_text(encoding="utf-8"), p.name, vocabulary) for p in packs.files()]


@cache
def rows():
    return {id: row for found in registers.read(packs.register_files()).values() for id, row in found.items()}


@cache
def left_out():
    return {row for pack in shipped() for row, _why in pack.not_built}


@cache
def clause_of():
    return {row: clause for pack in shipped() for clause in pack.clauses for row in clause.covers}


@cache
def rules_of():
    found = {}
    for pack in shipped():
        for clause, rule in pack.rules():
            for row in rule.covers or clause.covers:
                found.setdefault(row, []).append(rule)
    return found


def figures(row):
    """The machine-readable figures of a demand: key -> text; None for a figure that the source leaves blank."""
    if row.figures.startswith("{"):
        return json.loads(row.figures)
    return dict(part.split("=", 1) for part in row.figures.split(";") if "=" in part)


def built():
    return [row for row in rows().values() if row.id not in left_out()]


def test_every_demand_of_the_four_documents_is_in_a_clause_or_left_out_with_a_reason():
    found = registers.audit(registers.read(packs.register_files()), shipped(), current())
    assert {name: len(fates) for name, fates in found.fates.items()} == {
        "CAP": 434,
        "OFC": 286,
        "PCF": 310,
        "REG": 209,
    }
    assert found.unknown == []
    fates = {row: fate for fates in found.fates.values() for row, fate in fates.items()}
    assert [row for row, fate in fates.items() if fate is Fate.ABSENT] == []
    assert sum(fate is Fate.NOT_BUILT for fate in fates.values()) == SHORT_VERSIONS
    assert all(found.reasons[row] for row, fate in fates.items() if fate is Fate.NOT_BUILT)


def test_a_demand_is_stated_by_one_clause():
    stated = [row for pack in shipped() for clause in pack.clauses for row in clause.covers]
    assert len(stated) == len(set(stated))


@pytest.mark.parametrize("kind", RULED)
def test_a_demand_of_a_kind_that_can_be_enforced_has_a_rule(kind):
    missing = {row.id for row in built() if row.kind == kind and row.id not in rules_of()}
    assert missing - SHOWN_BY_ITSELF == set()


# the words


def _plain(text):
    """Chinese characters, letters and numbers; numbers as digits, so that 三十 and 30 are the same."""
    text = re.sub(r"百分之([〇零一二两三四五六七八九十百千万]+)", lambda m: f"{_value(m[1])}%", text)
    text = re.sub(r"[〇零一二两三四五六七八九十百千万]+", lambda m: str(_value(m[0])), text)
    return re.sub(r"[^\w%]", "", text.lower())


def _value(numeral):
    digits = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
    total = section = digit = 0
    for c in numeral:
        if c in digits:
            digit = digits[c]
        elif c == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        else:
            section += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[c]
            digit = 0
    return total + section + digit


def _pairs(text):
    plain = _plain(text)
    return {plain[i : i + 2] for i in range(len(plain) - 1)}


def _said(clause):
    practices = " ".join(f"{p.text} {p.risk} {p.outcome}" for p in clause.practices)
    rules = " ".join(f"{r.title} {r.note}" for r in clause.rules)
    return f"{clause.title} {clause.wording} {practices} {rules}"


def test_numerals_are_read():
    assert _plain("二十四小时内，达百分之八十五；五千元") == "24小时内达85%5000元"


def test_no_demand_loses_its_words():
    """Of the pairs of characters of a demand at least six in ten stand in its clause; most have nearly all."""
    poor = []
    for row in built():
        wanted = _pairs(row.text)
        share = len(wanted & _pairs(_said(clause_of()[row.id]))) / len(wanted)
        if share < 0.6:
            poor.append((row.id, round(share, 2), row.text))
    assert poor == []


def test_every_demand_is_told_in_english():
    for row in built():
        clause = clause_of()[row.id]
        assert clause.wording_en, clause.id
        said = " ".join([clause.wording_en, *(p.text_en for p in clause.practices)])
        wanted = set(re.findall(r"[a-z]{4,}", row.text_en.lower()))
        here = set(re.findall(r"[a-z]{4,}", said.lower()))
        assert len(wanted & here) >= 0.6 * len(wanted), (row.id, row.text_en)


# the figures


def _number(text):
    """As a rule would hold it: a length of time, a share of one as a percentage, a plain number."""
    if text.startswith("P"):
        return {durations.parse(text)}
    number = Decimal(text.lstrip("+"))
    return {number.normalize() + 0, Percent(int(abs(number) * 10_000))}


def _same(value, text):
    return value in _number(text)


def _cadence_fits(rule, said):
    every = said.get("every_max") or said["every"]
    return (
        rule.every in {UNSET if e == "unspecified" else durations.parse(e) for e in every.split("|")}
        and rule.times >= int(said.get("min", 1))
        and dict(rule.composition)
        == {k: int(v) for k, v in (p.split(":") for p in said.get("composition", "").split("|") if p)}
    )


def _threshold_fits(rule, said):
    sides = [("op", "value"), ("op2", "value2")]
    return any(
        rule.threshold is not None
        and rule.threshold.op == said[op]
        and (
            rule.threshold.value is UNSET if said[value] is None else _same(rule.threshold.value, said[value])
        )
        for op, value in sides
        if op in said and value in said
    )


def _target_fits(rule, said):
    if "change" in said:
        threshold = rule.change == f"{int(Decimal(said['change']) * 100):+d}%"
    elif "within" in said and isinstance(said["within"], str):
        threshold = _same(rule.threshold.value, said["within"])
    elif said.get("op") == "decrease":
        threshold = rule.threshold.value is UNSET
    elif "value" in said:
        threshold = _threshold_fits(rule, said)
    else:
        threshold = True
    spans = all(
        getattr(rule, key) == durations.parse(said[key]) for key in ("horizon", "horizon_min") if key in said
    )
    return threshold and spans and ("baseline" not in said or _same(rule.baseline, said["baseline"]))


def _alarm_fits(rule, said):
    if "level" in said and said["level"].isdigit():  # a level of risk, not of an alarm
        return bool(rule.trigger) or rule.metric == said.get("example_metric")
    value = "value" not in said or not rule.metric or _threshold_fits(rule, said)
    window = said.get("window", "unspecified") == "unspecified" or rule.window == durations.parse(
        said["window"]
    )
    trend = "trend" not in said or rule.trend == said["trend"]
    return value and window and trend


def _authority_fits(rule, said):
    most = "max" not in said or (
        rule.up_to is not None and rule.up_to.minor == int(Decimal(said["max"]) * 100)
    )
    least = "over" not in said or (
        rule.over is not None and rule.over.minor == int(Decimal(said["over"]) * 100)
    )
    return most and least


def _weight_fits(rule, said):
    wanted = {k: _number(v) for k, v in (p.split(":") for p in said.get("weights", "").split("|") if p)}
    if "value" in said:  # one part of a score: "inspection counts 20%"
        return any(_same(share, said["value"]) for _part, share in rule.parts)
    return all(any(part == k and share in v for part, share in rule.parts) for k, v in wanted.items())


def _commitment_fits(rule, said):
    if "trainable_within" in said:
        return _same(rule.within, said["trainable_within"])
    if "duration" in said:
        return _same(rule.within, said["duration"])
    if "within_min" in said:  # of a range the upper end counts, or one rule for either end
        return rule.within in _number(said["within"]) | _number(said["within_min"])
    if "within" in said:
        return _same(rule.within, said["within"])
    if "at" in said:
        return rule.after in _number(said["at"])
    return bool(rule.due_of)


FITS = {
    Cadence: (_cadence_fits, ("every",)),
    Target: (_target_fits, ("value", "change", "horizon", "within", "baseline", "metric")),
    Alarm: (_alarm_fits, ("value", "window", "trend", "level")),
    Authority: (_authority_fits, ("max", "over")),
    Weight: (_weight_fits, ("weights", "value")),
    Commitment: (
        _commitment_fits,
        ("within", "within_min", "at", "before", "duration", "trainable_within"),
    ),
}


def test_a_rule_carries_the_figures_of_the_demand_that_it_enforces():
    """Over all demands with machine-readable figures and all rules that cover them: some rule of each kind fits."""
    wrong = []
    for row in built():
        said = figures(row)
        by_kind = {}
        for rule in rules_of().get(row.id, []):
            fits, keys = FITS.get(type(rule), (None, ()))
            if fits is not None and set(keys) & set(said):
                by_kind.setdefault(rule.kind, []).append(fits(rule, said))
        wrong += [(row.id, kind, row.figures) for kind, right in by_kind.items() if not any(right)]
    assert wrong == []


NAMES = {
    "metric",
    "metric2",
    "from",
    "to",
    "before",
    "activity",
    "event",
    "method",
    "every",
    "channels",
    "tag",
}


def _figures_in_words(row):
    """Every number among the figures of a demand, as digits."""
    for key, value in figures(row).items():
        if key in NAMES or not isinstance(value, str):
            continue
        for number in re.findall(r"\d+(?:\.\d+)?", value):
            yield key, number


def _holds(text, number):
    forms = {number, number.rstrip("0").rstrip(".") if "." in number else number}
    if Decimal(number) <= 1 and "." in number:
        forms.add(f"{int(Decimal(number) * 100)}%")
    return any(re.search(rf"(?<![\d.]){re.escape(form)}(?![\d.])", text) for form in forms)


def test_a_figure_stands_in_the_words_or_the_rules_of_its_clause():
    """Counts, examples and ranks too: what no rule can hold is written out, or is the length of a list."""
    lost = []
    for row in built():
        clause = clause_of()[row.id]
        words = _spaced(_said(clause))
        lengths = {
            len(getattr(rule, name))
            for rule in rules_of().get(row.id, [])
            for name, kind in (("fields", Record), ("steps", Playbook), ("via", Alarm))
            if isinstance(rule, kind)
        }
        typed = " ".join(
            map(str, (getattr(r, f) for r in rules_of().get(row.id, []) for f in r.__dataclass_fields__))
        )
        for key, number in _figures_in_words(row):
            counted = number.isdigit() and int(number) in lengths
            if not (counted or _holds(words, number) or _holds_typed(typed, key, number)):
                lost.append((row.id, key, number))
    assert lost == []


def _spaced(text):
    """The words with numerals as digits, apart from what stands around them."""
    text = re.sub(r"百分之([〇零一二两三四五六七八九十百千万]+)", lambda m: f" {_value(m[1])}% ", text)
    text = re.sub(r"[〇零一二两三四五六七八九十百千万]+", lambda m: f" {_value(m[0])} ", text)
    return re.sub(r"(\d+%?)", r" \1 ", text)


def _holds_typed(typed, key, number):
    """A rule holds the number itself, a share of it, or counts once where the demand says once."""
    if number == "1" and key in ("min", "count"):
        return True
    value = Decimal(number)
    forms = {number, f"'{number}'", str(value.normalize() + 0)}
    if value <= 1:
        forms |= {f"basis_points={int(value * 10_000)}", f"{int(value * 100)}%"}
    return any(form in typed for form in forms)


# the tree of processes


def test_every_process_of_the_standard_is_a_clause_in_its_chapter():
    """Chapters are the processes that have others under them; each stands under the one above it."""
    with packs.PROCESSES.open(encoding="utf-8-sig", newline="") as lines:
        processes = list(csv.DictReader(lines))
    pack = next(p for p in shipped() if p.code == "process-standard")
    clauses = {c.id: c for c in pack.clauses}
    titles = {c.number: c.title for c in pack.chapters}
    assert len(processes) == len(clauses) == 38
    for process in processes:
        clause = clauses[f"PCF-{process['process']}"]
        title = process["process_zh"].partition("（")[0]
        assert clause.title == title
        number = "6" if process["process"] == "6.0" else process["process"]
        above = "6" if process["parent"] == "6.0" else process["parent"]
        assert clause.chapter == (number if number in titles else above)
        assert titles.get(number, title) == title


def test_every_practice_of_the_standard_has_its_risk_its_outcome_and_its_evidence():
    with (packs.REGISTERS / "PCF.csv").open(encoding="utf-8-sig", newline="") as lines:
        wanted = {r["id"]: r for r in csv.DictReader(lines)}
    pack = next(p for p in shipped() if p.code == "process-standard")
    found = {row: p for clause in pack.clauses for p in clause.practices for row in p.covers}
    assert set(found) == set(wanted)
    for id, row in wanted.items():
        practice = found[id]
        said = (practice.text, practice.risk, practice.outcome, practice.text_en)
        assert said == (row["practice_zh"], row["risk_zh"], row["outcome_zh"], row["practice_en"])
        assert practice.risk_en, id
        assert practice.outcome_en, id
        kinds = re.findall(r"(?:^|; )(record|metric|document|cadence|check|log|alert): ", row["evidence"])
        assert [e.kind for e in practice.evidence if e.kind in kinds] == [e.kind for e in practice.evidence]
        assert {e.kind for e in practice.evidence} == set(kinds)
        assert all(e.text and e.text_en for e in practice.evidence), id
