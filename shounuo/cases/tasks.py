"""What becomes due by itself: silence that is over, waiting that ends."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.cases import services
from shounuo.cases.services.states import BATCH
from shounuo.kernel.clock import now

MAX_BATCHES = 50


@app.periodic(cron="* * * * *")
@app.task(name="cases.due", queue="upkeep", queueing_lock="cases.due")
def due(timestamp: int) -> None:
    """Every minute: closes what has been silent long enough, brings back what waited long enough."""
    at = now()
    for _batch in range(MAX_BATCHES):
        done = services.close_silent(at=at, limit=BATCH)
        done += services.resume_due(at=at, limit=BATCH)
        if not done:
            break
    services.viewers_forget(at=at)
