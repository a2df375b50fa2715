"""From a calendar's code to the hours that a clock counts on."""

from __future__ import annotations

import logging

from shounuo.calendars import queries as calendars
from shounuo.commitments.timing import PLAIN, Hours
from shounuo.kernel.errors import NotFound

ALWAYS = "always"
BUSINESS = "business"
log = logging.getLogger(__name__)


class HoursBook:
    """The hours of calendars, each asked for once: for one piece of work, which so counts on one state of them."""

    def __init__(self) -> None:
        self._found: dict[str, Hours] = {}

    def __call__(self, code: str) -> Hours:
        if code not in self._found:
            self._found[code] = hours_of(code)
        return self._found[code]


def hours_of(code: str) -> Hours:
    """The hours of a calendar. Business days on `always` are those of the `business` calendar.

    A code that no calendar has counts plainly, so that no promise is lost by it, and is logged.
    """
    try:
        own = calendars.compiled(code)
        business = calendars.compiled(BUSINESS) if code == ALWAYS else own
    except NotFound:
        log.exception("clock counts plainly: no calendar %s", code)
        return Hours(PLAIN, PLAIN)
    return Hours(own, business)
