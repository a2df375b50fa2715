"""Positions in lists ordered by a moment and an id."""

from __future__ import annotations

from datetime import datetime

from shounuo.kernel import paging


def encode(moment: datetime | None, pk: int) -> str:
    """The cursor behind a row; without a moment it stands among the undated rows."""
    return paging.encode(moment.isoformat() if moment is not None else "", pk)


def decode(cursor: str) -> tuple[datetime | None, int]:
    """The row's moment and id; Invalid for what was not made by `encode`."""
    text, pk = paging.decode(cursor, str, int)
    return paging.moment_of(text) if text else None, pk


def decode_dated(cursor: str) -> tuple[datetime, int]:
    """The same of a list in which each row has its moment; Invalid for a cursor without one."""
    text, pk = paging.decode(cursor, str, int)
    return paging.moment_of(text), pk
