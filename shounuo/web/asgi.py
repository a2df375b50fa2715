"""The ASGI application.

All our middleware and all views but the live one are synchronous. Django's own handler would hop between the event loop and
a thread at each turn from one to the other; this one enters the thread once and runs the whole chain there. Only an
asynchronous answer (live pages) is streamed by the loop.
"""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shounuo.web.settings")

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class Handler(ASGIHandler):
    """Django's ASGI handler with a synchronous middleware chain."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)


django.setup(set_prefix=False)
application = Handler()
