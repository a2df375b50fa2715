"""When a mail is tried again, and what an answer of the relay means. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=48)
# How long a try may hold a mail before another worker may take it: longer than all time-outs of one try together.
LEASE = timedelta(minutes=10)

# 5xx answers that speak of our sign-in or settings, not of this mail: it waits until they are put right.
OURS_TO_MEND = frozenset({500, 501, 502, 503, 504, 530, 534, 535, 538})


def pause_after(attempts: int) -> timedelta:
    """The wait after so many tries: a minute, doubling, at most an hour."""
    return min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE)


def next_try(attempts: int, created_at: datetime, at: datetime) -> datetime | None:
    """When to try again after a failure that may pass; None when two days are over."""
    following = at + pause_after(attempts)
    return None if following > created_at + GIVE_UP_AFTER else following


def is_permanent(code: int) -> bool:
    """True for an answer that will be the same however often this mail is sent."""
    return 500 <= code < 600 and code not in OURS_TO_MEND


def wants_mail(preference: object, urgent: bool) -> bool:
    """Whether a notice also goes by mail: `all`, `none`, or what is urgent (the default)."""
    if preference == "all":
        return True
    return urgent and preference != "none"
