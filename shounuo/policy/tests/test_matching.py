"""Matchers and event descriptions against facts and events."""

from __future__ import annotations

import pytest

from shounuo.policy.matching import any_event_matches, event_matches, matches
from shounuo.policy.schema import ALWAYS, Condition, EventSpec, Matcher


def when(**facts):
    return Matcher(tuple(Condition(f, v if isinstance(v, tuple) else (v,)) for f, v in sorted(facts.items())))


def unless(**facts):
    return Matcher(
        tuple(Condition(f, v if isinstance(v, tuple) else (v,), True) for f, v in sorted(facts.items()))
    )


def test_a_rule_without_conditions_binds_all():
    assert matches(ALWAYS, {})
    assert matches(ALWAYS, {"level": "L1"})


def test_every_condition_must_hold():
    rule = when(kind="complaint", severity="major")
    assert matches(rule, {"kind": "complaint", "severity": "major"})
    assert not matches(rule, {"kind": "complaint", "severity": "general"})
    assert not matches(rule, {"severity": "major"})


def test_one_of_several_values_is_enough():
    rule = when(complexity=("general", "complex"))
    assert matches(rule, {"complexity": "complex"})
    assert not matches(rule, {"complexity": "simple"})


@pytest.mark.parametrize("nothing", [{}, {"complexity": None}, {"complexity": ""}])
def test_a_fact_without_value_fits_only_a_not(nothing):
    assert not matches(when(complexity="complex"), nothing)
    assert matches(unless(complexity="complex"), nothing)


def test_not_refuses_each_of_its_values():
    rule = unless(kind=("praise", "suggestion"))
    assert matches(rule, {"kind": "inquiry"})
    assert not matches(rule, {"kind": "suggestion"})


def test_of_a_list_fact_one_item_is_enough():
    assert matches(when(tags="返利"), {"tags": ["饲料", "返利"]})
    assert not matches(when(tags="返利"), {"tags": []})
    assert not matches(unless(tags="返利"), {"tags": ["返利"]})


def test_true_is_not_one_and_false_is_not_missing():
    assert matches(when(first_agent=True), {"first_agent": True})
    assert not matches(when(first_agent=True), {"first_agent": 1})
    assert not matches(when(first_agent=False), {})
    assert matches(when(first_agent=False), {"first_agent": False})


def test_a_number_written_as_text_is_the_number():
    assert matches(when(team="7"), {"team": 7})
    assert matches(when(level=1), {"level": "1"})


def test_an_event_must_be_of_the_kind_and_carry_the_values():
    spec = EventSpec("progress.noted", where=(("public", (True,)),))
    assert event_matches(spec, "progress.noted", {"public": True})
    assert not event_matches(spec, "progress.noted", {"public": False})
    assert not event_matches(spec, "progress.noted", {})
    assert not event_matches(spec, "case.resolved", {"public": True})


def test_any_of_the_values_of_a_payload_field_counts():
    spec = EventSpec("survey.sent", where=(("channel", ("sms", "app")),))
    assert event_matches(spec, "survey.sent", {"channel": "app"})
    assert not event_matches(spec, "survey.sent", {"channel": "mail"})


@pytest.mark.parametrize("empty", [{}, {"owner": None}, {"owner": ""}, {"owner": []}])
def test_has_wants_the_field_filled(empty):
    spec = EventSpec("case.assigned", has=("owner",))
    assert event_matches(spec, "case.assigned", {"owner": 3})
    assert not event_matches(spec, "case.assigned", empty)


def test_has_takes_zero_and_false_as_filled():
    assert event_matches(EventSpec("x.y", has=("count",)), "x.y", {"count": 0})
    assert event_matches(EventSpec("x.y", has=("ok",)), "x.y", {"ok": False})


def test_by_wants_one_of_the_roles():
    spec = EventSpec("interaction.sent", by=("senior_agent", "manager"))
    assert event_matches(spec, "interaction.sent", {}, {"agent", "manager"})
    assert not event_matches(spec, "interaction.sent", {}, {"agent"})
    assert not event_matches(spec, "interaction.sent", {})


def test_what_a_machine_sent_counts_only_where_the_rule_says_so():
    automatic = {"automatic": True}
    assert not event_matches(EventSpec("interaction.sent"), "interaction.sent", automatic)
    either = EventSpec("interaction.sent", where=(("automatic", (True, False)),))
    assert event_matches(either, "interaction.sent", automatic)
    assert event_matches(either, "interaction.sent", {"automatic": False})
    person = EventSpec("interaction.sent", where=(("automatic", (False,)),))
    assert not event_matches(person, "interaction.sent", automatic)


def test_any_of_several_descriptions_is_enough():
    specs = (EventSpec("interaction.sent"), EventSpec("call.answered"))
    assert any_event_matches(specs, "call.answered", {})
    assert not any_event_matches(specs, "case.resolved", {})
    assert not any_event_matches((), "case.resolved", {})
