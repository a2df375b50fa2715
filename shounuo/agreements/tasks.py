"""Agreements that begin and end with their days."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.agreements import services
from shounuo.kernel.clock import now


@app.periodic(cron="*/10 * * * *")
@app.task(name="agreements.settle", queue="upkeep", queueing_lock="agreements.settle")
def settle(timestamp: int) -> None:
    """Every ten minutes."""
    services.agreements_settle(at=now())
