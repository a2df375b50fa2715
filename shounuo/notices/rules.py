"""When a mail or a message is tried again, what an answer means, and when people are left alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

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


MOST_TRIES = 16  # of a message: half a day; what is said of an alarm later than that helps nobody


def next_message(attempts: int, at: datetime) -> datetime | None:
    """When to try a message again that could not be handed over; None after the last try."""
    return None if attempts >= MOST_TRIES else at + pause_after(attempts)


def is_quiet(starts: time, ends: time, moment: time) -> bool:
    """Whether a time of day lies in the hours from `starts` to before `ends`, over midnight where the end is not later;
    the same moment twice is a whole day."""
    return starts <= moment < ends if starts < ends else moment >= starts or moment < ends


def heard_at(quiet: Iterable[tuple[time, time] | None], at: datetime, zone: ZoneInfo) -> datetime:
    """When the first of some people is no longer left alone: `at` itself for one without quiet hours or outside of them.
    With nobody to ask it is `at`. Hours that never end are passed over."""
    local = at.astimezone(zone)
    found = []
    for hours in quiet:
        if hours is None or hours[0] == hours[1] or not is_quiet(*hours, local.time()):
            return at
        end = datetime.combine(local.date(), hours[1], zone)
        found.append(
            end if end > local else datetime.combine(local.date() + timedelta(days=1), hours[1], zone)
        )
    return min(found, default=at)
