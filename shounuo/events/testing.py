"""Running in a test what a worker would run."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def run_jobs(at: datetime, *, rounds: int = 20) -> int:
    """Runs all queued jobs that are due at `at`, and those they queue, in order; returns how many ran."""
    from procrastinate.contrib.django import app

    import shounuo.events.services as services

    ran = 0
    for _round in range(rounds):
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE procrastinate_jobs SET status = 'doing' WHERE status = 'todo'
                   AND (scheduled_at IS NULL OR scheduled_at <= %s) RETURNING id, task_name, args""",
                [at],
            )
            jobs = sorted(cursor.fetchall())
        connection._shounuo_dispatch = None  # type: ignore[attr-defined]
        if not jobs:
            return ran
        for _id, name, args in jobs:
            if isinstance(args, str):
                import json

                args = json.loads(args)
            ran += 1
            if name == "events.dispatch":
                services.handle_transaction(args["xid"], at)
            elif name == "events.retry":
                services.handle_again(args["event_id"], args["handler"], at)
            else:
                app.tasks[name].func(**args)
    raise AssertionError("jobs keep queueing jobs")
