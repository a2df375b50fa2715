"""Reading people, teams, roles and the organisation."""

from __future__ import annotations

import time

from shounuo.staff.models import Organisation

_cached: tuple[float, Organisation] | None = None
_TTL = 2.0


def organisation() -> Organisation:
    """The one organisation; read at most every two seconds in a process (it changes on the set-up page only)."""
    global _cached
    if _cached is None or time.monotonic() - _cached[0] > _TTL:
        _cached = (time.monotonic(), Organisation.objects.get_or_create(id=1, defaults={"name": "守诺"})[0])
    return _cached[1]


def forget_organisation() -> None:
    """Called after a change in this process."""
    global _cached
    _cached = None
