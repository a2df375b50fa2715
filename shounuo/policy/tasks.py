"""What becomes due by itself: versions that end, rules whose part has been built. Nothing that is in force waits for it."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy import services
from shounuo.policy.services.uploads import ASK_QUEUE, ASK_TASK


@app.periodic(cron="* * * * *")
@app.task(name="policy.settle", queue="upkeep", queueing_lock="policy.settle")
def settle(timestamp: int) -> None:
    """Every minute: archives the versions whose end has come."""
    services.versions_settle(at=now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="policy.refresh", queue="upkeep", queueing_lock="policy.refresh")
def refresh(timestamp: int) -> None:
    """Every five minutes: after an upgrade, rules that waited for a part begin to run."""
    services.rules_refresh(actor=Actor.system(), at=now())


@app.periodic(cron="0 9 * * *")
@app.task(name="policy.remind", queue="upkeep", queueing_lock="policy.remind")
def remind(timestamp: int) -> None:
    """Every day: who has still to read, and which policies are to be looked at again."""
    services.reminders_send(at=now())


@app.task(name=ASK_TASK, queue=ASK_QUEUE)
def ask(*, document_id: int) -> None:
    """Asks the configured assistant about an uploaded regulation."""
    services.assistant_ask(document_id=document_id, at=now())
