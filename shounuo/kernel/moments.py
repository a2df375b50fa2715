"""Moments that somebody from outside gives in a request."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError

from shounuo.kernel import reach


def _kept(moment: datetime) -> datetime:
    if not reach.can_be_named(moment):
        raise PydanticCustomError(
            "moment_range",
            "the year must lie between {first} and {last}",
            {"first": reach.FIRST.year, "last": reach.LAST.year},
        )
    return moment


GivenMoment = Annotated[AwareDatetime, AfterValidator(_kept)]
"""A field of a request: a moment with its offset, in a year that can be kept."""
