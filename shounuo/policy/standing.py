"""How a rule stands: enforced, waiting for a part that is not built, or only shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from shounuo.policy.foreseen import ENFORCED_BY, FACT_BROUGHT_BY, PER_BROUGHT_BY
from shounuo.policy.schema import AnyRule, Cadence, Commitment, Evidence, Record
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
    whom it is counted, and what it asks of them, are known. Rules of the other kinds are shown until the part that enforces
    them is there; those naming events to come wait for their parts.
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
    return Standing(SHOWN, (ENFORCED_BY[rule.kind],))


def _unknown_to(rule: Cadence) -> tuple[str, ...]:
    """The parts that must first tell for whom a cadence is counted, or a fact that its condition names."""
    if rule.per in PER_BROUGHT_BY:
        return (PER_BROUGHT_BY[rule.per],)
    known = FACTS_PER[rule.per]
    strange = [c.fact for c in rule.when.conditions if c.fact not in known]
    return tuple(sorted({FACT_BROUGHT_BY.get(fact, ENFORCED_BY["cadence"]) for fact in strange}))


def evidence_exists(evidence: Evidence, vocabulary: Vocabulary) -> bool:
    """True when the evidence names events and every one of them is published by a part that is there."""
    return bool(evidence.events) and all(kind in vocabulary.known for kind in evidence.events)
