"""An event before and after it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shounuo.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What a publisher hands over; `subject` is (kind, id)."""

    kind: str
    subject: tuple[str, int]
    at: datetime
    actor: Actor
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Published:
    """A written event as handlers get it."""

    id: int
    kind: str
    subject: tuple[str, int]
    seq: int
    at: datetime
    actor_kind: str
    actor_id: int | None
    payload: dict[str, Any]
    roles: frozenset[str] = frozenset()

    @property
    def actor(self) -> Actor:
        return Actor(self.actor_kind, self.actor_id)  # type: ignore[arg-type]
