"""Moments that somebody from outside gives: which of them can be kept and counted with."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError

# PostgreSQL keeps moments that Python cannot read back (9999-12-31T23:59-14:00 is in the year 10000): one such row would
# take every list away in which it stands. Nobody promises anything further away than these.
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200


def can_be_kept(moment: datetime) -> bool:
    """Whether it lies in the years that are counted with, wherever on earth it is told. Pure."""
    return FIRST_YEAR < moment.year < LAST_YEAR


def _kept(moment: datetime) -> datetime:
    if not can_be_kept(moment):
        raise PydanticCustomError("moment_range", "the year must lie between 1900 and 2200")
    return moment


GivenMoment = Annotated[AwareDatetime, AfterValidator(_kept)]
"""A field of a request: a moment with its offset, in a year that can be kept."""
