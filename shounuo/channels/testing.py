"""Mailboxes and mails for tests, built through the services."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shounuo.channels import services
from shounuo.channels.models import Mailbox
from shounuo.kernel.actors import Actor

AT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)  # Saturday, a make-up working day, 10:00 in Shanghai


def make_mailbox(address: str = "kefu@shounuo.test", *, at: datetime = AT, **fields: Any) -> Mailbox:
    """An active mailbox."""
    return services.mailbox_create(
        name=fields.pop("name", address), address=address, actor=Actor.system(), at=at, **fields
    )
