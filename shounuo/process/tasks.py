"""What playbooks do by themselves."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.kernel.clock import now
from shounuo.process import services


@app.periodic(cron="* * * * * */10")
@app.task(name="process.read", queue="upkeep", queueing_lock="process.read")
def read(timestamp: int) -> None:
    """Every ten seconds: what has happened starts playbooks and closes their steps."""
    services.events_read(at=now())
