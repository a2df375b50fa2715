"""What an agreement becomes as a policy. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shounuo.kernel.durations import Span, parse, parse_percent
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import Clause, Commitment, Condition, Matcher, Pack
from shounuo.policy.sentences import sentence

FACT = "agreement"


def base_of(promise: dict[str, Any]) -> Commitment:
    """The commitment that a promise betters, as it stood when it was chosen."""
    found = rule_of("commitment", promise["name"], promise["body"])
    assert isinstance(found, Commitment)
    return found


def bettered(promise: dict[str, Any], code: str) -> Commitment:
    """The promise as a rule: the same events, pauses and ladder as its base, its own time, only for the agreement's
    cases. Under the same name, so that whichever is due first leads."""
    base = base_of(promise)
    own = Condition(FACT, (code,))
    return replace(
        base,
        within=parse(promise["within"]),
        due_of="",
        target=parse_percent(promise["target"]) if promise.get("target") else base.target,
        when=Matcher(tuple(sorted((*base.when.conditions, own), key=lambda c: c.fact))),
        covers=(),
        note="",
        line=0,
    )


def pack_of(
    *, code: str, title: str, clauses: list[str], promises: list[dict[str, Any]], calendar: str
) -> Pack:
    """The agreement as a policy: a clause for each promise."""
    found = []
    for clause_code, promise in zip(clauses, promises, strict=True):
        rule = bettered(promise, code)
        found.append(
            Clause(
                id=clause_code,
                title=promise.get("title") or rule.title or rule.name,
                wording=sentence(rule, "zh-hans"),
                wording_en=sentence(rule, "en"),
                rules=(rule,),
            )
        )
    return Pack(code=code, title=title[:120], version="1", default_calendar=calendar, clauses=tuple(found))


def lacking(measured: float | None, wanted: Span | None) -> float:
    """By how many seconds what was measured is slower than the benchmark; 0 when it is not, or cannot be compared."""
    if measured is None or wanted is None or wanted.months or wanted.needs_business:
        return 0.0
    return max(measured - wanted.days * 86_400 - wanted.seconds, 0.0)


def span_or_none(text: str) -> Span | None:
    return parse(text) if text else None
