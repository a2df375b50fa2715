"""Who acts: an id with a kind, so that the lowest parts can name an actor without knowing the staff part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ActorKind = Literal["person", "customer", "system", "bot"]


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts. `permissions`, `team_ids` and `roles` are filled by `staff` for persons; the system may do all.

    `led_team_ids` are the teams that the person supervises, `own_only` says that the actor came with a token
    limited to some scopes (then `permissions` is already cut down to them).
    """

    kind: ActorKind
    id: int | None = None
    permissions: frozenset[str] = field(default=frozenset(), compare=False)
    team_ids: frozenset[int] = field(default=frozenset(), compare=False)
    led_team_ids: frozenset[int] = field(default=frozenset(), compare=False)
    roles: frozenset[str] = field(default=frozenset(), compare=False)

    @classmethod
    def system(cls) -> Actor:
        return _SYSTEM

    @classmethod
    def person(
        cls,
        id: int,
        *,
        permissions: frozenset[str] = frozenset(),
        team_ids: frozenset[int] = frozenset(),
        led_team_ids: frozenset[int] = frozenset(),
        roles: frozenset[str] = frozenset(),
    ) -> Actor:
        return cls("person", id, permissions, team_ids, led_team_ids, roles)

    @classmethod
    def customer(cls, id: int) -> Actor:
        return cls("customer", id)

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def person_id(self) -> int | None:
        return self.id if self.kind == "person" else None

    def may(self, permission: str) -> bool:
        """True when the actor holds the permission code; the system holds all, customers and bots none."""
        return self.kind == "system" or permission in self.permissions


_SYSTEM = Actor("system")
