"""Jobs of the notices part."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shounuo.kernel.clock import now
from shounuo.notices import services


@app.task(name=services.DELIVER_TASK, queue=services.QUEUE)
def deliver(*, mail_id: int) -> None:
    """One try to hand a mail to its relay."""
    services.mail_deliver(mail_id=mail_id, at=now())
