"""Cases and their interactions as the API says them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from shounuo.cases.models import Case, Interaction
from shounuo.commitments.models import Clock
from shounuo.commitments.queries import clock_json


def case_json(case: Case, clocks: Iterable[Clock]) -> dict[str, Any]:
    """A case with its clocks; owner, team, topic and customer are read with the case (`list_page`, `get`)
    or cost a query each. Times are ISO 8601 with offset, in the zone at work; what is not set is null.
    """
    owner, team, topic = case.owner, case.team, case.topic
    return {
        "number": case.number,
        "status": case.status,
        "kind": case.kind,
        "level": case.level or None,
        "severity": case.severity or None,
        "complexity": case.complexity or None,
        "priority": case.priority,
        "channel": case.channel,
        "channel_class": case.channel_class,
        "subject": case.subject,
        "owner": {"id": owner.pk, "login": owner.login, "name": owner.name} if owner is not None else None,
        "team": {"id": team.pk, "code": team.code, "name": team.name} if team is not None else None,
        "topic": {"code": topic.code, "path": topic.path, "name": topic.full_name}
        if topic is not None
        else None,
        "customer": {"id": case.customer_id, "name": case.customer.name},
        "tags": list(case.tags),
        "custom": dict(case.custom),
        "opened_at": _iso(case.opened_at),
        "accepted_at": _iso(case.accepted_at),
        "first_response_at": _iso(case.first_response_at),
        "expected_at": _iso(case.expected_at),
        "resolved_at": _iso(case.resolved_at),
        "confirmed_at": _iso(case.confirmed_at),
        "closed_at": _iso(case.closed_at),
        "updated_at": _iso(case.updated_at),
        "next_due_at": _iso(case.next_due_at),
        "overdue": case.overdue,
        "unanswered": case.unanswered,
        "transfer_count": case.transfer_count,
        "reopen_count": case.reopen_count,
        "version": case.version,
        "clocks": [clock_json(clock) for clock in clocks],
    }


def interaction_json(interaction: Interaction) -> dict[str, Any]:
    """A message or note; `case` is the case's number, read with it."""
    person = interaction.person
    return {
        "id": interaction.pk,
        "case": interaction.case.number,
        "direction": interaction.direction,
        "channel": interaction.channel,
        "purpose": interaction.purpose or None,
        "subject": interaction.subject,
        "body": interaction.text,
        "person": {"id": person.pk, "login": person.login, "name": person.name}
        if person is not None
        else None,
        "customer": interaction.customer_id,
        "automatic": interaction.automatic,
        "state": interaction.state,
        "error": interaction.error or None,
        "at": _iso(interaction.at),
    }


def _iso(moment: Any) -> str | None:
    return timezone.localtime(moment).isoformat() if moment is not None else None
