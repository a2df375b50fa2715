"""Invitations (text/calendar) as far as a reader needs them."""

from __future__ import annotations

import re
from typing import Final

from shounuo.channels.mail.model import Calendar
from shounuo.kernel.text import clean, clean_line

_LIMIT: Final = 200_000
_LINES_LIMIT: Final = 5_000
_FOLD: Final = re.compile(r"\n[ \t]")
_LINE: Final = re.compile(r"([A-Za-z-]{1,60})((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)")
_ESCAPE: Final = re.compile(r"\\([\\;,nN])")


def read_calendar(text: str, method: str = "") -> Calendar | None:
    """The first event (or to-do) of an iCalendar text; None when there is none. Times keep their zone's name."""
    lines = _FOLD.sub("", text[:_LIMIT].replace("\r\n", "\n")).split("\n")[:_LINES_LIMIT]
    values: dict[str, str] = {}
    inside = ""
    nested = 0
    seen = False
    for line in lines:
        match = _LINE.match(line.strip())
        if not match:
            continue
        name, parameters, value = match[1].upper(), match[2], match[3]
        if name == "BEGIN":
            kind = value.strip().upper()
            if inside:
                nested += 1
            elif kind in {"VEVENT", "VTODO"} and not seen:
                inside, seen = kind, True
        elif name == "END":
            if nested:
                nested -= 1
            elif inside:
                inside = ""
        elif name == "METHOD" and not inside:
            method = method or value
        elif inside and not nested and name not in values:
            zone = re.search(r"TZID=\"?([^;:\"]{1,60})", parameters)
            values[name] = _unescape(value) + (f" ({zone[1]})" if zone else "")
    if not seen:
        return None
    organiser = values.get("ORGANIZER", "")
    return Calendar(
        method=clean_line(method, 40).upper(),
        summary=clean_line(values.get("SUMMARY", ""), 500),
        start=_moment(values.get("DTSTART", "")),
        end=_moment(values.get("DTEND", values.get("DUE", ""))),
        location=clean_line(values.get("LOCATION", ""), 500),
        organiser=clean_line(re.sub(r"(?i)^mailto:", "", organiser), 320),
        uid=clean_line(values.get("UID", ""), 500),
    )


def _unescape(value: str) -> str:
    return clean(_ESCAPE.sub(lambda match: " " if match[1] in "nN" else match[1], value))


def _moment(value: str) -> str:
    """`20260102T150000Z` as `2026-01-02 15:00 UTC`; what looks otherwise stays as it is."""
    match = re.match(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{2}(Z?))?(.*)", value)
    if not match:
        return clean_line(value, 80)
    day = f"{match[1]}-{match[2]}-{match[3]}"
    hour = f" {match[4]}:{match[5]}" if match[4] else ""
    return clean_line(day + hour + (" UTC" if match[6] else "") + match[7], 80)
