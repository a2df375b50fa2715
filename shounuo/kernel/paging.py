"""Cursor pages over a stable order; a cursor is opaque, and a broken one is a clear error."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import Invalid

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
    except (ValueError, binascii.Error) as error:
        raise Invalid(_("游标无法识别"), field="cursor", code="bad_cursor") from error
    if (
        not isinstance(values, list)
        or len(values) != len(types)
        or any(type(v) is not t for v, t in zip(values, types, strict=True))
        or any(
            isinstance(v, int) and not 0 <= v < 2**63 for v in values
        )  # ids and positions, as the database has them
    ):
        raise Invalid(_("游标无法识别"), field="cursor", code="bad_cursor")
    return tuple(values)
