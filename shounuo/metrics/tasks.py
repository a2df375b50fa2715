"""The job that keeps figures up with the events."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict
from shounuo.metrics import services

BATCHES = 5  # of each source


@app.periodic(cron="* * * * * */5")
@app.task(name="metrics.catch_up", queue="upkeep", queueing_lock="metrics.catch_up", lock="metrics.catch_up")
def catch_up(timestamp: int) -> None:
    """Builds what was never built (at the first start, after an upgrade), then observes what events have touched: some batches
    at a time and never twice at once, for what comes in waits for the same workers."""
    at = now()
    try:
        services.build_missing(at=at)
    except Conflict:  # a rebuild by hand is under way, and builds the same
        return
    services.catch_up(at=at, batches=BATCHES)
