"""Quarantined mail over the API: see it, try again, put it into a case."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Schema

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
from shounuo.channels.models import RawMessage
from shounuo.channels.wire import raw_json
from shounuo.kernel.clock import now

router = Router()
DENIED = _("您没有管理隔离邮件的权限")


class QuarantineAsked(Schema):
    state: list[RawMessage.State] | None = None


@router.get("/quarantine", response={200: Page[s.RawOut], **READING}, summary="Mail that became no case")
def quarantine_list(
    request: HttpRequest, asked: Query[QuarantineAsked], cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """What waits in quarantine, the newest first; with `state` any raw mails, such as `auto` or `bounce`."""
    need(request, permissions.MANAGE, DENIED)
    rows, more = queries.raw_page(asked.state or [RawMessage.State.QUARANTINED], cursor=cursor, limit=limit)
    return reply({"items": [raw_json(r) for r in rows], "next_cursor": more})


@router.get("/quarantine/{int:raw}", response={200: s.RawOut, **READING}, summary="Read one")
def quarantine_read(request: HttpRequest, raw: Number) -> HttpResponse:
    """What is known of the mail."""
    need(request, permissions.MANAGE, DENIED)
    return reply(raw_json(queries.raw(raw)))


@router.get("/quarantine/{int:raw}/raw", summary="The mail as it came")
def quarantine_raw(request: HttpRequest, raw: Number) -> HttpResponse:
    """The bytes as they were received, as a file."""
    actor = need(request, permissions.MANAGE, DENIED)
    data = services.raw_read(raw_id=raw, actor=actor, at=now())
    response = HttpResponse(data, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{raw}.eml"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@router.post(
    "/quarantine/{int:raw}/retry",
    response={200: s.RawOut, **WRITING},
    summary="Try again",
    openapi_extra=KEY_HEADER,
)
@idempotent
def quarantine_retry(request: HttpRequest, raw: Number) -> HttpResponse:
    """Handles the mail again as if it came now, by the rules of now."""
    actor = need(request, permissions.MANAGE, DENIED)
    return reply(raw_json(services.quarantine_retry(raw_id=raw, actor=actor, at=now())))


@router.post(
    "/quarantine/{int:raw}/release",
    response={200: s.RawOut, **WRITING},
    summary="Make it a case",
    openapi_extra=KEY_HEADER,
)
@idempotent
def quarantine_release(request: HttpRequest, raw: Number) -> HttpResponse:
    """Makes a case of the mail whatever the rules say of it; one that cannot be read goes in with its raw
    text.
    """
    actor = need(request, permissions.MANAGE, DENIED)
    return reply(raw_json(services.quarantine_release(raw_id=raw, actor=actor, at=now())))
