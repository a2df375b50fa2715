"""Reading mailboxes, raw mails, webhooks, and how the queues stand."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from shounuo.channels.models import Mailbox
from shounuo.channels.rules import MailboxBook
from shounuo.kernel.text import normalise_mail
from shounuo.staff.queries import organisation


def mailbox_book() -> MailboxBook:
    """The addresses of all active mailboxes; one query."""
    rows = Mailbox.objects.filter(active=True).order_by("id")
    return book_of(rows)


def book_of(mailboxes: Iterable[Mailbox]) -> MailboxBook:
    addresses: dict[str, int] = {}
    plus: set[int] = set()
    catch_all: int | None = None
    for box in mailboxes:
        for address in (box.address, *box.aliases):
            if plain := normalise_mail(address):
                addresses.setdefault(plain, box.pk)
        if box.plus_address:
            plus.add(box.pk)
        if box.catch_all:
            catch_all = box.pk
    return MailboxBook(addresses, frozenset(plus), catch_all)


def mail_hostname() -> str:
    """How we name ourselves to mail servers: the host of the public address, else this machine's name."""
    return urlsplit(organisation().public_address).hostname or socket.getfqdn()
