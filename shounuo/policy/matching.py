"""Does a subject fit a matcher, does an event fit its description. Pure; `explain` and `sentence` say it in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from shounuo.policy.schema import Condition, EventSpec, Matcher
from shounuo.policy.sentences import details, explain, sentence

__all__ = ["any_event_matches", "details", "event_matches", "explain", "matches", "sentence"]


def matches(when: Matcher, facts: Mapping[str, Any]) -> bool:
    """True when every condition holds on the facts. A fact that is missing, None or "" has no value: it fits a
    `not` and nothing else. Of a list fact (tags) one item is enough."""
    return all(_holds(condition, facts.get(condition.fact)) for condition in when.conditions)


def event_matches(
    spec: EventSpec, kind: str, payload: Mapping[str, Any], actor_roles: Collection[str] = ()
) -> bool:
    """True when an event of this kind, payload and actor's roles is one that the description counts.

    What a machine sent by itself (`automatic: true` in the payload) counts only where the description names
    `automatic`.
    """
    if spec.event != kind:
        return False
    if payload.get("automatic") is True and all(name != "automatic" for name, _values in spec.where):
        return False
    if any(not any(_same(payload.get(name), value) for value in values) for name, values in spec.where):
        return False
    if any(payload.get(name) in (None, "", [], {}) for name in spec.has):
        return False
    return not spec.by or any(role in actor_roles for role in spec.by)


def any_event_matches(
    specs: Iterable[EventSpec], kind: str, payload: Mapping[str, Any], actor_roles: Collection[str] = ()
) -> bool:
    """True when one of the descriptions counts the event."""
    return any(event_matches(spec, kind, payload, actor_roles) for spec in specs)


def _holds(condition: Condition, actual: Any) -> bool:
    items = actual if isinstance(actual, list | tuple | set | frozenset) else (actual,)
    found = any(_same(item, value) for item in items for value in condition.values)
    return found != condition.negated


def _same(actual: Any, wanted: Any) -> bool:
    """Equal and of one kind: true is not 1. A number given as text is the number."""
    if isinstance(actual, bool) or isinstance(wanted, bool):
        return actual is wanted
    if isinstance(actual, str) != isinstance(wanted, str) and actual is not None:
        return str(actual) == str(wanted)
    return bool(actual == wanted)
