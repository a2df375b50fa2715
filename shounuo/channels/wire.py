"""Events and raw mails as JSON for other systems: one shape for the API and for webhooks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from shounuo.cases.models import Case
from shounuo.channels.models import Delivery, RawMessage, Webhook
from shounuo.events.models import Event


def moment(at: datetime | None) -> str | None:
    """ISO 8601 with offset, in the zone of the organisation (or whoever asks)."""
    return timezone.localtime(at).isoformat() if at is not None else None


def event_json(event: Event, numbers: dict[int, int]) -> dict[str, Any]:
    """An event; `numbers` gives the number of a case by its id."""
    subject: dict[str, Any] = {"kind": event.subject_kind, "id": event.subject_id}
    if event.subject_kind == "case":
        subject["number"] = numbers.get(event.subject_id)
    return {
        "id": event.pk,
        "kind": event.kind,
        "at": moment(event.at),
        "subject": subject,
        "seq": event.seq,
        "actor": {"kind": event.actor_kind, "id": event.actor_id},
        "payload": event.payload,
    }


def events_json(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events in their order; one query for the numbers of their cases."""
    listed = list(events)
    cases = {e.subject_id for e in listed if e.subject_kind == "case"}
    numbers = dict(Case.objects.filter(pk__in=cases).values_list("pk", "number")) if cases else {}
    return [event_json(e, numbers) for e in listed]


def raw_json(raw: RawMessage) -> dict[str, Any]:
    """A raw mail without its text."""
    return {
        "id": raw.pk,
        "state": raw.state,
        "reason": raw.reason,
        "via": raw.via,
        "mailbox": raw.mailbox_id,
        "sender": raw.sender or raw.envelope_from,
        "recipients": raw.envelope_to,
        "subject": raw.subject,
        "message_id": raw.message_id,
        "size": raw.size,
        "received_at": moment(raw.received_at),
        "attempts": raw.attempts,
    }


def webhook_json(webhook: Webhook) -> dict[str, Any]:
    """A webhook; its secret is told once, when it is made."""
    return {
        "id": webhook.pk,
        "name": webhook.name,
        "url": webhook.url,
        "kinds": webhook.kinds,
        "active": webhook.active,
        "created_at": moment(webhook.created_at),
        "failing_since": moment(webhook.failing_since),
    }


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.pk,
        "webhook": delivery.webhook_id,
        "event": delivery.event_id,
        "kind": delivery.kind,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "status_code": delivery.status_code,
        "response": delivery.response,
        "created_at": moment(delivery.created_at),
        "tried_at": moment(delivery.tried_at),
        "next_at": moment(delivery.next_at),
    }
