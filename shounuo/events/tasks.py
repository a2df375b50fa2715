"""The jobs that run event handlers."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.events import services
from shounuo.kernel.clock import now


@app.task(name=services.DISPATCH_TASK, queue=services.QUEUE)
def dispatch(*, xid: int) -> None:
    services.handle_waiting(xid, now())


@app.task(name=services.RETRY_TASK, queue=services.QUEUE)
def retry(*, event_id: int, handler: str) -> None:
    services.handle_again(event_id, handler, now())
