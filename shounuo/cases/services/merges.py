"""Joining and parting cases: merge with its undo, split, links."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.models import Case, Interaction, Link, Mention, Merge, Plan
from shounuo.cases.queries.visibility import not_found
from shounuo.cases.rules import states
from shounuo.cases.services import attachments, writing
from shounuo.cases.services.changing import Change, changing, check_version, lock_pair, merged
from shounuo.events.services import publish
from shounuo.files.services import files_move
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed

UNDO_FOR = timedelta(days=30)
# Columns of the source that a merge changes and its undo puts back.
_KEPT = ("status", "closed_at", "closed_how", "close_at", "wait_until", "wait_reason", "unanswered")
# Columns of the target that are counted anew.
_COUNTED = ("unanswered", "last_in_at", "last_out_at")


def cases_merge(
    *,
    source_id: int,
    target_id: int,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """The source goes up in the target: its messages, plans, mentions and files move there, it closes with a pointer,
    and later messages follow that. Tags and helpers are joined. Can be undone for 30 days. Gives the target.

    Both must be seen by the actor and belong to one customer, whose page shows them. A resolved or closed target
    takes only what is itself resolved or closed. Events: case.merged on the source, case.merge_received on the target.
    """
    if source_id == target_id:
        raise Invalid(_("不能并入自己"), field="target", code="same_case")
    with transaction.atomic():
        source, target = lock_pair(source_id, target_id, actor=actor, at=at)
        check_version(source.case, expected_version)
        source.decide("merge")
        target.decide("merge")
        _fit(source.case, target.case)
        before = _columns(source.case, _KEPT)
        target_before = _columns(target.case, _COUNTED)
        moved = _move_all(source, target)
        moved["before"] = before
        moved["target"] = {"version": target.version, **target_before}
        if source.case.unanswered:
            target.set(unanswered=True)
        _count_last(target)
        tags = [t for t in source.case.tags if t not in target.case.tags]
        moved["tags"] = tags
        if tags:
            target.set(tags=[*target.case.tags, *tags])
        source.set(
            status=states.CLOSED,
            closed_at=source.case.closed_at or at,
            closed_how=Case.Closing.MERGED.value,
            close_at=None,
            wait_until=None,
            wait_reason="",
            unanswered=False,
            merged_into_id=target.case.pk,
        )
        Merge.objects.create(
            source=source.case, target=target.case, moved=moved, at=at, person_id=actor.person_id
        )
        source.tell(events.MERGED, into=target.case.pk)
        target.tell(events.MERGE_RECEIVED, source=source.case.pk, interactions=len(moved["interactions"]))
        _finish(source, target)
    return target.case


def merge_undo(*, merge_id: int, actor: Actor, at: datetime) -> Case:
    """Takes a merge apart again, within 30 days: what it moved goes back as far as it is still there, the source is
    as it was, what the target got since stays. Gives the source.

    Conflict when it was undone, is too old, or the target has itself been merged. Events: case.merge_undone on the
    source, case.merge_returned on the target.
    """
    with transaction.atomic():
        merge = Merge.objects.filter(pk=merge_id).first()
        if merge is None:
            raise not_found()
        source, target = lock_pair(merge.source_id, merge.target_id, actor=actor, at=at)
        merge = Merge.objects.select_for_update().get(pk=merge_id)
        if merge.undone_at is not None:
            raise Conflict(_("这次合并已经撤销"), code="already_undone")
        if at - merge.at > UNDO_FOR:
            raise Conflict(_("合并超过 30 天，不能撤销"), code="too_late")
        if target.case.merged_into_id is not None:
            raise merged(target.case)
        source.decide("merge")
        target.decide("merge")
        moved: dict[str, Any] = merge.moved
        returned = _return_all(moved, source, target)
        target.set(tags=[t for t in target.case.tags if t not in moved["tags"]])
        source.set(merged_into_id=None, **_values(moved["before"]))
        then = dict(moved["target"])
        if then.pop("version") == target.case.version:  # nobody wrote on it since: exactly as it was
            target.set(**_values(then))
        else:
            _count_last(target)
            _recount_unanswered(target.case, target)
        merge.undone_at = at
        merge.save(update_fields=["undone_at"])
        source.tell(events.MERGE_UNDONE, source=target.case.pk)
        target.tell(events.MERGE_RETURNED, source=source.case.pk, interactions=returned)
        _finish(source, target)
    return source.case


def case_split(
    *,
    interaction_id: int,
    subject: str,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """Makes a case of its own of one customer message, with its files, linked to where it was. Gives the new case.

    It opens now, in the same team, with no owner. Conflict when the message is all that the case has. Events:
    case.split on the old case, case.opened and interaction.received on the new one.
    """
    found = Interaction.objects.filter(pk=interaction_id).first()
    if found is None:
        raise not_found()
    with changing(found.case_id, "split", actor=actor, at=at, expected_version=expected_version) as change:
        old = change.case
        interaction = Interaction.objects.select_for_update(of=("self",)).get(pk=interaction_id)
        if interaction.case_id != old.pk:
            raise Conflict(_("这条消息已移到另一张工单"), code="moved")
        if interaction.direction != Interaction.Direction.IN:
            raise Invalid(_("只能拆出客户的来信"), field="interaction", code="not_from_customer")
        if not old.interactions.filter(direction="in").exclude(pk=interaction.pk).exists():
            raise Conflict(_("工单只有这一条来信，不能拆分"), code="only_message")
        new = Case(
            kind=old.kind,
            priority=old.priority,
            status=states.NEW,
            channel=interaction.channel,
            channel_class=old.channel_class,
            subject=writing.subject_of(subject, interaction.text),
            customer_id=interaction.customer_id or old.customer_id,
            team_id=old.team_id,
            mailbox_id=old.mailbox_id,
            opened_at=at,
            updated_at=at,
            last_in_at=at,
            unanswered=interaction.channel not in writing.SPOKEN,
            version=1,
        )
        new.save(force_insert=True)
        Interaction.objects.filter(pk=interaction.pk).update(case_id=new.pk)
        attachments.move(old, new, [interaction.pk])
        Link.objects.create(source=old, target=new, kind=Link.Kind.SPLIT, at=at)
        opened = Change(new, actor, at, version=1)
        opened.tell(
            events.OPENED,
            channel=new.channel,
            channel_class=new.channel_class,
            kind=new.kind,
            priority=new.priority,
            customer=new.customer_id,
            team=new.team_id,
            mailbox=new.mailbox_id,
            split_from=old.pk,
        )
        opened.tell(
            events.RECEIVED,
            interaction=interaction.pk,
            channel=interaction.channel,
            first=True,
            automatic=interaction.automatic,
            by_kind=actor.kind,
            waiting=False,
        )
        _count_last(change)
        _recount_unanswered(old, change)
        change.tell(events.SPLIT, into=new.pk, interaction=interaction.pk)
        change.news.extend(opened.news)
    return new


def cases_link(*, source_id: int, target_id: int, kind: str = "related", actor: Actor, at: datetime) -> Link:
    """Ties two cases; `parent`: the source is the parent. Tying them again changes nothing. Event: case.linked on
    both."""
    if kind not in (Link.Kind.RELATED, Link.Kind.PARENT):
        raise Invalid(
            _("“%(value)s”不在可选范围内") % {"value": str(kind)[:40]}, field="kind", code="bad_choice"
        )
    if source_id == target_id:
        raise Invalid(_("不能关联自己"), field="target", code="same_case")
    with transaction.atomic():
        source, target = lock_pair(source_id, target_id, actor=actor, at=at)
        source.decide("link")
        target.decide("link")
        pair = Q(source=source_id, target=target_id) | Q(source=target_id, target=source_id)
        known = Link.objects.filter(pair, kind=kind).first()
        if known is not None:
            if kind == Link.Kind.PARENT and known.source_id != source_id:
                raise Conflict(_("这张工单已是它的上级"), code="reversed_parent")
            return known
        link = Link.objects.create(source_id=source_id, target_id=target_id, kind=kind, at=at)
        source.tell(events.LINKED, other=target_id, link=kind)
        target.tell(events.LINKED, other=source_id, link=kind)
        _finish(source, target)
    return link


def cases_unlink(*, link_id: int, actor: Actor, at: datetime) -> None:
    """Unties two cases; the tie of a split stays. Event: case.unlinked on both."""
    with transaction.atomic():
        link = Link.objects.filter(pk=link_id).first()
        if link is None:
            raise not_found()
        source, target = lock_pair(link.source_id, link.target_id, actor=actor, at=at)
        source.decide("link")
        if link.kind == Link.Kind.SPLIT:
            raise NotAllowed(_("拆分留下的关联不能取消"))
        link.delete()
        source.tell(events.UNLINKED, other=target.case.pk, link=link.kind)
        target.tell(events.UNLINKED, other=source.case.pk, link=link.kind)
        _finish(source, target)


def _fit(source: Case, target: Case) -> None:
    for case in (source, target):
        if case.merged_into_id is not None:
            raise merged(case)
    if source.customer_id != target.customer_id:
        raise Conflict(_("两张工单属于不同客户：请先合并客户，或只作关联"), code="other_customer")
    if target.status in states.DONE and source.status not in states.DONE:
        raise Conflict(_("目标工单已解决，请先重新打开"), code="target_done")


def _move_all(source: Change, target: Change) -> dict[str, Any]:
    """Moves what hangs on the source and says what it was."""
    old, new = source.case, target.case
    interactions = sorted(old.interactions.values_list("pk", flat=True))
    plans = sorted(old.plans.values_list("pk", flat=True))
    withdrawn = None
    if new.plans.filter(chosen_at=None, withdrawn_at=None).exists():
        open_plan = old.plans.filter(chosen_at=None, withdrawn_at=None).first()
        if open_plan is not None:
            withdrawn = open_plan.pk
            Plan.objects.filter(pk=withdrawn).update(withdrawn_at=target.at)
    Plan.objects.filter(pk__in=plans).update(case_id=new.pk)
    mentions = sorted(old.mentions.values_list("pk", flat=True))
    Mention.objects.filter(pk__in=mentions).update(case_id=new.pk)
    Interaction.objects.filter(pk__in=interactions).update(case_id=new.pk)
    files = attachments.move(old, new, None)
    helpers = sorted(
        set(old.helpers.values_list("pk", flat=True))
        - set(new.helpers.values_list("pk", flat=True))
        - {new.owner_id}
    )
    new.helpers.add(*helpers)
    return {
        "interactions": interactions,
        "plans": plans,
        "withdrawn": withdrawn,
        "mentions": mentions,
        "files": files,
        "helpers": helpers,
    }


def _return_all(moved: dict[str, Any], source: Change, target: Change) -> int:
    old, new = source.case, target.case
    still = Q(case_id=new.pk)
    if moved["withdrawn"] is not None:
        Plan.objects.filter(still, pk=moved["withdrawn"]).update(withdrawn_at=None, case_id=old.pk)
    Plan.objects.filter(still, pk__in=moved["plans"]).update(case_id=old.pk)
    Mention.objects.filter(still, pk__in=moved["mentions"]).update(case_id=old.pk)
    returned = Interaction.objects.filter(still, pk__in=moved["interactions"]).update(case_id=old.pk)
    files_move(source=("case", new.pk), target=("case", old.pk), ids=moved["files"])
    new.helpers.remove(*moved["helpers"])
    return returned


def _count_last(change: Change) -> None:
    """When the customer and we last wrote, as the messages now on the case say."""
    rows = Interaction.objects.filter(case_id=change.case.pk)
    last = rows.aggregate(
        came=Max("at", filter=Q(direction="in")),
        went=Max("at", filter=Q(direction="out", automatic=False) & ~Q(state="failed")),
    )
    change.set(last_in_at=last["came"], last_out_at=last["went"])


def _recount_unanswered(case: Case, change: Change) -> None:
    came, went = case.last_in_at, case.last_out_at
    if came is None or (went is not None and went >= came):
        change.set(unanswered=False)


def _finish(source: Change, target: Change) -> None:
    """Saves both and publishes their events in one statement, in which the streams are locked in one order."""
    news = [*source.news, *target.news]
    source.news, target.news = [], []
    source.write()
    target.write()
    publish(news)


def _columns(case: Case, names: tuple[str, ...]) -> dict[str, Any]:
    """Columns as JSON can keep them."""
    values = {name: getattr(case, name) for name in names}
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}


def _values(columns: dict[str, Any]) -> dict[str, Any]:
    """Columns as they were before `_columns`: the moments among them are those named `_at` or `_until`."""
    return {
        k: parse_datetime(v) if v is not None and k.endswith(("_at", "_until")) else v
        for k, v in columns.items()
    }
