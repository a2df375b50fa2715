"""What follows from events for cases. Wired in `web.wiring`; each is a job and safe to repeat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shounuo.cases import events, services
from shounuo.cases.models import Case
from shounuo.cases.services import helping
from shounuo.cases.services.holder import customer_told
from shounuo.commitments import records
from shounuo.commitments.models import Clock
from shounuo.customers.models import Merge
from shounuo.duties.kinds import COLLABORATION
from shounuo.events.services import Published
from shounuo.kernel.actors import Actor

# After these a case's search document is no longer right. The first message comes with case.opened.
INDEXED = (
    events.OPENED,
    events.RECEIVED,
    events.SENT,
    events.NOTED,
    events.DESCRIBED,
    events.CUSTOMER_CHANGED,
    events.MERGED,
    events.MERGE_RECEIVED,
    events.MERGE_UNDONE,
    events.MERGE_RETURNED,
    events.SPLIT,
    events.MESSAGE_IMPORTED,
)


def to_index(kind: str, payload: dict[str, Any]) -> bool:
    return not (kind == events.RECEIVED and payload.get("first"))


def index_case(event: Published, at: datetime) -> None:
    """Makes the case's search document anew."""
    services.search_index(event.subject[1])


NAMED_ANEW = ("customer.changed", "customer.contact_added", "customer.contact_removed")


def index_customer(event: Published, at: datetime) -> None:
    """A customer's new name is found on his cases, the newest 500; and may be what their records were waiting for."""
    cases = Case.objects.filter(customer_id=event.subject[1]).order_by("-pk")
    for case_id in cases.values_list("pk", flat=True)[:500]:
        services.search_index(case_id)
    waiting = cases.filter(record_completed_at=None, resolved_at__isnull=False)
    for case_id in waiting.values_list("pk", flat=True)[:500]:
        services.record_check(case_id=case_id, at=at)
    owed = Clock.objects.filter(
        subject_kind="case",
        subject_id__in=cases.values("pk"),
        state__in=[Clock.State.RUNNING, Clock.State.PAUSED, Clock.State.BREACHED],
        met_at=None,
        cancelled_at=None,
    )
    with transaction.atomic():
        records.look(
            [("case", id) for id in owed.order_by().values_list("subject_id", flat=True).distinct()[:500]],
            actor=event.actor,
            at=at,
        )


MERGED = ("customer.merged", "customer.merge_undone")


def customer_merged(event: Published, at: datetime) -> None:
    """The cases that a merge of customers, or its undo, has moved belong to another customer now."""
    source, target = event.payload["source"], event.payload["target"]
    if event.subject[1] != target:  # told on both; once is enough
        return
    merge = Merge.objects.filter(pk=event.payload["merge"]).first()
    moved = merge.moved.get("held", {}).get("cases", []) if merge is not None else []
    now, was = (target, source) if event.kind == "customer.merged" else (source, target)
    customer_told(moved, customer_id=now, was=was, at=event.at)


HELP_OVER = ("duty.cancelled", "duty.missed")


def about_help(kind: str, payload: dict[str, Any]) -> bool:
    return payload.get("kind") == COLLABORATION and str(payload.get("about", "")).startswith("case:")


def help_over(event: Published, at: datetime) -> None:
    """A department's help is no longer asked for: the case that waited for it goes on."""
    helping.help_over(case_id=int(event.payload["about"].partition(":")[2]), actor=Actor.system(), at=at)


def case_closed(event: Published, at: datetime) -> None:
    """Nobody need answer for a case that is over."""
    helping.help_call_off(case_id=event.subject[1], reason=str(_("工单已关闭")), actor=Actor.system(), at=at)
