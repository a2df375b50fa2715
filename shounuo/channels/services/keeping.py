"""How long mails are kept, and what is taken out when a person asks for it (PIPL)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet

from shounuo.audit.services import record
from shounuo.cases.models import Case
from shounuo.channels.models import PortalCode, RawMessage
from shounuo.customers.holders import Holder
from shounuo.customers.models import ContactPoint
from shounuo.files.services import raw_discard
from shounuo.kernel.actors import Actor
from shounuo.notices.services import mails_forget

KEEP_SETTING: Final = "keep_raw_mail_days"
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


def raws_prune(at: datetime, *, keep: timedelta, limit: int = BATCH) -> int:
    """Takes out the content of raw mails that came longer ago than `keep`; the rows stay, so that a
    message that comes again is still known. What waits in quarantine stays. Returns how many; the deletion
    is in the access log.
    """
    with transaction.atomic():
        rows = (
            RawMessage.objects.filter(received_at__lt=at - keep).exclude(sha256="").exclude(state__in=_OPEN)
        )
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
        gone = _empty(RawMessage.objects.filter(pk__in=ids), at)
        if gone:
            record(action="raw.prune", detail={"mails": gone, "days": keep.days}, actor=Actor.system(), at=at)
    return gone


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
