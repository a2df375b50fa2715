"""Two records of one person become one, and for thirty days they can become two again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.customers import events
from shounuo.customers.holders import all_holders
from shounuo.customers.models import ContactPoint, Customer, Merge
from shounuo.customers.permissions import MERGE
from shounuo.customers.queries import UNDO_WITHIN
from shounuo.customers.services.persons import need
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotFound

_FILLED = ("company_id", "title", "region", "segment", "language")


def customers_merge(*, source_id: int, target_id: int, actor: Actor, at: datetime) -> Merge:
    """Gives the target all that the source has: contact points, cases, and what fills the target's empty
    fields.

    Needs customers.merge. Locks both rows in order of id. Raises Invalid, NotFound, Conflict (one is merged
    already); publishes customer.merged on both.
    """
    need(actor, MERGE)
    if source_id == target_id:
        raise Invalid(_("不能把客户并入自己"), field="target")
    with transaction.atomic():
        source, target = _both(source_id, target_id)
        if source.merged_into_id is not None or target.merged_into_id is not None:
            raise Conflict(_("其中一个客户已并入另一个客户"), code="merged")
        points = list(source.contact_points.values_list("id", "primary"))
        has_primary = set(target.contact_points.filter(primary=True).values_list("kind", flat=True))
        source.contact_points.filter(kind__in=has_primary).update(primary=False)
        source.contact_points.update(customer=target)
        filled = {f: getattr(source, f) for f in _FILLED if getattr(source, f) and not getattr(target, f)}
        if source.named and not target.named:
            filled |= {f: getattr(source, f) for f in ("name", "named", "sort_key", "initials")}
        before = {field: getattr(target, field) for field in filled}
        for field, value in filled.items():
            setattr(target, field, value)
        if filled:
            target.save(update_fields=list(filled))
        moved = {h.kind: h.move(source.id, target.id, None) for h in all_holders()}
        source.merged_into = target
        source.save(update_fields=["merged_into"])
        merge = Merge.objects.create(
            source=source,
            target=target,
            moved={"contacts": points, "filled": filled, "before": before, "held": moved},
            at=at,
            actor_id=actor.person_id,
        )
        _tell(events.MERGED, merge, actor, at)
    return merge


def merge_undo(*, merge_id: int, actor: Actor, at: datetime) -> Merge:
    """Takes a merge back within thirty days: what it moved and nobody has changed since goes back.

    Needs customers.merge. Raises NotFound, Conflict (too late, undone already, or the target was merged on:
    undo that first); publishes customer.merge_undone on both.
    """
    need(actor, MERGE)
    with transaction.atomic():
        merge = Merge.objects.select_for_update().filter(pk=merge_id).first()
        if merge is None:
            raise NotFound(_("没有这次合并"))
        if merge.undone_at is not None:
            raise Conflict(_("这次合并已经撤销"), code="undone")
        if at > merge.at + UNDO_WITHIN:
            raise Conflict(_("合并已超过 30 天，不能撤销"), code="too_late")
        source, target = _both(merge.source_id, merge.target_id)
        if target.merged_into_id is not None:
            raise Conflict(_("请先撤销之后的那次合并"), code="merged_on", into=target.merged_into_id)
        for contact_id, primary in merge.moved["contacts"]:
            ContactPoint.objects.filter(pk=contact_id, customer=target).update(
                customer=source, primary=primary
            )
        _keep_primary(target)
        filled, before = merge.moved["filled"], merge.moved["before"]
        restored = [field for field, value in filled.items() if getattr(target, field) == value]
        for field in restored:
            setattr(target, field, before[field])
        if restored:
            target.save(update_fields=restored)
        held = merge.moved["held"]
        for holder in all_holders():
            holder.move(target.id, source.id, held.get(holder.kind, []))
        source.merged_into = None
        source.save(update_fields=["merged_into"])
        merge.undone_at = at
        merge.save(update_fields=["undone_at"])
        _tell(events.MERGE_UNDONE, merge, actor, at)
    return merge


def _both(first_id: int, second_id: int) -> tuple[Customer, Customer]:
    rows = {
        c.id: c
        for c in Customer.objects.select_for_update()
        .filter(id__in=[first_id, second_id], erased_at=None)
        .order_by("id")
    }
    if len(rows) < 2:
        raise NotFound(_("没有这个客户，或它不对您开放"))
    return rows[first_id], rows[second_id]


def _keep_primary(customer: Customer) -> None:
    """Each kind of contact point has a primary one while there is any."""
    rows = list(customer.contact_points.order_by("id"))
    for kind in {row.kind for row in rows} - {row.kind for row in rows if row.primary}:
        first = next(row for row in rows if row.kind == kind)
        first.primary = True
        first.save(update_fields=["primary"])


def _tell(kind: str, merge: Merge, actor: Actor, at: datetime) -> None:
    payload = {"merge": merge.id, "source": merge.source_id, "target": merge.target_id}
    ids = sorted((merge.source_id, merge.target_id))
    publish([NewEvent(kind, ("customer", id), at, actor, payload) for id in ids])
