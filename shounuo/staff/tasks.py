"""Jobs of the staff part."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.kernel.clock import now
from shounuo.kernel.secrets import decrypt
from shounuo.staff import services, throttle
from shounuo.staff.services.links import links_prune


@app.task(name="staff.reset", queue="events")
def reset(*, sealed: str) -> None:
    """Looks for the person who asked for a new password; `sealed` is what was typed, encrypted."""
    services.password_reset_ask(identifier=decrypt(sealed), at=now())


@app.task(name="staff.prune", queue="upkeep")
def prune() -> None:
    """Deletes rate counters and one-time links that are long over."""
    throttle.prune(now())
    links_prune(now())
