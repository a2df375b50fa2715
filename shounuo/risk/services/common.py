"""What the services of alarms share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shounuo.events.registry import CODE
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.risk.models import Alarm


def tell(kind: str, alarm: Alarm, actor: Actor, at: datetime) -> None:
    """Publishes what happened to the alarm. Needs the transaction of the change."""
    payload: dict[str, Any] = {
        "rule": alarm.rule_id,
        "clause": alarm.clause_code,
        "metric": alarm.metric or None,
        "level": alarm.level or None,
        "value": alarm.value,
        "n": alarm.n,
        "about": alarm.about if CODE.match(alarm.about) else None,
    }
    given = {name: value for name, value in payload.items() if value not in (None, "")}
    publish([NewEvent(kind, ("alarm", alarm.pk), at, actor, given)])
