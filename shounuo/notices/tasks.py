"""Jobs of the notices part."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.kernel.clock import now
from shounuo.notices import services


@app.task(name="notices.deliver", queue="mail")
def deliver(*, mail_id: int) -> None:
    """One try to hand a mail to its relay."""
    services.mail_deliver(mail_id=mail_id, at=now())


@app.task(name="notices.overdue", queue="upkeep")
def overdue() -> None:
    """Queues mails again whose job was lost; every few minutes."""
    for mail_id in services.mails_due(now()):
        deliver.defer(mail_id=mail_id)
