"""CSV files that spreadsheets open rightly and safely: UTF-8 with its mark, and no cell that is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

MARK = "\ufeff".encode()
# A cell that begins with one of these is run by spreadsheets (full-width forms and leading white space included).
_STARTS = frozenset("=+-@\t\r\n|%＝＋－＠｜％")


def cell(value: Any) -> Any:
    """The value as it may stand in a cell: numbers stay numbers, times are ISO 8601, and text that a
    spreadsheet would take for a formula gets an apostrophe before it.
    """
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value).replace("\x00", "")
    bare = text.lstrip(" \u3000\u00a0\ufeff\u200b")
    return f"'{text}" if bare[:1] in _STARTS and bare else text


def row(values: Iterable[Any]) -> bytes:
    """One line of the file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([cell(value) for value in values])
    return line.getvalue().encode("utf-8", "replace")
