"""Rate limits, counted in PostgreSQL so that every process sees the same count.

Windows are fixed (at most twice the limit passes around the edge of two). Call these outside a transaction
that may be rolled back, or the count goes with it.
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import TooMany
from shounuo.staff.models import Bucket

# A count may be lost in a crash: its commit does not wait for the disk, so that one busy key does not slow its callers
# to the pace of the disk one by one. Only where it is a transaction of its own.
_HIT = """
INSERT INTO staff_bucket AS b (key, window_start, count)
SELECT %s, %s, 1 FROM (SELECT CASE WHEN %s THEN set_config('synchronous_commit', 'off', true) END) unhurried
ON CONFLICT (key, window_start) DO UPDATE SET count = LEAST(b.count, %s) + 1
RETURNING count
"""


def key_of(purpose: str, *parts: object) -> str:
    """A bucket's key; what was typed goes in as a hash, so that no address stands in the table."""
    digest = hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()[:40]
    return f"{purpose}:{digest}"


def _window(per: timedelta, at: datetime) -> datetime:
    seconds = int(per.total_seconds())
    return datetime.fromtimestamp(int(at.timestamp()) // seconds * seconds, UTC)


def hit(key: str, limit: int, per: timedelta, at: datetime) -> int:
    """Counts one more for the key and returns the count; TooMany (with the seconds to wait) above the
    limit.
    """
    start = _window(per, at)
    with connection.cursor() as cursor:
        cursor.execute(_HIT, [key, start, not connection.in_atomic_block, limit])
        count = int(cursor.fetchone()[0])
    if count > limit:
        wait = (start + per - at).total_seconds()
        raise TooMany(_("尝试过于频繁，请稍后再试"), retry_after=max(1, math.ceil(wait)))
    return count


def give_back(key: str, per: timedelta, at: datetime) -> None:
    """Takes one hit back: what was counted turned out to be all right."""
    Bucket.objects.filter(key=key, window_start=_window(per, at), count__gt=0).update(count=F("count") - 1)


def prune(at: datetime, *, keep: timedelta = timedelta(days=2)) -> int:
    """Deletes the counters of windows long past."""
    return Bucket.objects.filter(window_start__lt=at - keep).delete()[0]
