"""Whatever a pack says, writing and reading it again gives the same pack."""

from __future__ import annotations

import json
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from shounuo.kernel.durations import Percent, Span
from shounuo.policy.reading import read_pack, rule_of
from shounuo.policy.schema import (
    ADDRESSEES,
    ALARM_LEVELS,
    COMPARISONS,
    EVIDENCE,
    PER,
    TRENDS,
    UNSET,
    Alarm,
    Authority,
    Cadence,
    Chapter,
    Clause,
    Commitment,
    Condition,
    Escalation,
    EventSpec,
    Evidence,
    Items,
    Matcher,
    Money,
    Pack,
    Playbook,
    PlaybookStep,
    Practice,
    Record,
    Target,
    Threshold,
    Weight,
)
from shounuo.policy.vocabulary import TRUSTED
from shounuo.policy.writing import dump, rule_body

_ALPHABET = st.characters(
    codec="utf-8", exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="\ufeff\ufffe\uffff"
)
_TRICKY = [
    "是",
    "null",
    "true",
    "2.10",
    "007",
    "1:30",
    "- a",
    "a: b",
    "# x",
    "*a",
    "&a",
    "!x",
    "“引号”",
    "'",
    '"',
    "100%",
    "on",
    "=",
    "~",
    "{a}",
    "2026-07-01",
    "第一行\n第二行",
    "a\n\n  b",
    "\U0001f404",
]


def text(longest=40, least=0):
    plain = st.text(_ALPHABET, min_size=least, max_size=longest) | st.sampled_from(
        [t for t in _TRICKY if len(t) <= longest]
    )
    return plain.map(str.strip).filter(lambda t: len(t) >= least)


code = st.from_regex(r"[a-z][a-z0-9_.-]{0,12}", fullmatch=True)
name = st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True)
row = st.from_regex(r"REG-[0-9]{1,3}", fullmatch=True)
kind = st.from_regex(r"[a-z]{1,8}\.[a-z_]{1,8}", fullmatch=True)
role = st.sampled_from(["agent", "manager", "qa", "own-role"])
span = st.builds(
    Span,
    months=st.integers(0, 30),
    days=st.integers(0, 40),
    seconds=st.integers(0, 200_000),
    business_days=st.integers(0, 9),
    business_seconds=st.integers(0, 90_000),
).filter(lambda s: not s.is_zero)
maybe = span | st.just(UNSET)
share = st.builds(Percent, st.integers(1, 10_000))
scalar = st.booleans() | st.integers(-5, 99) | text(12, 1).filter(lambda t: "\n" not in t)


def some(items, least=0, most=3):
    return st.lists(items, min_size=least, max_size=most, unique=True).map(tuple)


def values(of=scalar):
    return st.lists(of, min_size=1, max_size=3, unique_by=lambda v: (type(v), v)).map(tuple)


def pairs(of, least=0):
    return st.dictionaries(
        code.filter(lambda c: c not in ("event", "has", "by")), of, min_size=least, max_size=3
    ).map(lambda d: tuple(sorted(d.items())))


event = st.builds(EventSpec, kind, pairs(values()), some(code), some(role))
events = some(event)
matcher = st.dictionaries(code, st.tuples(values(), st.booleans()), max_size=3).map(
    lambda d: Matcher(tuple(Condition(f, v, n) for f, (v, n) in sorted(d.items())))
)
offset = share | span
to = st.sampled_from([*ADDRESSEES, "role:manager"])
ladder = some(st.builds(Escalation, offset, to))
number = st.decimals(-9999, 9999, places=3).map(lambda d: d.normalize() + 0) | share | span | st.just(UNSET)
common = {"name": name, "title": text(), "title_en": text(), "note": text(60), "covers": st.just(())}
threshold = st.builds(Threshold, st.sampled_from(COMPARISONS), number)
money = st.builds(Money, st.integers(0, 10**9), st.sampled_from(["CNY", "USD"]))

commitment = st.builds(
    Commitment,
    **common,
    subject=code,
    starts=some(event, 1),
    until=some(event, 1),
    cancel=events,
    within=maybe,
    each=st.booleans(),
    pause=some(code),
    calendar=code | st.just(""),
    when=matcher,
    warn=offset,
    escalate=ladder,
    target=share,
)
cadence = st.builds(
    Cadence,
    **common,
    activity=code,
    every=maybe,
    times=st.integers(9, 50),
    owner=some(role),
    per=st.sampled_from(PER),
    composition=pairs(st.integers(1, 3)),
    done=events,
    when=matcher,
    warn=offset,
    escalate=ladder,
)
record = st.builds(
    Record,
    **common,
    subject=code,
    fields=some(code, 1),
    items=st.none() | st.builds(Items, of=code, min=st.integers(0, 2), max=st.none() | st.integers(2, 5)),
    after=some(event, 1),
    within=st.none() | maybe,
    calendar=code | st.just(""),
    when=matcher,
    owner=some(role),
)
target = st.builds(
    Target,
    **common,
    metric=code,
    threshold=threshold,
    change=st.sampled_from(["", "+20%", "-30%"]),
    baseline=st.none() | number.filter(lambda n: n is not UNSET),
    window=st.none() | maybe,
    horizon=span,
    horizon_min=st.none() | span,
    least=st.none() | st.integers(1, 99),
    owner=some(role),
    when=matcher,
)
alarm = st.builds(
    Alarm,
    **common,
    metric=code,
    threshold=threshold,
    trend=st.sampled_from(["", *TRENDS]),
    window=st.none() | maybe,
    consecutive=st.none() | span,
    least=st.none() | st.integers(1, 99),
    level=st.sampled_from(["", *ALARM_LEVELS]),
    notify=some(role, 1),
    via=some(st.sampled_from(["sms", "app"])),
    plan=code | st.just(""),
    when=matcher,
)
authority = st.builds(
    Authority,
    **common,
    grant=code,
    who=some(role, 1),
    up_to=st.none() | money,
    per=st.sampled_from(PER),
    approver=some(role),
    when=matcher,
)
weight = st.builds(
    Weight,
    **common,
    of=code,
    parts=st.dictionaries(
        code, st.builds(Percent, st.integers(1, 3000)) | st.just(UNSET), min_size=1, max_size=3
    ).map(
        lambda d: tuple(sorted(d.items(), key=lambda p: (0 if p[1] is UNSET else -p[1].basis_points, p[0])))
    ),
    partial=st.just(True),
    every=st.none() | maybe,
    when=matcher,
)
step = st.builds(
    PlaybookStep,
    name=code,
    title=text(),
    title_en=text(),
    role=some(role),
    input=some(code),
    output=some(code),
    within=st.none() | maybe,
    done=events,
)
playbook = st.builds(
    Playbook,
    **common,
    steps=st.lists(step, min_size=1, max_size=3, unique_by=lambda s: s.name).map(tuple),
    trigger=events,
    when=matcher,
)
rules = commitment | cadence | record | target | alarm | authority | weight | playbook
evidence = st.builds(
    Evidence,
    kind=st.sampled_from(EVIDENCE),
    text=text(20, 1),
    text_en=text(),
    events=some(kind),
    metric=code | st.just(""),
)
practice = st.builds(
    Practice,
    text=text(20, 1),
    text_en=text(),
    risk=text(),
    risk_en=text(),
    outcome=text(),
    outcome_en=text(),
    evidence=some(evidence),
)
clause = st.builds(
    Clause,
    id=st.from_regex(r"REG-[0-9.]{1,6}", fullmatch=True),
    title=text(20, 1),
    wording=text(80, 1),
    title_en=text(),
    wording_en=text(80),
    source=text(),
    chapter=st.sampled_from(["", "2", "2.1"]),
    covers=some(row),
    practices=some(practice),
    evidence=some(evidence),
    rules=st.lists(rules, max_size=3, unique_by=lambda r: (r.kind, r.name)).map(tuple),
)
packs = st.builds(
    Pack,
    code=st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True),
    title=text(20, 1),
    title_en=text(),
    version=text(10, 1),
    note=text(60),
    default_calendar=code,
    chapters=st.just(
        (Chapter(number="2", title="二"), Chapter(number="2.1", title="二之一", title_en="2.1"))
    ),
    clauses=st.lists(clause, min_size=1, max_size=3, unique_by=lambda c: c.id).map(tuple),
    not_built=st.dictionaries(st.from_regex(r"CAP-[0-9]{1,3}", fullmatch=True), text(30, 1), max_size=2).map(
        lambda d: tuple(sorted(d.items()))
    ),
)


@settings(max_examples=150, deadline=None)
@given(packs)
def test_a_pack_written_and_read_again_is_the_same(pack):
    assert read_pack(dump(pack), "again.yaml", TRUSTED) == pack


@settings(max_examples=150, deadline=None)
@given(rules)
def test_a_rule_kept_as_json_and_read_again_is_the_same(rule):
    body = json.loads(json.dumps(rule_body(rule), sort_keys=True))
    assert rule_of(rule.kind, rule.name, body) == rule


def test_numbers_keep_their_exact_value():
    rule = Target(name="x", metric="y", threshold=Threshold(">=", Decimal("0.1234567890123")))
    assert rule_of("target", "x", json.loads(json.dumps(rule_body(rule)))) == rule
