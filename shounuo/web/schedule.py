"""Work that comes back by itself. Imported with the jobs."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app

from shounuo.kernel.clock import now

DEAD_AFTER = timedelta(seconds=15)


@app.periodic(cron="* * * * * */10")
@app.task(name="web.requeue_stalled", queue="upkeep", queueing_lock="web.requeue_stalled")
async def requeue_stalled(timestamp: int) -> None:
    """Jobs of a worker that is gone run again: nothing else brings them back."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_AFTER.total_seconds()):
        await app.job_manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(name="web.nightly", queue="upkeep", queueing_lock="web.nightly")
def nightly(timestamp: int) -> None:
    """Prunes marks and counters that have served, takes out what is past its time, seals the log, sweeps bytes that no
    row names."""
    from django.contrib.sessions.models import Session

    from shounuo.audit import services as audit
    from shounuo.events import services as events
    from shounuo.files import services as files
    from shounuo.notices import services as notices
    from shounuo.staff import throttle
    from shounuo.staff.services.links import links_prune

    at = now()
    events.prune(at)
    throttle.prune(at)
    links_prune(at)
    notices.notices_prune(at)
    Session.objects.filter(expire_date__lt=at).delete()
    audit.seal(at=at)
    try:
        audit.retention_run(at=at)
    finally:
        files.sweep(at)


@app.periodic(cron="*/5 * * * *")
@app.task(name="web.mails_due", queue="upkeep", queueing_lock="web.mails_due")
def mails_due(timestamp: int) -> None:
    """Mails whose job was lost get another."""
    from shounuo.notices import services as notices
    from shounuo.notices.tasks import deliver

    for mail_id in notices.mails_due(now()):
        deliver.defer(mail_id=mail_id)
