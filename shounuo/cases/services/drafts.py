"""What is not yet said: drafts, who looks at a case now, how far one has read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Draft, Mention, Reading, Viewer
from shounuo.cases.queries.presence import Present, present
from shounuo.cases.queries.visibility import not_found, visible_to
from shounuo.cases.services.changing import staff_only
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, TooLarge

MODES = ("out", "note", "propose", "phone", "visit")
MAX_BYTES = 200_000


def draft_save(
    *, case_id: int | None, mode: str, body: Mapping[str, Any], actor: Actor, at: datetime
) -> Draft | None:
    """Keeps what the person has typed, one per case and mode, seen by himself alone. An empty body removes it."""
    me = staff_only(actor)
    if mode not in MODES:
        raise Invalid(_("没有这种草稿"), field="mode", code="bad_choice")
    kept = {k: v for k, v in body.items() if v not in (None, "", [], {})}
    text = json.dumps(kept, ensure_ascii=False).replace("\\u0000", "")
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise TooLarge(_("草稿太大"), field="body")
    if case_id is not None:
        _seen(actor, case_id)
    mine = _drafts(me, case_id, mode)
    if not kept:
        mine.delete()
        return None
    draft = Draft(
        person_id=me,
        case_id=case_id,
        mode=mode,
        body=json.loads(text.encode("utf-8", "replace")),
        saved_at=at,
    )
    Draft.objects.bulk_create(
        [draft],
        update_conflicts=True,
        unique_fields=["person", "case", "mode"],
        update_fields=["body", "saved_at"],
    )
    return draft


def draft_drop(*, case_id: int | None, mode: str, actor: Actor, at: datetime) -> None:
    """Throws a draft of one's own away."""
    _drafts(staff_only(actor), case_id, mode).delete()


def viewer_seen(*, case_id: int, writing: bool = False, actor: Actor, at: datetime) -> list[Present]:
    """The person has the case open now (the page says so every few seconds); gives who else has, and who writes."""
    me = staff_only(actor)
    _seen(actor, case_id)
    Viewer.objects.bulk_create(
        [Viewer(case_id=case_id, person_id=me, seen_at=at, writing=writing)],
        update_conflicts=True,
        unique_fields=["case", "person"],
        update_fields=["seen_at", "writing"],
    )
    return [p for p in present(case_id, at) if p.person_id != me]


def viewer_left(*, case_id: int, actor: Actor, at: datetime) -> None:
    """The person has closed the case's page."""
    Viewer.objects.filter(case_id=case_id, person_id=staff_only(actor)).delete()


def mark_read(*, case_id: int, actor: Actor, at: datetime) -> None:
    """The person has read the case to here, and what he was mentioned in."""
    me = staff_only(actor)
    _seen(actor, case_id)
    with transaction.atomic():
        Reading.objects.bulk_create(
            [Reading(case_id=case_id, person_id=me, read_at=at)],
            update_conflicts=True,
            unique_fields=["case", "person"],
            update_fields=["read_at"],
        )
        Mention.objects.filter(case_id=case_id, person_id=me, seen_at=None).update(seen_at=at)


def viewers_forget(*, at: datetime) -> int:
    """Removes marks of presence older than an hour: they mean nothing."""
    return Viewer.objects.filter(seen_at__lt=at - timedelta(hours=1)).delete()[0]


def _seen(actor: Actor, case_id: int) -> None:
    if not visible_to(actor).filter(pk=case_id).exists():
        raise not_found()


def _drafts(person_id: int, case_id: int | None, mode: str) -> QuerySet[Draft]:
    of_case = Q(case=None) if case_id is None else Q(case_id=case_id)
    return Draft.objects.filter(of_case, person_id=person_id, mode=mode)
