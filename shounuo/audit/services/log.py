"""Writing the log of access and configuration."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shounuo.audit.models import Entry
from shounuo.kernel.actors import Actor


def record(
    *,
    action: str,
    target: tuple[str, int | str] | None = None,
    detail: dict[str, Any] | None = None,
    actor: Actor,
    at: datetime,
    address: str | None = None,
) -> Entry:
    """Writes one access or change in the caller's transaction (one statement, no lock).

    `detail` holds codes, ids and old and new values of settings; never secrets, never a customer's data.
    """
    kind, id = target or ("", "")
    return Entry.objects.create(
        at=at,
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        target_kind=kind,
        target_id=str(id),
        detail=detail or {},
        address=address or None,
    )
