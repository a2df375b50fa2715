"""Jobs of the notices part."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.kernel.clock import now
from shounuo.notices import services


@app.task(name=services.DELIVER_TASK, queue=services.QUEUE)
def deliver(*, mail_id: int) -> None:
    """One try to hand a mail to its relay."""
    services.mail_deliver(mail_id=mail_id, at=now())


@app.periodic(cron="* * * * * */10")
@app.task(name="notices.ways", queue="mail", queueing_lock="notices.ways")
def ways(timestamp: int) -> None:
    """What is due on the ways beside bell and mail, six times a minute: new, put off, or after quiet hours."""
    for sending_id in services.sendings_due(now()):
        services.sending_deliver(sending_id=sending_id, at=now())
