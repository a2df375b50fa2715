"""How long things are kept: set per kind, carried out every night."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from shounuo.audit import events
from shounuo.audit.models import Entry, Pruning, Retention, Seal
from shounuo.audit.permissions import RETAIN
from shounuo.audit.retention import Kept, all_kinds
from shounuo.audit.services import sealing
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound

log = logging.getLogger("shounuo.audit")
MOST_DAYS = 36_500
LOG_LEAST = 183  # six months: 网络安全法, article 21
_SEALS_AT_ONCE = 3


def retention_set(*, kind: str, days: int | None, actor: Actor, at: datetime) -> None:
    """Keeps a kind for so many days, for ever with None. Needs audit.retain; Invalid (field days) outside of what its kind
    allows. Event: retention.changed."""
    if not actor.may(RETAIN):
        raise NotAllowed(_("您没有设置保存期限的权限"))
    kept = next((k for k in all_kinds() if k.code == kind), None)
    if kept is None:
        raise NotFound(_("没有这一类"))
    if days is not None and not kept.least <= days <= MOST_DAYS:
        raise Invalid(
            _("须在 %(least)s 到 %(most)s 天之间") % {"least": kept.least, "most": MOST_DAYS},
            field="days",
            code="bad_days",
        )
    with transaction.atomic():
        row, _made = Retention.objects.select_for_update().get_or_create(kind=kind)
        was, row.days = row.days, days
        if was != days:
            row.save()
            payload = {"kind": kind, "days": days, "was": was}
            publish([NewEvent(events.RETENTION_CHANGED, ("organisation", 1), at, actor, payload)])


def retention_run(*, at: datetime) -> dict[str, int]:
    """Takes out what is past its time, kind by kind, each batch a transaction of its own; returns how many by kind.

    What stands under a hold stays. Each batch publishes retention.pruned, which is in the log. A kind that fails does not
    keep the others waiting; the first failure is raised at the end, so that the job shows it.
    """
    days = dict(Retention.objects.exclude(days=None).values_list("kind", "days"))
    taken: dict[str, int] = {}
    failure: Exception | None = None
    for kept in all_kinds():
        if (keep := days.get(kept.code)) is None:
            continue
        try:
            taken[kept.code] = _take(kept, keep, at)
        except Exception as error:
            log.exception("retention of %s failed", kept.code)
            failure = failure or error
    if failure is not None:
        raise failure
    return taken


def _take(kept: Kept, days: int, at: datetime) -> int:
    before, total = at - timedelta(days=days), 0
    while True:
        with transaction.atomic():
            count = kept.prune(before, at)
            if not count:
                return total
            payload = {"kind": kept.code, "days": days, "count": count}
            event = NewEvent(events.RETENTION_PRUNED, ("organisation", 1), at, Actor.system(), payload)
            publish([event])
        total += count


def _log_prune(before: datetime, at: datetime) -> int:
    """Whole seals alone, the oldest first: their rows go, they stay with what they prove, and a signed row says how far
    they are gone. The database lets go of nothing that no such row names."""
    with connection.cursor() as cursor:  # one at a time, and not beside a sealer
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('audit.seal.audit'))")
    through = sealing.pruned_through("audit")
    last: Seal | None = None
    for seal in Seal.objects.filter(source="audit", first_id__gt=through).order_by("first_id")[
        :_SEALS_AT_ONCE
    ]:
        newest = Entry.objects.filter(id__range=(seal.first_id, seal.last_id)).aggregate(at=Max("at"))["at"]
        if newest is None or newest >= before:
            break
        last = seal
    if last is None:
        return 0
    Pruning.objects.create(
        source="audit",
        through_id=last.last_id,
        signature=sealing.pruning_sign("audit", last.last_id, last.digest),
        at=at,
    )
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE id BETWEEN %s AND %s", [through + 1, last.last_id])
        return cursor.rowcount


ACCESS_LOG = Kept(
    "access_log",
    _("操作日志"),
    _("到期的日志整段删除；封存的指纹留着，可以证明删的是哪一段、没有改过别的。"),
    LOG_LEAST,
    _log_prune,
)
