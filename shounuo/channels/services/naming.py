"""The names of our mails, signed with this installation's keys; old keys still read what they signed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from shounuo.cases.models import Case
from shounuo.channels.mail import tokens
from shounuo.channels.mail.tokens import MailIds
from shounuo.channels.models import Mailbox
from shounuo.kernel.secrets import sign_keys


def instance() -> str:
    """What our mails carry in X-Shounuo, by which we know them when they come back. Made of the oldest
    key, so that it outlives a rotation as long as the old key is accepted.
    """
    return hmac.new(sign_keys()[-1], b"mail instance", hashlib.sha256).hexdigest()[:20]


def message_id(case: Case, interaction_id: int, sender: str) -> str:
    """The signed Message-ID of an interaction; the same at every call while the key is."""
    return tokens.make_message_id(case.number, interaction_id, sender.rpartition("@")[2], sign_keys()[0])


def plus_address(mailbox: Mailbox, case: Case) -> str:
    """The address that an answer comes back to, empty where the mailbox has none or the name would be too
    long.
    """
    if not mailbox.plus_address:
        return ""
    try:
        return tokens.make_plus_address(mailbox.address, case.number, sign_keys()[0])
    except ValueError:
        return ""


def ids_in(message_ids: Iterable[str]) -> MailIds | None:
    """What the first Message-ID says that one of our keys has signed."""
    keys = sign_keys()
    return next(
        (ids for m in message_ids if m and (ids := tokens.read_message_id(m, keys)) is not None), None
    )


def number_in(addresses: Iterable[str]) -> int | None:
    """The case's number in the first plus address that one of our keys has signed."""
    keys = sign_keys()
    return next((n for a in addresses if (n := tokens.read_plus_address(a, keys)) is not None), None)
