"""How long mails are kept, and what is taken out when a person asks for it (PIPL)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.audit.retention import Kept
from shounuo.cases.models import Case
from shounuo.cases.queries import held_cases
from shounuo.channels.models import PortalCode, RawMessage
from shounuo.customers.holders import Holder
from shounuo.customers.models import ContactPoint
from shounuo.customers.queries import held_ids
from shounuo.files.services import raw_discard
from shounuo.notices.services import mails_forget, mails_prune

BATCH: Final = 2000
_OPEN: Final = (RawMessage.State.STORED, RawMessage.State.QUARANTINED)
_EMPTY: Final[dict[str, Any]] = {
    "sha256": "",
    "sender": "",
    "subject": "",
    "envelope_from": "",
    "envelope_to": [],
    "message_id": "",
    "peer": "",
    "reason": "",
}


def raws_prune(before: datetime, at: datetime) -> int:
    """Takes out the content of mails that came before the moment, a batch of them, in the caller's transaction; the rows
    stay, so that a message that comes again is still known. What waits in quarantine stays, and what is of a case or
    customer under a legal hold. Then those that we sent. Returns how many."""
    held = held_ids()
    rows = (
        RawMessage.objects.filter(received_at__lt=before)
        .exclude(sha256="")
        .exclude(state__in=_OPEN)
        .exclude(case_id__in=held_cases())
        .exclude(sender__in=ContactPoint.objects.filter(customer__in=held, kind="mail").values("value"))
    )
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if ids:
        return _empty(RawMessage.objects.filter(pk__in=ids), at)
    spared = {"case": set(held_cases().values_list("pk", flat=True)), "customer": held}
    return mails_prune(before=before, spared=spared, at=at, limit=BATCH)


def case_mails_empty(case_id: int, at: datetime) -> None:
    """Empties the raw mails of a case and deletes what was mailed about it: its time is over. Safe to repeat."""
    with transaction.atomic():
        mails_forget([("case", case_id)], at=at)
        _empty(RawMessage.objects.filter(case_id=case_id), at)


RAW_MAIL = Kept(
    "raw_mail",
    _("邮件原文"),
    _("收到和发出满期后删除原文；工单里的往来文字和附件留着。隔离中的不动。"),
    30,
    raws_prune,
)


def _empty(rows: QuerySet[RawMessage], at: datetime) -> int:
    """Empties the rows; the bytes that no other row names go after commit."""
    shas = set(rows.exclude(sha256="").values_list("sha256", flat=True))
    count = rows.update(**_EMPTY)
    shas -= set(RawMessage.objects.filter(sha256__in=shas).values_list("sha256", flat=True))

    def discard() -> None:
        for sha in shas:
            raw_discard(sha, before=at)

    transaction.on_commit(discard)
    return count


def _mails_of(customer_id: int) -> QuerySet[RawMessage]:
    """The raw mails in his cases, and those that he wrote."""
    cases = Case.objects.filter(customer_id=customer_id).values("pk")
    addresses = ContactPoint.objects.filter(customer_id=customer_id, kind="mail").values("value")
    return RawMessage.objects.filter(Q(case_id__in=cases) | Q(sender__in=addresses))


def _export(customer_id: int) -> list[dict[str, Any]]:
    return [
        {
            "received_at": row.received_at.isoformat(),
            "via": row.via,
            "sender": row.sender,
            "subject": row.subject,
            "state": row.state,
        }
        for row in _mails_of(customer_id).order_by("pk")
    ]


def _erase(customer_id: int, at: datetime) -> int:
    """Empties his raw mails, deletes what was mailed to him and his sign-in codes."""
    cases = Case.objects.filter(customer_id=customer_id).values_list("pk", flat=True)
    mails_forget([("customer", customer_id), *(("case", i) for i in cases)], at=at)
    PortalCode.objects.filter(customer_id=customer_id).delete()
    return _empty(_mails_of(customer_id), at)


def _move(source_id: int, target_id: int, ids: list[int] | None) -> list[int]:
    """Raw mails hang on cases and addresses, which move with their own holders."""
    return []


HOLDER = Holder("mails", _move, _export, _erase)
