"""The jobs of reports."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.analytics import services
from shounuo.kernel.clock import now


@app.periodic(cron="7 * * * *")
@app.task(name="analytics.reports", queue="upkeep", queueing_lock="analytics.reports")
def reports(timestamp: int) -> None:
    """What is missing of the periods that ended, every hour."""
    services.reports_due(at=now())
