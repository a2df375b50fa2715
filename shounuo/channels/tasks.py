"""Jobs of the channels, and what happens by itself every few seconds, minute or hour."""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from shounuo.channels import idempotency, imap, queries, rules, services
from shounuo.channels.services.accepting import HANDLE_TASK, QUEUE
from shounuo.channels.services.webhooks import DELIVER_TASK
from shounuo.channels.services.webhooks import QUEUE as WEBHOOK_QUEUE
from shounuo.kernel.clock import now

log = logging.getLogger("shounuo.channels")


# The database may be away for a while; a try costs nothing and the mail is kept meanwhile.
_AGAIN = RetryStrategy(max_attempts=6, linear_wait=5, retry_exceptions={OperationalError, InterfaceError})


@app.task(name=HANDLE_TASK, queue=QUEUE, pass_context=True, retry=_AGAIN)
def mail_handle(context: JobContext | None = None, *, raw_id: int) -> None:
    """Makes a case of a kept mail. A fault of ours is counted and tried again later; the database's
    absence is the worker's to deal with. A mail whose job died several times with its worker is set aside
    unread.
    """
    at = now()
    if context is not None and context.job.attempts >= rules.POISON_ATTEMPTS:
        services.quarantine_poison(raw_id=raw_id, at=at)
        return
    try:
        services.mail_handle(raw_id=raw_id, at=at)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("mail not handled", extra={"job": raw_id})
        services.fault_note(raw_id=raw_id, error=error, at=at)


@app.task(name=DELIVER_TASK, queue=WEBHOOK_QUEUE)
def webhook_deliver(*, delivery_id: int) -> None:
    services.delivery_try(delivery_id=delivery_id, at=now())


@app.task(name="channels.imap_fetch", queue="imap")
def imap_fetch(*, mailbox_id: int) -> None:
    imap.fetch(mailbox_id=mailbox_id, at=now())


@app.periodic(cron="* * * * * */5")
@app.task(name="channels.webhook_pump", queue=WEBHOOK_QUEUE, queueing_lock="channels.webhook_pump")
def webhook_pump(timestamp: int) -> None:
    """Every five seconds: reads the event log on for the webhooks."""
    services.webhooks_pump(now())


@app.periodic(cron="* * * * *")
@app.task(name="channels.imap_poll", queue="imap", queueing_lock="channels.imap_poll")
def imap_poll(timestamp: int) -> None:
    """Every minute: one job per IMAP mailbox, never two for the same, so that a slow server delays nobody
    else.
    """
    for mailbox_id in queries.imap_mailbox_ids():
        services.queue_once(imap_fetch, f"imap:{mailbox_id}", mailbox_id=mailbox_id)


@app.periodic(cron="* * * * *")
@app.task(name="channels.requeue", queue="upkeep", queueing_lock="channels.requeue")
def requeue(timestamp: int) -> None:
    """Every minute: queues again what lost its job."""
    at = now()
    services.mails_requeue(at)
    services.deliveries_requeue(at)


@app.periodic(cron="17 * * * *")
@app.task(name="channels.prune", queue="upkeep", queueing_lock="channels.prune")
def prune(timestamp: int) -> None:
    """Every hour: deletes keys and codes that are over, and the log of old deliveries."""
    at = now()
    idempotency.prune(at)
    services.codes_prune(at)
    services.deliveries_prune(at)
