"""What cases keep of a customer: moved when he is merged, copied and erased when he asks (PIPL)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from shounuo.audit.services import check_free
from shounuo.cases import events
from shounuo.cases.models import Case, Interaction, SearchText
from shounuo.cases.services.changing import Change
from shounuo.cases.services.retention import interactions_erase, words_erase
from shounuo.customers.holders import Holder
from shounuo.events.services import NewEvent, publish
from shounuo.files.services import files_remove
from shounuo.kernel.actors import Actor


def move(source_id: int, target_id: int, ids: list[int] | None) -> list[int]:
    """Gives the target the source's cases (of `ids` only those that are still his). What it means to each case
    (case.customer_changed) is told after commit by `subscribers.customer_merged`, which knows the moment."""
    rows = Case.objects.select_for_update(of=("self",)).filter(customer_id=source_id).order_by("pk")
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    moved = list(rows.values_list("pk", flat=True))
    Case.objects.filter(pk__in=moved).update(customer_id=target_id)
    return moved


def customer_told(case_ids: Iterable[int], *, customer_id: int, was: int, at: datetime) -> None:
    """Publishes case.customer_changed on those of the cases that the customer has now."""
    with transaction.atomic():
        rows = Case.objects.select_for_update(of=("self",)).filter(
            pk__in=list(case_ids), customer_id=customer_id
        )
        changes = [Change(case, Actor.system(), at) for case in rows.order_by("pk")]
        news: list[NewEvent] = []
        for change in changes:
            change.tell(events.CUSTOMER_CHANGED, customer=customer_id, was=was)
            news += change.news
            change.write()
        publish(news)


def export(customer_id: int) -> list[dict[str, Any]]:
    """His cases with what was said to and by him; notes about him too, since they are data about him."""
    cases = Case.objects.filter(customer_id=customer_id).select_related("topic").order_by("pk")
    said: dict[int, list[dict[str, Any]]] = {}
    for i in Interaction.objects.filter(case__in=cases).order_by("at", "pk"):
        said.setdefault(i.case_id, []).append(
            {
                "direction": i.direction,
                "channel": i.channel,
                "at": i.at.isoformat(),
                "sender": i.sender,
                "recipients": list(i.recipients),
                "text": i.text,
            }
        )
    return [
        {
            "number": c.number,
            "kind": c.kind,
            "status": c.status,
            "channel": c.channel,
            "subject": c.subject,
            "topic": c.topic.full_name if c.topic is not None else "",
            "difficulty": c.difficulty,
            "custom": c.custom,
            "opened_at": c.opened_at.isoformat(),
            "resolved_at": c.resolved_at.isoformat() if c.resolved_at is not None else None,
            "closed_at": c.closed_at.isoformat() if c.closed_at is not None else None,
            "resolution": c.resolution,
            "feedback": c.feedback,
            "messages": said.get(c.pk, []),
        }
        for c in cases
    ]


def erase(customer_id: int, at: datetime) -> int:
    """Takes every word of his cases out for good (`retention.words_erase`). What he wrote on another's case goes too. Gives
    how many cases. Conflict `held` when one of them stands under a legal hold."""
    ids = list(Case.objects.filter(customer_id=customer_id).values_list("pk", flat=True))
    check_free("case", ids)
    elsewhere = Interaction.objects.filter(customer_id=customer_id).exclude(case_id__in=ids)
    others = set(elsewhere.values_list("case_id", flat=True))
    check_free("case", others)
    for case_id, ref in elsewhere.values_list("case_id", "pk"):
        files_remove(subject=("case", case_id), refs=[ref])
    SearchText.objects.filter(case_id__in=others).delete()
    interactions_erase(elsewhere)
    words_erase(ids)
    Case.objects.filter(pk__in=ids).update(erased_at=at)
    return len(ids)


HOLDER = Holder(kind="cases", move=move, export=export, erase=erase)
