"""What can be kept for a time: each part says what it keeps and how it takes out what is past its time. Filled in each app's
`ready()`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of what is kept. `note` says what goes and what stays; fewer days than `least` cannot be set.

    `prune(before, at)` takes out one batch of what is older than `before` and under no hold, in the caller's transaction,
    and returns how many; 0 when nothing is left to take.
    """

    code: str
    label: Any
    note: Any
    least: int
    prune: Callable[[datetime, datetime], int]


_kinds: dict[str, Kept] = {}


def register(kept: Kept) -> None:
    """Adds a kind; a second registration is a fault."""
    if kept.code in _kinds:
        raise RuntimeError(f"retention of {kept.code} is registered twice")
    _kinds[kept.code] = kept


def all_kinds() -> list[Kept]:
    return [_kinds[code] for code in sorted(_kinds)]
