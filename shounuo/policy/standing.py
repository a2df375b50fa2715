"""How a rule stands: enforced, waiting for a part that is not built, or only shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shounuo.metrics import registry
from shounuo.policy.composites import why_not
from shounuo.policy.foreseen import ENFORCED_BY, FACT_BROUGHT_BY, GRANTED_BY, PER_BROUGHT_BY
from shounuo.policy.schema import (
    CHAINED,
    MONITORED,
    SLICED,
    Alarm,
    AnyRule,
    Authority,
    Cadence,
    Commitment,
    Evidence,
    Matcher,
    Playbook,
    Record,
    Target,
    Weight,
)
from shounuo.policy.vocabulary import Vocabulary

LIVE, WAITING, SHOWN = "live", "waiting", "shown"
FIELD = "field:"
"""Before the name of a field for which a record waits: nobody has it yet."""
FACTS_PER: dict[str, frozenset[str]] = {
    "organisation": frozenset(),
    "team": frozenset({"team", "department", "active"}),
    "person": frozenset({"active", "presence", "roles", "teams"}),
}
"""The facts of those for whom a cadence is counted."""


GRANTED_PER = ("case", "customer")
"""What grants on cases are summed over."""
GRANTED_APART = "organisation"
"""... and those on no case."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`waiting_for` names the parts (or, after FIELD, the fields) that must come first; a shown rule may name the part that will enforce its kind."""

    status: str
    waiting_for: tuple[str, ...] = ()


def standing_of(rule: AnyRule, vocabulary: Vocabulary) -> Standing:
    """The standing of a rule among the words of now.

    A commitment is live when every event it names and its subject exist and no figure is unset; a cadence when those for
    whom it is counted, and what it asks of them, are known; a record when somebody has every field that it names; an alarm or
    a target when its metric can be counted; an authority when what it grants is asked for; a playbook when every
    event it names exists; a weight when every part of it is a figure that can be counted. Rules of the other
    kinds are shown until the part that enforces them is there; those naming events to come wait for their parts.
    """
    subject = rule.subject if isinstance(rule, Commitment | Record) else None
    awaited = vocabulary.parts_awaited((spec.event for spec in rule.events()), subject)
    if awaited:
        return Standing(WAITING, awaited)
    if isinstance(rule, Commitment):
        return Standing(SHOWN if rule.gaps else LIVE)
    if isinstance(rule, Cadence):
        if missing := _unknown_to(rule):
            return Standing(WAITING, missing)
        return Standing(SHOWN if rule.gaps else LIVE)
    if isinstance(rule, Record):
        nobodys = vocabulary.unknown_fields(rule.subject, rule.fields, rule.items.of if rule.items else "")
        if nobodys:
            return Standing(WAITING, tuple(f"{FIELD}{name}" for name in nobodys))
        return Standing(SHOWN if rule.gaps else LIVE)
    if isinstance(rule, Alarm):
        return _of_alarm(rule)
    if isinstance(rule, Target):
        return _of_figure(rule.metric, rule.when) or Standing(SHOWN if rule.gaps else LIVE)
    if isinstance(rule, Authority):
        return _of_authority(rule)
    if isinstance(rule, Weight):
        return _of_weight(rule)
    if isinstance(rule, Playbook):
        return Standing(SHOWN if rule.gaps else LIVE)
    return Standing(SHOWN, (ENFORCED_BY[rule.kind],))


def _unknown_to(rule: Cadence) -> tuple[str, ...]:
    """The parts that must first tell for whom a cadence is counted, or a fact that its condition names."""
    if rule.per in PER_BROUGHT_BY:
        return (PER_BROUGHT_BY[rule.per],)
    known = FACTS_PER[rule.per]
    strange = [c.fact for c in rule.when.conditions if c.fact not in known]
    return tuple(sorted({FACT_BROUGHT_BY.get(fact, ENFORCED_BY["cadence"]) for fact in strange}))


def _of_alarm(rule: Alarm) -> Standing:
    """Live when its figure can be counted, narrowed as the rule wants it, and somebody of the house is told."""
    if all(role == "customer" for role in rule.notify):
        return Standing(WAITING, ("feedback",))
    waiting = None
    if rule.metric == MONITORED:
        waiting = Standing(WAITING, ("metrics",)) if rule.when or not rule.trend else None
    elif rule.metric and rule.metric != CHAINED:
        waiting = _of_figure(rule.metric, rule.when)
    return waiting or Standing(SHOWN if rule.gaps else LIVE)


def _of_figure(code: str, when: Matcher) -> Standing | None:
    """What a rule on a metric waits for: the metric itself, or a cut that the metric does not have."""
    metric = registry.get(code)
    if metric is None or metric.waits_for:
        return Standing(WAITING, (metric.waits_for if metric is not None else "metrics",))
    cuts = {d.code for d in registry.dimensions_of(metric)}
    wanted = [v for c in when.conditions for v in (c.values if c.fact == SLICED else (c.fact,))]
    if any(c.negated for c in when.conditions) or not cuts.issuperset(wanted):
        return Standing(WAITING, ("metrics",))
    sliced = [c for c in when.conditions if c.fact == SLICED]
    return Standing(WAITING, ("metrics",)) if any(len(c.values) > 1 for c in sliced) else None


def _of_authority(rule: Authority) -> Standing:
    """Live when what it grants is asked for: on cases, summed over the case or its customer, or for the organisation, where
    there are no facts to ask about; in yuan."""
    if rule.per == GRANTED_APART and rule.when.conditions:
        return Standing(SHOWN)
    if rule.grant in GRANTED_BY and rule.per != GRANTED_APART:
        return Standing(WAITING, (GRANTED_BY[rule.grant],))
    if rule.per not in (*GRANTED_PER, GRANTED_APART):
        return Standing(WAITING, ("aftersales",)) if rule.per == "order" else Standing(SHOWN, ("duties",))
    if any(money is not None and money.currency != "CNY" for money in (rule.up_to, rule.over)):
        return Standing(SHOWN)
    return Standing(LIVE)


def _of_weight(rule: Weight) -> Standing:
    """Live when every part is a figure that can be counted and put on a scale of points."""
    if rule.gaps:
        return Standing(SHOWN)
    named = [registry.get(code) for code, _share in rule.parts if why_not(code)]
    if named:
        return Standing(
            WAITING, tuple(sorted({m.waits_for if m and m.waits_for else "performance" for m in named}))
        )
    return Standing(LIVE)


def evidence_exists(evidence: Evidence, vocabulary: Vocabulary) -> bool:
    """True when the evidence names events and every one of them is published by a part that is there."""
    return bool(evidence.events) and all(kind in vocabulary.known for kind in evidence.events)
