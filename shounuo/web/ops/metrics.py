"""Figures for Prometheus, behind a token: what waits, how long, what came in, what failed."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse

_ONE = """
SELECT
  (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())),
  (SELECT coalesce(extract(epoch FROM now() - min(coalesce(j.scheduled_at, e.at))), 0)
     FROM procrastinate_jobs j LEFT JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
    WHERE j.status = 'todo' AND (j.scheduled_at IS NULL OR j.scheduled_at <= now())),
  (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'),
  (SELECT count(*) FROM events_failure),
  (SELECT coalesce(extract(epoch FROM now() - min(next_at)), 0) FROM commitments_clock
    WHERE next_at IS NOT NULL AND next_at <= now()),
  (SELECT count(*) FROM channels_rawmessage WHERE received_at > now() - interval '1 day'),
  (SELECT count(*) FROM channels_rawmessage WHERE state = 'quarantined'),
  (SELECT count(*) FROM channels_rawmessage WHERE state = 'stored'),
  (SELECT count(*) FROM notices_outgoingmail WHERE state = 'queued'),
  (SELECT count(*) FROM notices_outgoingmail WHERE state = 'failed'),
  (SELECT count(*) FROM cases_case WHERE status NOT IN ('resolved', 'closed'))
"""
_NAMES = [
    ("shounuo_jobs_waiting", "Jobs that could run now"),
    ("shounuo_jobs_oldest_seconds", "Age of the oldest job that could run now"),
    ("shounuo_jobs_failed", "Jobs that failed"),
    ("shounuo_handlers_failing", "Event handlers that failed and are not done"),
    ("shounuo_clock_oldest_unfired_seconds", "How late the oldest due clock is"),
    ("shounuo_mails_accepted_day", "Mails accepted in the last 24 hours"),
    ("shounuo_mails_quarantined", "Mails in quarantine"),
    ("shounuo_mails_unhandled", "Mails stored and not handled yet"),
    ("shounuo_mails_out_queued", "Mails waiting to be sent"),
    ("shounuo_mails_out_failed", "Mails given up"),
    ("shounuo_cases_open", "Cases not resolved or closed"),
]


def metrics(request: HttpRequest) -> HttpResponse:
    """GET /metrics with `Authorization: Bearer SHOUNUO_METRICS_TOKEN`; 404 where no token is set or it is another."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = settings.SHOUNUO_METRICS_TOKEN
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise Http404
    with connection.cursor() as cursor:
        cursor.execute(_ONE)
        row = cursor.fetchone()
        cursor.execute(
            "SELECT id, coalesce(extract(epoch FROM last_received_at), 0) FROM channels_mailbox WHERE active"
        )
        mailboxes = cursor.fetchall()
    lines: list[str] = []
    for (name, help), value in zip(_NAMES, row, strict=True):
        lines += [f"# HELP {name} {help}", f"# TYPE {name} gauge", f"{name} {float(value):g}"]
    name = "shounuo_mailbox_last_message_timestamp"
    lines += [f"# HELP {name} When the mailbox last received a message", f"# TYPE {name} gauge"]
    lines += [f'{name}{{mailbox="{id}"}} {float(at):.0f}' for id, at in mailboxes]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")
