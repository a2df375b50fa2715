"""Webhooks over the API, with their log."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Router

from shounuo.channels import permissions, queries, services
from shounuo.channels.api import schemas as s
from shounuo.channels.api.answers import (
    KEY_HEADER,
    READING,
    WRITING,
    Cursor,
    Limit,
    Number,
    Page,
    idempotent,
    need,
    reply,
)
from shounuo.channels.wire import delivery_json, webhook_json
from shounuo.kernel import paging
from shounuo.kernel.clock import now

router = Router()
DENIED = _("您没有管理推送的权限")


@router.get("/webhooks", response={200: Page[s.WebhookOut], **READING}, summary="List webhooks")
def webhook_list(request: HttpRequest, cursor: Cursor = None, limit: Limit = None) -> HttpResponse:
    """In the order in which they were made."""
    need(request, permissions.WEBHOOKS, DENIED)
    found, after = paging.part(
        list(queries.webhooks()), lambda w: w.pk, cursor=cursor, limit=paging.limit_of(limit)
    )
    return reply({"items": [webhook_json(w) for w in found], "next_cursor": after})


@router.post(
    "/webhooks", response={201: s.WebhookMade, **WRITING}, summary="Make a webhook", openapi_extra=KEY_HEADER
)
@idempotent
def webhook_add(request: HttpRequest, given: s.WebhookGiven) -> HttpResponse:
    """Tells what its maker may see, from now on. `kinds` are event kinds, `case.*`, or `*`. Each delivery
    carries `Shounuo-Signature: t=<unix time>,v1=<HMAC-SHA256 of "t.body">`, and may come twice.
    """
    actor = need(request, permissions.WEBHOOKS, DENIED)
    webhook, secret = services.webhook_create(
        name=given.name, url=given.url, kinds=given.kinds, actor=actor, at=now()
    )
    return reply(webhook_json(webhook) | {"secret": secret}, 201)


@router.get("/webhooks/{int:webhook}", response={200: s.WebhookOut, **READING}, summary="Read a webhook")
def webhook_read(request: HttpRequest, webhook: Number) -> HttpResponse:
    """The webhook without its secret."""
    need(request, permissions.WEBHOOKS, DENIED)
    return reply(webhook_json(queries.webhook(webhook)))


@router.patch("/webhooks/{int:webhook}", response={200: s.WebhookOut, **WRITING}, summary="Change a webhook")
def webhook_change(request: HttpRequest, webhook: Number, given: s.WebhookChange) -> HttpResponse:
    """Changes the fields that are given."""
    actor = need(request, permissions.WEBHOOKS, DENIED)
    fields = given.dict(exclude_unset=True)
    return reply(webhook_json(services.webhook_change(webhook_id=webhook, **fields, actor=actor, at=now())))


@router.delete("/webhooks/{int:webhook}", response={204: None, **WRITING}, summary="Remove a webhook")
def webhook_remove(request: HttpRequest, webhook: Number) -> HttpResponse:
    """Removes it with its log."""
    actor = need(request, permissions.WEBHOOKS, DENIED)
    services.webhook_remove(webhook_id=webhook, actor=actor, at=now())
    return HttpResponse(status=204)


@router.post(
    "/webhooks/{int:webhook}/test",
    response={200: s.WebhookAnswer, **WRITING},
    summary="Send a ping",
)
def webhook_test(request: HttpRequest, webhook: Number) -> HttpResponse:
    """Sends `{"kind": "ping"}` now and tells what came back."""
    actor = need(request, permissions.WEBHOOKS, DENIED)
    answer = services.webhook_test(webhook_id=webhook, actor=actor, at=now())
    return reply({"status": answer.status, "body": answer.body.decode("utf-8", "replace")[:500]})


@router.get(
    "/webhooks/{int:webhook}/deliveries",
    response={200: Page[s.DeliveryOut], **READING},
    summary="The log of a webhook",
)
def delivery_list(
    request: HttpRequest, webhook: Number, cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """What was told and what came back, the newest first."""
    need(request, permissions.WEBHOOKS, DENIED)
    rows, more = queries.deliveries(queries.webhook(webhook).pk, cursor=cursor, limit=limit)
    return reply({"items": [delivery_json(d) for d in rows], "next_cursor": more})


@router.post(
    "/deliveries/{int:delivery}/replay",
    response={200: s.DeliveryOut, **WRITING},
    summary="Tell it again",
    openapi_extra=KEY_HEADER,
)
@idempotent
def delivery_replay(request: HttpRequest, delivery: Number) -> HttpResponse:
    """Queues the delivery again from its first try, whatever became of it."""
    actor = need(request, permissions.WEBHOOKS, DENIED)
    return reply(delivery_json(services.delivery_replay(delivery_id=delivery, actor=actor, at=now())))
