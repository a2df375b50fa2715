"""How a rule stands: enforced, waiting for a part that is not built, or only shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shounuo.metrics import registry
from shounuo.policy.foreseen import ENFORCED_BY, FACT_BROUGHT_BY, PER_BROUGHT_BY
from shounuo.policy.schema import CHAINED, Alarm, AnyRule, Cadence, Commitment, Evidence, Record
from shounuo.policy.vocabulary import Vocabulary

LIVE, WAITING, SHOWN = "live", "waiting", "shown"
FACTS_PER: dict[str, frozenset[str]] = {
    "organisation": frozenset(),
    "team": frozenset({"team", "department", "active"}),
    "person": frozenset({"active", "presence", "roles", "teams"}),
}
"""The facts of those for whom a cadence is counted."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`waiting_for` names the parts that must come first; a shown rule may name the part that will enforce its kind."""

    status: str
    waiting_for: tuple[str, ...] = ()


def standing_of(rule: AnyRule, vocabulary: Vocabulary) -> Standing:
    """The standing of a rule among the words of now.

    A commitment is live when every event it names and its subject exist and no figure is unset; a cadence when those for
    whom it is counted, and what it asks of them, are known; an alarm when its metric can be counted. Rules of the other
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
    if isinstance(rule, Alarm):
        return _of_alarm(rule)
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
    metric = registry.get(rule.metric) if rule.metric else None
    if rule.metric and rule.metric != CHAINED:
        if metric is None:
            return Standing(WAITING, ("metrics",))
        if metric.waits_for:
            return Standing(WAITING, (metric.waits_for,))
        cuts = {d.code for d in registry.dimensions_of(metric)}
        if any(c.negated or c.fact not in cuts for c in rule.when.conditions):
            return Standing(WAITING, ("metrics",))
    return Standing(SHOWN if rule.gaps else LIVE)


def evidence_exists(evidence: Evidence, vocabulary: Vocabulary) -> bool:
    """True when the evidence names events and every one of them is published by a part that is there."""
    return bool(evidence.events) and all(kind in vocabulary.known for kind in evidence.events)
