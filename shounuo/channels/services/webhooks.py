"""Telling other systems what happened: signed, tried again with growing waits, each try written down.

A webhook reads the event log from its own position, as an API reader does, so that it misses nothing and
costs nothing while there is none. Deliveries may come twice and out of order; the event's id and `seq` tell.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from shounuo.audit.services import record
from shounuo.channels import events, permissions, rules, wire
from shounuo.channels.models import Delivery, Webhook
from shounuo.events import queries as event_log
from shounuo.events import registry
from shounuo.events.models import Event
from shounuo.events.services import NewEvent, publish
from shounuo.kernel import egress, paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound, Problem
from shounuo.kernel.secrets import decrypt, encrypt, new_token
from shounuo.kernel.text import clean_line
from shounuo.staff.queries import actor_for

DELIVER_TASK: Final = "channels.webhook_deliver"
QUEUE: Final = "webhooks"
PUMP_LIMIT: Final = 500
MAX_WEBHOOKS: Final = 50


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The header `Shounuo-Signature`: HMAC-SHA256 over `timestamp.body`. A receiver refuses old
    timestamps.
    """
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def webhook_create(
    *, name: str, url: str, kinds: Sequence[str], actor: Actor, at: datetime
) -> tuple[Webhook, str]:
    """A webhook that tells what its maker may see from now on, and its secret in clear, this once.

    `kinds` are event kinds, or beginnings such as `case.*`, or `*`. Event: webhook.created.
    """
    person_id = _manager(actor)
    wanted = _kinds(kinds)
    address = _url(url)
    if Webhook.objects.count() >= MAX_WEBHOOKS:
        raise Invalid(_("推送数量已到上限"), code="too_many_webhooks")
    secret = new_token("whsec_")
    with transaction.atomic():
        webhook = Webhook.objects.create(
            name=_name(name),
            url=address,
            secret=encrypt(secret),
            kinds=wanted,
            person_id=person_id,
            position=paging.encode(*event_log.end()),
            created_at=at,
        )
        publish([NewEvent(events.WEBHOOK_CREATED, ("webhook", webhook.pk), at, actor, {})])
    return webhook, secret


def webhook_change(
    *,
    webhook_id: int,
    name: str | None = None,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    active: bool | None = None,
    actor: Actor,
    at: datetime,
) -> Webhook:
    """Changes what is given. One that is switched on again goes on from now. Event: webhook.changed."""
    _manager(actor)
    with transaction.atomic():
        webhook = _locked(webhook_id)
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = _name(name)
        if url is not None:
            values["url"] = _url(url)
        if kinds is not None:
            values["kinds"] = _kinds(kinds)
        if active is not None and active != webhook.active:
            values["active"] = active
            if active:
                values |= {"position": paging.encode(*event_log.end()), "failing_since": None}
        changed = {k: v for k, v in values.items() if getattr(webhook, k) != v}
        for key, value in changed.items():
            setattr(webhook, key, value)
        if changed:
            webhook.save(update_fields=list(changed))
            fields = sorted(changed)
            publish(
                [NewEvent(events.WEBHOOK_CHANGED, ("webhook", webhook.pk), at, actor, {"fields": fields})]
            )
    return webhook


def webhook_secret_renew(*, webhook_id: int, actor: Actor, at: datetime) -> str:
    """A new secret in clear; the old one signs nothing any more."""
    _manager(actor)
    with transaction.atomic():
        webhook = _locked(webhook_id)
        secret = new_token("whsec_")
        webhook.secret = encrypt(secret)
        webhook.save(update_fields=["secret"])
        record(action="webhook.secret", target=("webhook", webhook.pk), actor=actor, at=at)
    return secret


def webhook_remove(*, webhook_id: int, actor: Actor, at: datetime) -> None:
    """Removes the webhook with its log. Event: webhook.removed."""
    _manager(actor)
    with transaction.atomic():
        webhook = _locked(webhook_id)
        publish([NewEvent(events.WEBHOOK_REMOVED, ("webhook", webhook.pk), at, actor, {})])
        webhook.delete()


def webhook_test(*, webhook_id: int, actor: Actor, at: datetime) -> egress.Answer:
    """Sends a `ping` now and gives what came back; Problem with the reason when nothing did."""
    _manager(actor)
    webhook = Webhook.objects.filter(pk=webhook_id).first()
    if webhook is None:
        raise _not_found()
    body = json.dumps({"kind": "ping", "at": wire.moment(at)}).encode()
    return _send(webhook, body, "ping", 0, at)


def webhooks_pump(at: datetime) -> int:
    """Reads the log on for every webhook and queues what is to be told; returns how many deliveries were
    made.

    Each webhook is held by one process at a time; its position and its deliveries commit together.
    """
    made = 0
    for pk in Webhook.objects.filter(active=True, person__is_active=True).values_list("pk", flat=True):
        while True:
            count, more = _pump_one(pk, at)
            made += count
            if not more:
                break
    return made


def _pump_one(pk: int, at: datetime) -> tuple[int, bool]:
    with transaction.atomic():
        webhook = (
            Webhook.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("person")
            .filter(pk=pk, active=True)
            .first()
        )
        if webhook is None:
            return 0, False
        found, position = event_log.after(
            actor_for(webhook.person), webhook.position, limit=PUMP_LIMIT, kinds=_expand(webhook.kinds)
        )
        if position == webhook.position:
            return 0, False
        rows = Delivery.objects.bulk_create(
            [Delivery(webhook=webhook, event_id=e.pk, kind=e.kind, created_at=at, next_at=at) for e in found],
            ignore_conflicts=True,
        )
        if rows:
            ids = Delivery.objects.filter(
                webhook=webhook, event_id__in=[e.pk for e in found], state=Delivery.State.QUEUED
            ).values_list("pk", flat=True)
            _defer(ids)
        webhook.position = position
        webhook.save(update_fields=["position"])
    return len(rows), True


def delivery_try(*, delivery_id: int, at: datetime) -> bool:
    """One try; True when it is done (now or before). A failed one waits for its next, the last failure gives
    up.

    No transaction is held while the other side is spoken to.
    """
    delivery = (
        Delivery.objects.select_related("webhook__person")
        .filter(pk=delivery_id, state=Delivery.State.QUEUED)
        .first()
    )
    if delivery is None:
        return True
    webhook = delivery.webhook
    if not webhook.active or not webhook.person.is_active:
        Delivery.objects.filter(pk=delivery.pk).update(
            state=Delivery.State.FAILED, response=str(_("推送已停用")), next_at=None
        )
        return False
    [shown] = wire.events_json([Event.objects.get(pk=delivery.event_id)])
    body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    status: int | None = None
    try:
        answer = _send(webhook, body, delivery.kind, delivery.pk, at)
        status, said = answer.status, answer.body.decode("utf-8", "replace")
    except Problem as problem:
        said = str(problem)
    return _settle(delivery, status, clean_line(said, 500), at)


def _settle(delivery: Delivery, status: int | None, said: str, at: datetime) -> bool:
    done = status is not None and 200 <= status < 300
    attempts = delivery.attempts + 1
    wait = None if done else rules.webhook_wait(attempts)
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().filter(pk=delivery.webhook_id).first()
        if webhook is None:  # removed meanwhile, its log with it
            return done
        delivery.attempts, delivery.status_code, delivery.response = attempts, status, said
        delivery.tried_at = at
        delivery.next_at = at + wait if wait is not None else None
        if done:
            delivery.state = Delivery.State.DONE
        elif wait is None:
            delivery.state = Delivery.State.FAILED
        delivery.save(update_fields=["attempts", "status_code", "response", "tried_at", "next_at", "state"])
        if delivery.next_at is not None:
            _defer([delivery.pk], schedule_at=delivery.next_at)
        if done and webhook.failing_since is not None:
            webhook.failing_since = None
            webhook.save(update_fields=["failing_since"])
        elif not done:
            _note_failure(webhook, at)
    return done


def _note_failure(webhook: Webhook, at: datetime) -> None:
    """Marks the webhook as failing; one that failed for days without a success is switched off and its
    maker told.
    """
    if webhook.failing_since is None:
        webhook.failing_since = at
        webhook.save(update_fields=["failing_since"])
    elif webhook.active and at - webhook.failing_since >= rules.WEBHOOK_STOP_AFTER:
        webhook.active = False
        webhook.save(update_fields=["active"])
        failed = webhook.deliveries.exclude(state=Delivery.State.DONE).count()
        publish(
            [
                NewEvent(
                    events.WEBHOOK_STOPPED, ("webhook", webhook.pk), at, Actor.system(), {"failures": failed}
                )
            ]
        )


def delivery_replay(*, delivery_id: int, actor: Actor, at: datetime) -> Delivery:
    """Queues a delivery again from its first try, whatever became of it."""
    _manager(actor)
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().filter(pk=delivery_id).first()
        if delivery is None:
            raise _not_found()
        delivery.state, delivery.attempts, delivery.next_at = Delivery.State.QUEUED, 0, at
        delivery.save(update_fields=["state", "attempts", "next_at"])
        _defer([delivery.pk])
    return delivery


def deliveries_requeue(at: datetime) -> int:
    """Queues deliveries again whose job was lost: due for ten minutes and still waiting."""
    late = Delivery.objects.filter(
        state=Delivery.State.QUEUED, next_at__lt=at - rules.LOST_AFTER, webhook__active=True
    )
    ids = list(late.values_list("pk", flat=True)[:1000])
    with transaction.atomic():
        Delivery.objects.filter(pk__in=ids).update(next_at=at)
        _defer(ids)
    return len(ids)


def deliveries_prune(at: datetime) -> int:
    """Deletes the log of deliveries done or given up more than thirty days ago."""
    old = Delivery.objects.filter(created_at__lt=at - timedelta(days=30)).exclude(state=Delivery.State.QUEUED)
    return old.delete()[0]


def _send(webhook: Webhook, body: bytes, kind: str, delivery_id: int, at: datetime) -> egress.Answer:
    timestamp = int(at.timestamp())
    return egress.request(
        "POST",
        webhook.url,
        body=body,
        headers={
            "Content-Type": "application/json",
            "Shounuo-Event": kind,
            "Shounuo-Delivery": str(delivery_id),
            "Shounuo-Signature": signature(decrypt(webhook.secret), timestamp, body),
        },
    )


def _defer(ids: Iterable[int], *, schedule_at: datetime | None = None) -> None:
    wanted: list[dict[str, Any]] = [{"delivery_id": i} for i in ids]
    if wanted:
        app.configure_task(DELIVER_TASK, queue=QUEUE, schedule_at=schedule_at).batch_defer(*wanted)


def _manager(actor: Actor) -> int:
    if actor.person_id is None or not actor.may(permissions.WEBHOOKS):
        raise NotAllowed(_("您没有管理推送的权限"))
    return actor.person_id


def _locked(webhook_id: int) -> Webhook:
    webhook = Webhook.objects.select_for_update().filter(pk=webhook_id).first()
    if webhook is None:
        raise _not_found()
    return webhook


def _not_found() -> NotFound:
    return NotFound(_("没有这个推送"))


def _name(name: str) -> str:
    cleaned = clean_line(name, 80)
    if not cleaned:
        raise Invalid(_("请填写名称"), field="name", code="empty")
    return cleaned


def _url(url: str) -> str:
    cleaned = clean_line(url)
    if len(cleaned) > 500:
        raise Invalid(_("网址太长"), field="url", code="bad_url")
    egress.check_url(cleaned)
    return cleaned


def _kinds(kinds: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(clean_line(k) for k in kinds))
    known = registry.kinds()
    for one in wanted:
        beginning = one.removesuffix("*")
        if one != "*" and not (
            any(k.startswith(beginning) for k in known) if one.endswith(".*") else one in known
        ):
            raise Invalid(_("没有“%(kind)s”这种事件") % {"kind": one[:80]}, field="kinds", code="bad_kind")
    if not wanted:
        raise Invalid(_("请至少选择一种事件"), field="kinds", code="empty")
    return wanted


def _expand(kinds: Sequence[str]) -> list[str]:
    """The declared kinds that the patterns stand for."""
    starts = tuple(k.removesuffix("*") for k in kinds if k.endswith("*"))
    return [k for k in registry.kinds() if k in kinds or (starts and k.startswith(starts))]
