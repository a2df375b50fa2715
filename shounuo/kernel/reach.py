"""How far days and moments reach: which of them somebody outside may name, and which can come of counting from those."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

# PostgreSQL keeps moments that Python cannot read back (9999-12-31T23:59-14:00 is in the year 10000): one such row would
# take every list away in which it stands. Nobody promises anything further away than these.
FIRST: Final = date(1970, 1, 1)
LAST: Final = date(2199, 12, 31)

# What a clock counts may last a hundred years, and begin on any day that can be named.
FIRST_COUNTED: Final = 1901
LAST_COUNTED: Final = 2300


def can_be_named(when: date) -> bool:
    """Whether a day, or a moment wherever on earth it is told, lies in the years that somebody outside may name. Pure."""
    return FIRST.year <= when.year <= LAST.year


def can_be_counted(moment: datetime) -> bool:
    """Whether a moment can stand in a row: it was named, or a clock counted to it. Pure."""
    return FIRST_COUNTED <= moment.year <= LAST_COUNTED
