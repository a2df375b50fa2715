"""Positions in lists ordered by a moment and an id."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shounuo.kernel import paging
from shounuo.kernel.errors import Invalid


def encode(moment: datetime | None, pk: int) -> str:
    """The cursor behind a row; without a moment it stands among the undated rows."""
    return paging.encode(moment.isoformat() if moment is not None else "", pk)


def decode(cursor: str) -> tuple[datetime | None, int]:
    """The row's moment and id; Invalid for what was not made by `encode`."""
    text, pk = paging.decode(cursor, str, int)
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError as error:
        raise _bad() from error
    if (moment is not None and moment.tzinfo is None) or not 0 < pk < 2**63:
        raise _bad()
    return moment, pk


def _bad() -> Invalid:
    return Invalid(_("游标无法识别"), field="cursor", code="bad_cursor")
