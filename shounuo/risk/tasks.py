"""The jobs that watch and judge."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.kernel.clock import now
from shounuo.risk import services


@app.periodic(cron="* * * * * */20")
@app.task(name="risk.watch", queue="upkeep", queueing_lock="risk.watch")
def watch(timestamp: int) -> None:
    """What events trigger, and what figures say: three times a minute."""
    at = now()
    services.alarms_triggered(at=at)
    services.alarms_evaluate(at=at)


@app.periodic(cron="*/5 * * * *")
@app.task(name="risk.judge", queue="upkeep", queueing_lock="risk.judge")
def judge(timestamp: int) -> None:
    """How the targets stand, every five minutes."""
    services.targets_judge(at=now())
