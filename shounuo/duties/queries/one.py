"""One duty, its evidence, and duties by what they are about or come back as."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import get_language

from shounuo.duties.models import Duty, Evidence
from shounuo.duties.queries.visibility import not_found, visible_ids
from shounuo.events import subjects
from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed


def spoken_title(duty: Duty) -> str:
    """The title in the reader's language, where there is an English one."""
    return duty.title_en if duty.title_en and not (get_language() or "zh").startswith("zh") else duty.title


def get(actor: Actor, duty_id: int) -> Duty:
    """The duty with its people and team; NotFound also when the actor may not see it."""
    rows = Duty.objects.select_related("owner", "team", "ended_by", "created_by")
    duty = rows.filter(pk=duty_id).first() if 0 < duty_id < 2**63 else None
    if duty is None or not visible_ids(actor, [duty_id]):
        raise not_found()
    return duty


def of_subject(actor: Actor, kind: str, id: int) -> list[Duty]:
    """The duties about a thing that the actor may see, open ones first by when they are owed, then the ended ones, the
    last first; none when he may not see it. At most a hundred."""
    subject = subjects.get(kind)
    if subject is None or id not in subject.visible_ids(actor, [id]):
        return []
    return about(kind, [id])


def about(kind: str, ids: Iterable[int]) -> list[Duty]:
    """The duties about things that the caller holds already, in the order of `of_subject`; one query."""
    found = _about.objects(None, kind, **{f"id{n}": id for n, id in enumerate(ids)})
    live = sorted(
        (d for d in found if d.is_open), key=lambda d: (d.owed_at is None, d.owed_at or d.opens_at, d.pk)
    )
    return live + sorted(
        (d for d in found if not d.is_open), key=lambda d: d.ended_at or d.opens_at, reverse=True
    )


@Composed
def _about(_actor: None, kind: str, **ids: int) -> QuerySet[Duty]:
    rows = Duty.objects.filter(subject_kind=kind, subject_id__in=list(ids.values()))
    return rows.select_related("owner", "team", "ended_by").order_by("-id")[:100]


def evidence_of(duty_ids: Iterable[int]) -> dict[int, list[Evidence]]:
    """What shows that the duties were done, last first; one query. The caller holds the duties already."""
    found: dict[int, list[Evidence]] = {}
    for row in Evidence.objects.filter(duty_id__in=list(duty_ids)).select_related("person").order_by("-id"):
        found.setdefault(row.duty_id, []).append(row)
    return found


def of_series(series: str, *, since: datetime | None = None) -> QuerySet[Duty]:
    """The duties that came back as one another, latest period first. Not limited to what somebody may see: for figures."""
    rows = Duty.objects.filter(series=series).order_by("-opens_at", "-id")
    return rows.filter(opens_at__gte=since) if since is not None else rows


def open_in_series(series: str, subject: tuple[str, int] | None, at: datetime) -> Duty | None:
    """The duty of a series that an activity at this moment is proof of: of the period that it lies in (not done yet, the
    first of several), else the oldest one that is still owed. Locked; needs a transaction."""
    rows = Duty.objects.select_for_update(of=("self",)).filter(
        series=series,
        subject_kind=subject[0] if subject is not None else "",
        subject_id=subject[1] if subject is not None else None,
        state=Duty.State.OPEN,
        opens_at__lte=at,
    )
    waiting = list(rows.order_by("opens_at", "id"))
    now = [d for d in waiting if d.due_at is None or d.due_at >= at]
    return (now or waiting or [None])[0]  # type: ignore[list-item]
