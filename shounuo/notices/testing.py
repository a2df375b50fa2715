"""Mail in tests: nothing leaves; what would have left is in the outbox."""

from __future__ import annotations

from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from shounuo.kernel.actors import Actor
from shounuo.notices import services
from shounuo.notices.models import Relay, Way
from shounuo.notices.transport import Sent, outbox
from shounuo.staff.testing import AT

__all__ = ["Sent", "clear_outbox", "make_relay", "make_way", "outbox", "parsed"]


def clear_outbox() -> None:
    outbox.clear()


def make_relay(
    *, host: str = "relay.example.cn", sender: str = "kefu@example.cn", at: datetime = AT
) -> Relay:
    """The default relay (tests with SHOUNUO_DELIVERY=test never connect to it)."""
    return services.relay_save(name="测试", host=host, sender=sender, actor=Actor.system(), at=at)


def make_way(
    kind: str = "dingtalk",
    *,
    address: str = "https://93.184.216.34/robot?token=x",
    at: datetime = AT,
    **more: Any,
) -> Way:
    """A way (tests with SHOUNUO_DELIVERY=test never connect to it)."""
    if kind == "sms":
        more.setdefault("body", '{"mobile": "{phone}", "content": "{text}"}')
    return services.way_save(kind=kind, name="", address=address, **more, actor=Actor.system(), at=at)


def parsed(sent: Sent) -> EmailMessage:
    """The mail as a reader would see it."""
    mail = message_from_bytes(sent.raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail
