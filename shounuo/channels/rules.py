"""Decisions on mail and deliveries that need no database: whose address it is, who may join a case, what is
answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from shounuo.kernel.text import normalise_mail

RECEIPTS_PER_PAIR: Final = 3  # automatic answers an hour between two addresses: no loop lives on less
SAME_TEXT_PER_PAIR: Final = (
    20  # the same words again and again within an hour are a machine talking to a machine
)
MAILS_PER_PAIR: Final = (
    10_000  # mails of one sender to one mailbox an hour before the rest waits in quarantine
)
HANDLE_ATTEMPTS: Final = 5
POISON_ATTEMPTS: Final = (
    9  # more than the database's absence explains: the mail ends the worker that reads it
)
LOST_AFTER: Final = timedelta(minutes=10)  # what waited so long past its time has lost its job
MAIL_LOST_AFTER: Final = timedelta(minutes=2)
WEBHOOK_WAITS: Final = tuple(
    timedelta(seconds=s) for s in (10, 60, 300, 1800, 7200, 21600, 43200, 86400, 86400)
)
WEBHOOK_STOP_AFTER: Final = timedelta(days=5)  # of failing without one success: the webhook is switched off

_NUMBER: Final = re.compile(r"\[#\s?(\d{1,12})\]")
_ANSWER: Final = re.compile(
    r"^(?:\s*(?:re|fwd?|aw|wg|sv|vs|tr|回复|答复|转发|回覆|轉寄)\s*(?:\[\d+\])?\s*[:：])+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class MailboxBook:
    """Our addresses: exact ones, those that take a plus part, and the mailbox that takes any."""

    addresses: dict[str, int] = field(default_factory=dict)
    plus: frozenset[int] = frozenset()
    catch_all: int | None = None

    def own(self, address: str) -> int | None:
        """The mailbox whose very address it is (a plus part allowed where the mailbox uses them)."""
        plain = normalise_mail(address)
        found = self.addresses.get(plain)
        if found is None and "+" in plain:
            local, _, domain = plain.rpartition("@")
            found = self.addresses.get(f"{local.partition('+')[0]}@{domain}")
            if found not in self.plus:
                return None
        return found

    def find(self, address: str) -> int | None:
        """The mailbox that takes the address, the catch-all for what nobody else has."""
        found = self.own(address)
        if found is None and normalise_mail(address):
            return self.catch_all
        return found

    def first(self, addresses: Iterable[str]) -> int | None:
        """The mailbox for a mail with these recipients: one that was addressed by name before the
        catch-all.
        """
        known = list(addresses)
        named = next((m for a in known if (m := self.own(a)) is not None), None)
        return (
            named if named is not None else next((m for a in known if (m := self.find(a)) is not None), None)
        )


def bare_subject(subject: str) -> str:
    """The subject without answer marks and case numbers, for comparing."""
    return _ANSWER.sub("", _NUMBER.sub("", subject)).strip().casefold()


def webhook_wait(attempts: int) -> timedelta | None:
    """How long to wait after so many failed tries; None when it is given up."""
    return WEBHOOK_WAITS[attempts - 1] if attempts <= len(WEBHOOK_WAITS) else None
