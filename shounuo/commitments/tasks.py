"""What cadences do by themselves: their periods are planned, what proves them closes their duties."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from shounuo.commitments import cadences
from shounuo.commitments.engine import PROVE
from shounuo.events.models import Event
from shounuo.events.services import as_published
from shounuo.kernel.clock import now


@app.periodic(cron="*/5 * * * *")
@app.task(name="commitments.plan", queue="upkeep", queueing_lock="commitments.plan")
def plan(timestamp: int) -> None:
    """Every five minutes: the duties of cadences whose period has begun, and of people who have come."""
    cadences.plan(now())


@app.task(name=PROVE, retry=RetryStrategy(max_attempts=8, exponential_wait=5))
def prove(event_id: int) -> None:
    """An event that some cadence names has happened: the duty that it proves is done."""
    cadences.event_happened(as_published(Event.objects.get(pk=event_id)))
