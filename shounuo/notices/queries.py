"""Reading notices and outgoing mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.events import subjects
from shounuo.kernel import paging, prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.notices import kinds
from shounuo.notices.models import Notice, OutgoingMail, QuietHours, Relay, Sending, Way


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice as a list shows it."""

    id: int
    icon: str
    text: str
    url: str
    at: datetime
    is_unread: bool
    urgent: bool


def unread_count(person_id: int) -> int:
    """How many notices the person has not read; one index-only count, at most 100."""
    [(count,)] = prepared.execute(_UNREAD, [person_id])
    return int(count)


_UNREAD = """
SELECT count(*) FROM (SELECT FROM notices_notice WHERE person_id = %s AND read_at IS NULL LIMIT 100) unread"""


def unread(person_id: int) -> QuerySet[Notice]:
    """The person's unread notices, newest first."""
    return Notice.objects.filter(person_id=person_id, read_at=None).order_by("-id")


def list_page(
    actor: Actor, *, cursor: str | None = None, limit: int | None = None, unread_only: bool = False
) -> tuple[list[Shown], str | None]:
    """One's own notices, newest first. Two queries per kind of subject, however many rows.

    What the person may no longer see is told without name and address.
    """
    size = paging.limit_of(limit)
    rows = Notice.objects.filter(person_id=actor.person_id or 0).order_by("-id")
    if unread_only:
        rows = rows.filter(read_at=None)
    if cursor:
        (last,) = paging.decode(cursor, int)
        rows = rows.filter(id__lt=last)
    found = list(rows[: size + 1])
    shown = _shown(actor, found[:size])
    return shown, paging.encode(found[size - 1].id) if len(found) > size else None


def _shown(actor: Actor, notices: list[Notice]) -> list[Shown]:
    ids: dict[str, set[int]] = {}
    for notice in notices:
        if notice.subject_id is not None:
            ids.setdefault(notice.subject_kind, set()).add(notice.subject_id)
    labels: dict[tuple[str, int], str] = {}
    urls: dict[tuple[str, int], str] = {}
    for kind, of_kind in ids.items():
        if (subject := subjects.get(kind)) is None:
            continue
        seen = subject.visible_ids(actor, of_kind)
        for id, label in subject.label(seen).items():
            labels[kind, id], urls[kind, id] = label, subject.url(id)
    out = []
    for notice in notices:
        place = (notice.subject_kind, notice.subject_id or 0)
        kind_ = kinds.get(notice.kind)
        out.append(
            Shown(
                id=notice.id,
                icon=kind_.icon,
                text=kind_.words(labels.get(place, ""), notice.params),
                url=urls.get(place, ""),
                at=notice.at,
                is_unread=notice.read_at is None,
                urgent=notice.urgent,
            )
        )
    return out


def url_of(actor: Actor, notice_id: int) -> str:
    """The page of what one's own notice tells of; NotFound when it is another's or may no longer be seen."""
    notice = Notice.objects.filter(pk=notice_id, person_id=actor.person_id or 0).first()
    shown = _shown(actor, [notice]) if notice is not None else []
    if not shown or not shown[0].url:
        raise NotFound(_("没有这条通知，或它说的事不再对您开放"))
    return shown[0].url


def relays() -> QuerySet[Relay]:
    """The relays, the default one first."""
    return Relay.objects.order_by("-is_default", "name", "id")


def ways() -> QuerySet[Way]:
    """The ways beside bell and mail, by name."""
    return Way.objects.order_by("kind", "name", "id")


def quiet_hours() -> dict[str, QuietHours]:
    """The quiet hours by role; one query."""
    return {q.role: q for q in QuietHours.objects.all()}


def sendings(*, state: str = "", cursor: str | None = None) -> tuple[list[Sending], str | None]:
    """What went over the ways, newest first, a page at a time; one query."""
    size = paging.limit_of(None)
    rows = Sending.objects.select_related("way").order_by("-id")
    if state:
        rows = rows.filter(state=state)
    if cursor:
        (last,) = paging.decode(cursor, int)
        rows = rows.filter(id__lt=last)
    found = list(rows[: size + 1])
    return found[:size], paging.encode(found[size - 1].pk) if len(found) > size else None


def mails_of(kind: str, id: int) -> QuerySet[OutgoingMail]:
    """Outgoing mails about a subject; the caller holds the subject already."""
    return OutgoingMail.objects.filter(subject_kind=kind, subject_id=id).order_by("id")


def held_up(kind: str, id: int) -> dict[int, str]:
    """Of the mails about a subject that have been tried in vain and will be tried again: why, by what they were made from."""
    rows = mails_of(kind, id).filter(state=OutgoingMail.State.QUEUED, ref__isnull=False).exclude(error="")
    return {ref: error for ref, error in rows.values_list("ref", "error") if ref is not None}


def failed_mails(*, limit: int = 100) -> list[OutgoingMail]:
    """The latest failures, for the operations page."""
    rows = OutgoingMail.objects.filter(state=OutgoingMail.State.FAILED)
    return list(rows.select_related("relay").order_by("-id")[:limit])


def mail_figures() -> dict[str, Any]:
    """Queued, failed and the oldest waiting, for operations and metrics."""
    queued = OutgoingMail.objects.filter(state=OutgoingMail.State.QUEUED)
    return {
        "queued": queued.count(),
        "oldest": queued.order_by("created_at").values_list("created_at", flat=True).first(),
        "failed": OutgoingMail.objects.filter(state=OutgoingMail.State.FAILED).count(),
    }
