"""Cursor pages over a stable order; a cursor is opaque, and a broken one is a clear error."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from shounuo.kernel import reach
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import clean

T = TypeVar("T")

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def limit_of(value: int | None) -> int:
    """The page size asked for, within 1..200; 50 when none is given."""
    if value is None:
        return DEFAULT_LIMIT
    if not 1 <= value <= MAX_LIMIT:
        raise Invalid(_("limit 须在 1 到 %(max)s 之间") % {"max": MAX_LIMIT}, field="limit", code="bad_limit")
    return value


def encode(*position: Any) -> str:
    """The opaque cursor of a position (ints and strings only)."""
    return base64.urlsafe_b64encode(json.dumps(position, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, *types: type) -> tuple[Any, ...]:
    """The position behind a cursor, checked against the types; raises Invalid for anything else."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        values = json.loads(raw)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise Invalid(_("游标无法识别"), field="cursor", code="bad_cursor") from error
    if (
        not isinstance(values, list)
        or len(values) != len(types)
        or any(type(v) is not t for v, t in zip(values, types, strict=True))
        or any(
            isinstance(v, int) and not 0 <= v < 2**63 for v in values
        )  # ids and positions, as the database has them
        or any(isinstance(v, str) and clean(v) != v for v in values)  # nor has it NUL or half a character
    ):
        raise Invalid(_("游标无法识别"), field="cursor", code="bad_cursor")
    return tuple(values)


def moment_of(text: str) -> datetime:
    """The moment in a cursor; Invalid for what is none, says no offset, or is further away than any clock counts."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("游标无法识别"), field="cursor", code="bad_cursor") from error
    if moment.tzinfo is None or not reach.can_be_counted(moment):
        raise Invalid(_("游标无法识别"), field="cursor", code="bad_cursor")
    return moment


def part(
    rows: Sequence[T], name: Callable[[T], str | int], *, cursor: str | None, limit: int
) -> tuple[list[T], str | None]:
    """A page of a list that is at hand whole, in whatever order, and the cursor of the next one. `name` tells its rows apart;
    a cursor names the last row of the page before. Invalid where no such row is in the list, or is any more."""
    start = 0
    if cursor:
        last = decode(cursor, str)[0]
        start = 1 + next((n for n, row in enumerate(rows) if str(name(row)) == last), -1)
        if start == 0:
            raise Invalid(_("游标无法识别"), field="cursor", code="bad_cursor")
    page = list(rows[start : start + limit])
    return page, encode(str(name(page[-1]))) if start + limit < len(rows) else None
