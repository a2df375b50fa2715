"""Live pages: server-sent events fed by LISTEN/NOTIFY, under the same visibility rule as the lists.

One listening connection per process; each open page gets the news of subjects its reader may see, gathered for a
moment so that a burst is one message. The reader's rights are read again every few seconds: a page that lost its
right hears nothing more, a signed-out one is closed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import psycopg
from django.db import close_old_connections, connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from shounuo.events import subjects
from shounuo.events.services import CHANNEL
from shounuo.kernel.actors import Actor

log = logging.getLogger("shounuo.web.live")
GATHER = 0.3
RECHECK = 10.0
PING = 20.0
MAX_OPEN = 500
MAX_TOPICS = 100
# What may put a case on a list, or bring it up there.
LISTED = {
    "case.opened",
    "case.assigned",
    "case.transferred",
    "case.reopened",
    "case.disputed",
    "interaction.received",
}

News = dict[str, list[str]]


class Hub:
    """The process's one listener and the queues of its open pages."""

    def __init__(self) -> None:
        self.queues: set[asyncio.Queue[News]] = set()
        self.task: asyncio.Task[None] | None = None
        self.listening = asyncio.Event()  # set while the database tells us

    def join(self) -> asyncio.Queue[News]:
        queue: asyncio.Queue[News] = asyncio.Queue(maxsize=1000)
        self.queues.add(queue)
        if self.task is None or self.task.done():
            self.listening = asyncio.Event()
            self.task = asyncio.create_task(self._listen())
        return queue

    def leave(self, queue: asyncio.Queue[News]) -> None:
        self.queues.discard(queue)

    async def _listen(self) -> None:
        pause, missed = 0.5, False
        while self.queues:
            try:
                params = await asyncio.to_thread(_connection_parameters)
                async with await psycopg.AsyncConnection.connect(autocommit=True, **params) as listener:
                    await listener.execute(f"LISTEN {CHANNEL}")
                    self.listening.set()
                    if missed:
                        self._tell({"*": ["reconnected"]})
                    pause, missed = 0.5, True
                    while self.queues:
                        async for notify in listener.notifies(timeout=5, stop_after=200):
                            self._tell(json.loads(notify.payload))
            except psycopg.Error as error:
                self.listening.clear()
                log.warning("live listener lost the database: %s", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10)

    def _tell(self, news: News) -> None:
        for queue in self.queues:
            if queue.full():
                queue.get_nowait()  # a page that far behind reloads what it shows
                queue.put_nowait({"*": ["behind"]})
            else:
                queue.put_nowait(news)


hub = Hub()


def _connection_parameters() -> dict[str, Any]:
    params = connection.get_connection_params()
    return {k: v for k, v in params.items() if k in ("host", "port", "user", "password", "dbname")}


def live(request: HttpRequest) -> HttpResponseBase:
    """GET /live?topic=case:12&topic=list:mine: one `data: {"topic": ..., "kinds": [...]}` per topic that has news.

    A subject's own topic is `kind:id`; `list:<view>` hears of cases that may belong on a list, `board` of anything about
    cases; `*` means that news was missed and the page should be read again. Only what the reader may see is told.
    An `event: listening` comes first: what is committed from then on is told.
    """
    actor = _actor(request)
    if actor is None:
        return HttpResponse(status=401)
    if len(hub.queues) >= MAX_OPEN:
        return HttpResponse(status=503, headers={"Retry-After": "30"})
    response = StreamingHttpResponse(_stream(request, actor), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _stream(request: HttpRequest, actor: Actor) -> AsyncIterator[str]:
    queue = hub.join()
    topics = set(request.GET.getlist("topic")[:MAX_TOPICS])
    checked = time.monotonic()
    try:
        yield "retry: 3000\n\n"
        await hub.listening.wait()
        yield "event: listening\ndata: {}\n\n"
        while True:
            news = await _gather(queue)
            if time.monotonic() - checked > RECHECK:
                fresh = await asyncio.to_thread(_actor, request)
                if fresh is None:
                    yield "event: signed-out\ndata: {}\n\n"
                    return
                actor, checked = fresh, time.monotonic()
            if not news:
                yield ": still here\n\n"
                continue
            seen = await asyncio.to_thread(_visible, actor, news)
            for topic, kinds in _topics(seen, topics):
                yield f"data: {json.dumps({'topic': topic, 'kinds': kinds}, separators=(',', ':'))}\n\n"
    finally:
        hub.leave(queue)


def _topics(seen: News, topics: set[str]) -> list[tuple[str, list[str]]]:
    """The topics of this page that the visible news concerns."""
    told = [(key, kinds) for key, kinds in seen.items() if key in topics or key == "*"]
    of_cases = sorted({k for key, kinds in seen.items() if key.startswith("case:") for k in kinds})
    if of_cases and "board" in topics:
        told.append(("board", of_cases))
    if listed := [k for k in of_cases if k in LISTED]:
        told += [(topic, listed) for topic in sorted(topics) if topic.startswith("list:")]
    return told


async def _gather(queue: asyncio.Queue[News]) -> News:
    """What comes within a moment after the first piece of news; empty when nothing came for a while."""
    try:
        news = dict(await asyncio.wait_for(queue.get(), PING))
    except TimeoutError:
        return {}
    await asyncio.sleep(GATHER)
    while not queue.empty():
        for subject, kinds in queue.get_nowait().items():
            news[subject] = sorted({*news.get(subject, []), *kinds})
    return news


def _actor(request: HttpRequest) -> Actor | None:
    """The reader as he is now: session and person are read again."""
    from django.contrib.auth import get_user

    from shounuo.staff.queries import actor_for

    try:
        request.session._session_cache = request.session.load()  # type: ignore[attr-defined]
        person = get_user(request)  # type: ignore[arg-type]
        if not person.is_authenticated:
            return None
        return actor_for(person)
    finally:
        close_old_connections()


def _visible(actor: Actor, news: News) -> News:
    """The part of the news that the actor may hear, one question per kind of subject."""
    ids: dict[str, set[int]] = {}
    seen: News = {}
    try:
        for key in news:
            kind, _, number = key.partition(":")
            if key == "*":
                seen[key] = news[key]
            elif kind == "person":
                if actor.person_id == int(number):
                    seen[key] = news[key]
            else:
                ids.setdefault(kind, set()).add(int(number))
        for kind, of_kind in ids.items():
            subject = subjects.get(kind)
            if subject is not None:
                for id in subject.visible_ids(actor, of_kind):
                    seen[f"{kind}:{id}"] = news[f"{kind}:{id}"]
        return seen
    finally:
        close_old_connections()
