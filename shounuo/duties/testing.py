"""Duties for tests, built through the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shounuo.duties import services
from shounuo.duties.models import Duty
from shounuo.kernel.actors import Actor
from shounuo.staff.testing import AT


def make_duty(
    title: str = "回访客户",
    *,
    kind: str = "task",
    subject: tuple[str, int] | None = None,
    owner_id: int | None = None,
    team_id: int | None = None,
    roles: Sequence[str] = (),
    due_at: datetime | None = None,
    origin: tuple[str, int, str] = ("", 0, ""),
    actor: Actor | None = None,
    at: datetime = AT,
) -> Duty:
    """An open duty; for the role `agent` where nothing is said."""
    nobody = owner_id is None and team_id is None and not roles
    return services.duty_create(
        kind=kind,
        title=title,
        subject=subject,
        owner_id=owner_id,
        team_id=team_id,
        roles=("agent",) if nobody else roles,
        due_at=due_at,
        origin=origin,
        actor=actor or Actor.system(),
        at=at,
    )
