"""The log over the API: every event by position, and every message."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from shounuo.channels.api import schemas as s
from shounuo.channels.api.answers import READING, Cursor, Limit, Line, Page, actor_of, reply
from shounuo.channels.api.shapes import interaction_page
from shounuo.channels.wire import events_json
from shounuo.events import queries
from shounuo.kernel import paging

router = Router()


class EventsAsked(Schema):
    after: str | None = Field(
        None, description="the position to go on from: the last `next_cursor` that was given"
    )
    kind: list[Annotated[Line, Field(max_length=64)]] | None = Field(None, description="only these kinds")


@router.get("/events", response={200: Page[s.EventOut], **READING}, summary="Everything that happened")
def event_list(
    request: HttpRequest, asked: Query[EventsAsked], cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """Events in the order in which they became known, from the beginning or `after` a position. The answer
    ends before the oldest transaction still open, so that a reader who goes on from it misses nothing.
    `next_cursor` is null when there is nothing more now: keep the last one that was given and ask again
    with it.
    """
    position = asked.after or cursor
    found, onward = queries.after(
        actor_of(request), position, limit=paging.limit_of(limit), kinds=asked.kind or ()
    )
    more = onward if onward != (position or paging.encode(0, 0)) else None
    return reply({"items": events_json(found), "next_cursor": more})


class InteractionsAsked(Schema):
    direction: s.Direction | None = None
    channel: s.Channel | None = None


@router.get(
    "/interactions", response={200: Page[s.InteractionOut], **READING}, summary="All messages and notes"
)
def interaction_list(
    request: HttpRequest, asked: Query[InteractionsAsked], cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """Of all cases that the token may see, the newest first."""
    page = interaction_page(
        actor_of(request), direction=asked.direction, channel=asked.channel, cursor=cursor, limit=limit
    )
    return reply(page)
