"""What follows from events of policies."""

from __future__ import annotations

from datetime import datetime

from shounuo.events.services import Published
from shounuo.policy import events, services

KINDS = (events.PUBLISHED,)


def tell_readers(event: Published, at: datetime) -> None:
    """Who has to acknowledge a version learns that it is published."""
    services.readers_told(version_id=event.payload["version"], at=at)
