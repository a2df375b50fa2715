"""Telling people of the staff: the bell at once, a mail by preference and in their duty time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from shounuo.events.services import CHANNEL
from shounuo.kernel.actors import Actor
from shounuo.notices.composing import notice_words
from shounuo.notices.models import Notice, Relay, Sending
from shounuo.notices.rules import wants_mail
from shounuo.notices.services.mail import staff_mail_queue
from shounuo.staff import queries as staff


def notify(
    *,
    key: str,
    person_ids: Iterable[int],
    kind: str,
    params: dict[str, Any] | None = None,
    subject: tuple[str, int] | None = None,
    urgent: bool = False,
    mail: bool = True,
    mail_at: datetime | None = None,
    at: datetime,
) -> list[Notice]:
    """Tells each active person once per key; returns the notices that are new. In the caller's transaction.

    The bell rings on open pages at commit. A mail follows for those who want one (`mail_notices` in the
    preferences: all, urgent, none; urgent when nothing is set): at once when urgent, else when the person is
    next on duty. With `mail_at` it goes to everyone who has not said no to mails, not before that moment; none where
    `mail` is False, because the caller sends one of his own. `params` hold codes and numbers only.
    """
    people = {p.id: p for p in staff.people().filter(id__in=set(person_ids))}
    if not people:
        return []
    with transaction.atomic():
        keys = {f"{key}:{id}": id for id in people}
        told = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True))
        fresh = Notice.objects.bulk_create(
            [
                Notice(
                    person_id=id,
                    key=one,
                    kind=kind,
                    params=params or {},
                    subject_kind=subject[0] if subject else "",
                    subject_id=subject[1] if subject else None,
                    urgent=urgent,
                    at=at,
                )
                for one, id in keys.items()
                if one not in told
            ],
            ignore_conflicts=True,
        )
        if not fresh:
            return []
        _ring(n.person_id for n in fresh)
        mailed = [
            n
            for n in fresh
            if mail
            and people[n.person_id].mail
            and wants_mail(people[n.person_id].preferences.get("mail_notices"), urgent or mail_at is not None)
        ]
        if mailed and (relay := Relay.objects.filter(is_default=True).first()) is not None:
            since = {} if urgent else staff.duty_from([n.person_id for n in mailed], at)
            for notice in mailed:
                person = people[notice.person_id]
                staff_mail_queue(
                    person=person,
                    relay=relay,
                    key=f"notice:{notice.key}",
                    words=notice_words(notice, person),
                    not_before=max(
                        (m for m in (since.get(person.id), mail_at) if m is not None), default=None
                    ),
                    at=at,
                )
    return fresh


def mark_read(*, notice_ids: Iterable[int], actor: Actor, at: datetime) -> int:
    """Marks one's own notices as read; those of others are left alone. Returns how many were unread."""
    rows = Notice.objects.filter(id__in=list(notice_ids), person_id=actor.person_id or 0, read_at=None)
    return rows.update(read_at=at)


def mark_all_read(*, actor: Actor, at: datetime, subject: tuple[str, int] | None = None) -> int:
    """Marks all of one's own notices as read, or those about one subject (its page was opened)."""
    rows = Notice.objects.filter(person_id=actor.person_id or 0, read_at=None)
    if subject is not None:
        rows = rows.filter(subject_kind=subject[0], subject_id=subject[1])
    return rows.update(read_at=at)


def notices_prune(at: datetime, *, keep: timedelta = timedelta(days=90)) -> int:
    """Deletes the notices older than `keep`, read or not, and what was sent over ways as long ago."""
    Sending.objects.filter(created_at__lt=at - keep).delete()
    return Notice.objects.filter(at__lt=at - keep).delete()[0]


def _ring(person_ids: Iterable[int]) -> None:
    """Live pages hear of it at commit, under the person's own topic."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "SELECT pg_notify(%s, %s)",
            [[CHANNEL, f'{{"person:{id}":["notice.made"]}}'] for id in sorted(set(person_ids))],
        )
