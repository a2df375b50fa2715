"""The ASGI handler.

All our middleware and all our views are synchronous, so a request enters a thread once and does all its work there: its
signals, its middleware, its view, the return of its database connection. Django's own handler starts a thread for each
request and passes between it and the event loop five times; on a write over the API that was a third of the processor time
of the web process (docs/decisions/0010). Only an asynchronous stream (live pages) is read by the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections
from django.http.response import FileResponse, HttpResponseBase
from django.urls import set_script_prefix

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Handler(ASGIHandler):
    """Django's ASGI handler for synchronous views; at most `SHOUNUO_WEB_THREADS` requests are worked on at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(settings.SHOUNUO_WEB_THREADS, thread_name_prefix="web")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"not HTTP: {scope['type']}")
        await self.handle(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        response = await self._in_thread(self._respond, scope, body)
        if not response.streaming:
            await self.send_response(response, send)
            return
        try:
            await _while_connected(receive, self._stream(response, send))
        finally:
            await self._in_thread(response.close)

    def _respond(self, scope: Scope, body: IO[bytes]) -> HttpResponseBase:
        """The answer, in a thread; one that is whole is closed already, for its bytes are at hand."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        response: Any = refused if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if response.streaming:
            close_old_connections()  # of this thread; whatever makes the pieces takes its own
        else:
            response.close()
            body.close()
        return response

    async def _stream(self, response: Any, send: Send) -> None:
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.is_async:
            response.streaming_content = self._pieces(iter(response))
        await self.send_response(response, send)

    async def _pieces(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        """The pieces of a synchronous stream, each made in a thread; no connection is held while the client reads."""

        def another() -> bytes | None:
            try:
                return next(pieces, None)
            finally:
                close_old_connections()

        while (piece := await self._in_thread(another)) is not None:
            yield piece

    async def _in_thread(self, work: Callable[..., Any], *given: Any) -> Any:
        """Runs it in one of our threads, in a context of its own: nothing of one request is seen by the next."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, Context().run, work, *given)


async def _while_connected(receive: Receive, work: Any) -> None:
    """Does the work until it is done or the client has gone."""
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(receive())
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)
