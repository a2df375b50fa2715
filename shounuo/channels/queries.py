"""Reading mailboxes, raw mails, webhooks, and how the queues stand. Who may is decided by the caller's
permission.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.channels.models import Delivery, Mailbox, RawMessage, Webhook
from shounuo.channels.rules import MailboxBook
from shounuo.events.models import Failure
from shounuo.kernel import paging
from shounuo.kernel.errors import NotFound
from shounuo.kernel.text import normalise_mail
from shounuo.staff.queries import organisation

State = RawMessage.State


def mailboxes(*, active: bool = False) -> QuerySet[Mailbox]:
    """Mailboxes with team and relay, in the order in which they were made."""
    rows = Mailbox.objects.select_related("team", "relay").order_by("id")
    return rows.filter(active=True) if active else rows


def imap_mailbox_ids() -> list[int]:
    """The active mailboxes that are fetched by IMAP."""
    return list(Mailbox.objects.filter(active=True).exclude(imap_host="").values_list("pk", flat=True))


def mailbox(mailbox_id: int) -> Mailbox:
    found = mailboxes().filter(pk=mailbox_id).first()
    if found is None:
        raise NotFound(_("没有这个邮箱"))
    return found


def mailbox_book() -> MailboxBook:
    """The addresses of all active mailboxes; one query."""
    return book_of(Mailbox.objects.filter(active=True).order_by("id"))


def book_of(rows: Iterable[Mailbox]) -> MailboxBook:
    addresses: dict[str, int] = {}
    plus: set[int] = set()
    catch_all: int | None = None
    for box in rows:
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


def raw(raw_id: int) -> RawMessage:
    found = RawMessage.objects.select_related("mailbox").filter(pk=raw_id).first()
    if found is None:
        raise NotFound(_("没有这封邮件"))
    return found


def raw_page(
    states: Sequence[str], *, cursor: str | None = None, limit: int | None = None
) -> tuple[list[RawMessage], str | None]:
    """Raw mails in one of the states, the newest first; one query."""
    size = paging.limit_of(limit)
    rows = RawMessage.objects.select_related("mailbox").filter(state__in=list(states)).order_by("-id")
    if cursor:
        rows = rows.filter(pk__lt=paging.decode(cursor, int)[0])
    found = list(rows[: size + 1])
    more = paging.encode(found[size - 1].pk) if len(found) > size else None
    return found[:size], more


def raws_of_case(case_id: int) -> QuerySet[RawMessage]:
    """Every raw mail that went into the case, duplicates by other ways included."""
    return RawMessage.objects.filter(case_id=case_id).order_by("id")


def raw_counts() -> dict[str, int]:
    """How many raw mails are in each state."""
    rows = RawMessage.objects.values_list("state").annotate(n=Count("id"))
    return dict.fromkeys(State.values, 0) | dict(rows)


def quarantined_count() -> int:
    """How many raw mails wait in quarantine; read from the index by state."""
    return RawMessage.objects.filter(state=State.QUARANTINED).count()


def webhooks() -> QuerySet[Webhook]:
    return Webhook.objects.select_related("person").order_by("id")


def webhook(webhook_id: int) -> Webhook:
    found = webhooks().filter(pk=webhook_id).first()
    if found is None:
        raise NotFound(_("没有这个推送"))
    return found


def deliveries(
    webhook_id: int, *, state: str = "", cursor: str | None = None, limit: int | None = None
) -> tuple[list[Delivery], str | None]:
    """The log of a webhook, the newest first; one query."""
    size = paging.limit_of(limit)
    rows = Delivery.objects.filter(webhook_id=webhook_id).order_by("-id")
    if state:
        rows = rows.filter(state=state)
    if cursor:
        rows = rows.filter(pk__lt=paging.decode(cursor, int)[0])
    found = list(rows[: size + 1])
    more = paging.encode(found[size - 1].pk) if len(found) > size else None
    return found[:size], more


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue of jobs: how many wait, run and failed, and since when the oldest that is due waits."""

    queue: str
    waiting: int
    running: int
    failed: int
    oldest_at: datetime | None


def queues(at: datetime) -> list[QueueState]:
    """How each queue of jobs stands; one query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT j.queue_name, count(*) FILTER (WHERE j.status = 'todo'), count(*) FILTER (WHERE j.status = 'doing'),
              count(*) FILTER (WHERE j.status IN ('failed', 'aborted')),
              min(coalesce(j.scheduled_at, e.at))
                FILTER (WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= %s))
            FROM procrastinate_jobs j
            LEFT JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
            WHERE j.status IN ('todo', 'doing', 'failed', 'aborted')
            GROUP BY 1 ORDER BY 1
            """,
            [at],
        )
        return [QueueState(*row) for row in cursor.fetchall()]


def failures(*, limit: int = 200) -> list[Failure]:
    """Event handlers that have not succeeded yet, those that were given up first."""
    return list(Failure.objects.order_by("next_at", "-last_at")[:limit])


@dataclass(frozen=True, slots=True)
class Intake:
    """How intake stands, for the operations page and metrics."""

    stored: int
    quarantined: int
    last_day: int
    oldest_stored_at: datetime | None
    failing_mailboxes: int


def intake(at: datetime) -> Intake:
    """Three small counts; two queries."""
    oldest = (
        RawMessage.objects.filter(state=State.STORED)
        .order_by("id")
        .values_list("received_at", flat=True)
        .first()
    )
    counts = RawMessage.objects.aggregate(
        stored=Count("id", filter=Q(state=State.STORED)),
        quarantined=Count("id", filter=Q(state=State.QUARANTINED)),
        last_day=Count("id", filter=Q(received_at__gt=at - timedelta(days=1))),
    )
    failing = Mailbox.objects.filter(active=True).exclude(imap_error="").count()
    return Intake(counts["stored"], counts["quarantined"], counts["last_day"], oldest, failing)
