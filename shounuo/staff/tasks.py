"""Jobs of the staff part."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.kernel.clock import now
from shounuo.kernel.secrets import decrypt
from shounuo.staff import services


@app.task(name="staff.reset", queue="events")
def reset(*, sealed: str) -> None:
    """Looks for the person who asked for a new password; `sealed` is what was typed, encrypted."""
    services.password_reset_ask(identifier=decrypt(sealed), at=now())
