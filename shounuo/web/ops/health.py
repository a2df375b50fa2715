"""Is this process alive, is it ready, is the whole installation working."""

from __future__ import annotations

from datetime import timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from shounuo.kernel.clock import now
from shounuo.web.ops import start

BEAT = timedelta(seconds=15)
_current = False


def livez(request: HttpRequest) -> JsonResponse:
    """This process answers; asks nothing else."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """The database answers and its schema is this code's."""
    global _current
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _current = _current or start.schema_is_current()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "db": False, "schema": None}, status=503)
    body = {"status": "ok" if _current else "unavailable", "db": True, "schema": _current}
    return JsonResponse(body, status=200 if _current else 503)


def healthz(request: HttpRequest) -> JsonResponse:
    """Database, a worker and the clock loop, each with a heartbeat under 15 s old; 503 with the same body otherwise."""
    at = now()
    db = worker = clocks = False
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT (SELECT max(last_heartbeat) FROM procrastinate_workers),
                          (SELECT max(beat_at) FROM commitments_clockloop)"""
            )
            beats = cursor.fetchone()
        db = True
        worker, clocks = (beat is not None and at - beat < BEAT for beat in beats)
    except DatabaseError:
        db = False
    healthy = db and worker and clocks
    return JsonResponse(
        {"status": "ok" if healthy else "unavailable", "db": db, "worker": worker, "clocks": clocks},
        status=200 if healthy else 503,
    )
