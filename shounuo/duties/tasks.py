"""What becomes of duties by itself."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.duties import services
from shounuo.kernel.clock import now


@app.periodic(cron="*/5 * * * *")
@app.task(name="duties.lapse", queue="upkeep", queueing_lock="duties.lapse")
def lapse(timestamp: int) -> None:
    """Every five minutes: what can no longer be done in time counts as missed."""
    services.duties_lapse(at=now())
