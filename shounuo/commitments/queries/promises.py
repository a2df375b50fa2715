"""What the clauses in force would promise, were something to happen now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shounuo.commitments.ruleset import LiveRule, any_counts, book
from shounuo.kernel.durations import Span
from shounuo.policy import matching


def promises(
    subject: str, kind: str, payload: Mapping[str, Any], facts: Mapping[str, Any], at: datetime
) -> list[LiveRule]:
    """The rules whose clocks an event of this kind would start on a subject with these facts, the shortest first; those
    that are due with another clock are left out. One query at most."""
    found = [
        rule
        for rule in book().in_force(subject, at)
        if isinstance(rule.spec.within, Span)
        and not rule.due_with_subject
        and any_counts(rule.spec.starts, kind, payload)
        and matching.matches(rule.spec.when, facts)
    ]
    return sorted(found, key=lambda r: (_about(r.span), r.id))


def _about(span: Span) -> int:
    """Seconds, roughly: enough to tell the shorter of two promises."""
    days = span.months * 30 + span.days + span.business_days
    return days * 86_400 + span.seconds + span.business_seconds
