"""Figures: KPI, kept bars, sparkline, due lanes, ladder, hours."""

from __future__ import annotations

import itertools
import math
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from shounuo.web import words
from shounuo.web.templatetags.sn.library import register
from shounuo.web.templatetags.sn.times import hour_minute
from shounuo.web.words import of

ASIDE, BREADTH = 134, 842  # the names of lanes, and the lanes with room for a dot at either end
LOOK_BACK = 24  # of what has just been missed, where the lanes open at now


@register.inclusion_tag("components/kpi.html")
def kpi(thing: Any, look: str = "") -> dict[str, Any]:
    """`{% kpi k %}`: name, value (text), unit, population (never without one), delta {text, good}, points and target
    for the sparkline, tone ""|warn|breach, url. `look` "card" stands in a card, "wall" is large."""
    return {"k": thing, "look": look, "good": of(of(thing, "delta") or {}, "good", True)}


@register.simple_tag
def spark(points: Any, target: float | str | None = None, bad: bool = False) -> SafeString:
    """`{% spark points target %}`: a line with a faint area, the target dashed; red when it ran the wrong way."""
    values = [float(p) for p in points or ()]
    target = None if target == "" else target  # a missing variable comes as ""
    if len(values) < 2:
        return SafeString("")
    scale = values + ([float(target)] if target is not None else [])
    low, high = min(scale), max(scale)
    reach = (high - low) or 1.0

    def y(value: float) -> float:
        return round(31 - (value - low) / reach * 28, 1)

    path = " L".join(f"{round(n * 100 / (len(values) - 1), 1)} {y(v)}" for n, v in enumerate(values))
    goal = (
        format_html('<line class="is-goal" x1="0" x2="100" y1="{0}" y2="{0}"/>', y(float(target)))
        if target is not None
        else ""
    )
    return format_html(
        '<svg class="sn-spark{}" viewBox="0 0 100 34" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="is-area" d="M0 34 L{} L100 34Z"/><path class="is-line" d="M{}"/>{}</svg>',
        " is-bad" if bad else "",
        path,
        path,
        goal,
    )


def kept_tone(share: float | None, target: float | None) -> str:
    """ok at target, near up to 5 points below, bad under."""
    if share is None or target is None or share >= target:
        return "ok"
    return "near" if share >= target - 0.05 else "bad"


@register.simple_tag
def kept_bar(
    share: float | Decimal | None, target: float | Decimal | None = 0.95, start: float = 0.8
) -> SafeString:
    """`{% kept_bar 0.974 0.95 %}`: axis from `start` to 100 %, the target as a tick; nothing when not counted."""
    if share is None or share == "":
        return SafeString("")
    value, goal = float(share), None if target is None else float(target)

    def x(v: float) -> float:
        return round(min(100.0, max(0.0, (v - start) / (1 - start) * 100)), 1)

    label = gettext("守诺率 %(share)s，目标 %(target)s") % {
        "share": words.percent(value),
        "target": words.percent(goal, 0) if goal is not None else gettext("未定"),
    }
    tick = (
        format_html(
            '<line class="is-goal" x1="{0}" x2="{0}" y1="0" y2="8" vector-effect="non-scaling-stroke"/>',
            x(goal),
        )
        if goal is not None
        else ""
    )
    return format_html(
        '<svg class="sn-kept" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="is-bg" width="100" height="8" rx="1"/><rect class="is-{}" y="1" height="6" width="{}"/>{}</svg>',
        label,
        kept_tone(value, goal),
        max(x(value), 1.5),
        tick,
    )


@register.simple_tag
def kept_share(
    share: float | Decimal | None, target: float | Decimal | None = 0.95, none: str = ""
) -> SafeString:
    """`{% kept_share 0.932 0.95 %}`: the figure in its tone (ink, amber, red), 未计 in grey."""
    if share is None or share == "":
        return format_html('<span class="sn-c3 sn-s12">{}</span>', none or gettext("未计"))
    tone = {"ok": "", "near": "sn-t-warn", "bad": "sn-t-breach"}[
        kept_tone(float(share), None if target is None else float(target))
    ]
    shown = words.percent(share).removesuffix("%")
    return format_html('<span class="{}">{}<small>%</small></span>', tone, shown)


@register.simple_tag
def bar(value: float, most: float) -> SafeString:
    """`{% bar 164 190 %}`: a plain bar from zero, for counts in a table."""
    width = 0 if not most else round(min(1.0, float(value) / float(most)) * 100, 1)
    return format_html(
        '<svg class="sn-kept" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="is-ok" y="1" height="6" width="{}"/></svg>',
        width,
    )


@register.simple_tag
def share_bar(share: float, tone: str = "") -> SafeString:
    """`{% share_bar 0.73 %}`: a promise's time that has gone; tone ""|warn|breach."""
    return format_html(
        '<svg class="sn-share{}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="is-bg" width="100" height="6"/><rect class="is-fg" width="{}" height="6"/></svg>',
        f" is-{tone}" if tone else "",
        round(min(1.0, max(0.0, float(share))) * 100, 1),
    )


@register.simple_tag
def cover_bar(by_system: int, written: int, by_nobody: int) -> SafeString:
    """`{% cover_bar 43 19 6 %}`: clauses that the system enforces, that are written as rules only, that have none."""
    total = max(1, by_system + written + by_nobody)
    return format_html(
        '<svg class="sn-cover" viewBox="0 0 {0} 8" preserveAspectRatio="none" role="img" aria-label="{4}">'
        '<rect class="is-a" width="{1}" height="8"/><rect class="is-b" x="{1}" width="{2}" height="8"/>'
        '<rect class="is-c" x="{5}" width="{3}" height="8"/></svg>',
        total,
        by_system,
        written,
        by_nobody,
        gettext("系统执行 %(a)s 条，写成规则还没执行 %(b)s 条，没有机制 %(c)s 条")
        % {"a": by_system, "b": written, "c": by_nobody},
        by_system + written,
    )


@register.simple_tag
def load_bar(load: int, capacity: int) -> SafeString:
    """`{% load_bar 7 6 %}`: a square per case on a person's hands, red beyond his capacity."""
    shown = min(max(load, capacity), 7)
    squares = format_html_join(
        "",
        '<rect class="is-{}" x="{}" width="8" height="8" rx="1.5"/>',
        (("over" if n >= capacity else "full" if n < load else "free", n * 10) for n in range(shown)),
    )
    return format_html(
        '<svg class="sn-load" viewBox="0 0 72 8" aria-hidden="true">{}</svg><span class="sn-vh">{} / {}</span>',
        squares,
        load,
        capacity,
    )


@register.inclusion_tag("components/lanes.html")
def lanes(teams: Any, start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    """`{% lanes teams start end now %}`: a lane per team [{name, count, dots}], a dot per clock {due_at, state,
    is_free (nobody's), title, url}; left of the now-line is overdue. Where there is no room the lanes scroll under their
    names, from a little before now on."""
    left, right, gap = 142.0, 968.0, 46
    reach = (end - start).total_seconds() or 1.0

    def x(at: datetime) -> float:
        return round(left + min(1.0, max(0.0, (at - start).total_seconds() / reach)) * (right - left), 1)

    rows = []
    for n, team in enumerate(teams):
        y = 23 + n * gap
        dots = [_dot(d, x(of(d, "due_at")), y) for d in of(team, "dots") or ()]
        rows.append(
            {
                "name": of(team, "name"),
                "count": of(team, "count", len(dots)),
                "y": y,
                "dots": SafeString("".join(dots)),
            }
        )
    bottom = len(rows) * gap
    step = 1800 if reach <= 3 * 3600 else 3600 * math.ceil(reach / 3600 / 6)
    ticks = []
    at = math.ceil((start.timestamp() + 1) / step) * step
    while at <= end.timestamp():
        moment = datetime.fromtimestamp(at, tz=start.tzinfo)
        if abs(x(moment) - x(now)) > 34:
            ticks.append(
                {
                    "x": x(moment),
                    "text": hour_minute(moment),
                    "anchor": "end" if x(moment) > right - 20 else "middle",
                }
            )
        at += step
    summary = gettext("，").join(f"{r['name']} {r['count']}" for r in rows)
    return {
        "rows": rows,
        "ticks": ticks,
        "now": x(now),
        "left": left,
        "right": right,
        "aside": ASIDE,
        "breadth": BREADTH,
        "bottom": bottom,
        "label": summary,
        "late": round(x(now) - left, 1),
        "past": f"{max(0.0, (x(now) - ASIDE - LOOK_BACK) / BREADTH * 100):.1f}%",
    }


def _dot(dot: Any, x: float, y: int) -> SafeString:
    """A clock in its lane. Of hundreds of them, so by itself: what a template resolves and escapes value by value takes as
    long as all else on the page."""
    state, url = words.clock_state(dot), of(dot, "url", "")
    return format_html(
        '<a{}><circle class="is-{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle></a>',
        format_html(' href="{}"', url) if url else "",
        f"{state} is-free" if of(dot, "is_free") else state,
        SafeString(x),
        SafeString(y),
        SafeString("5.5" if state == "run" else "7"),
        of(dot, "title", ""),
    )


@register.inclusion_tag("components/ladder.html")
def ladder(steps: Any) -> dict[str, Any]:
    """`{% ladder steps %}`: from the start to the last escalation. steps [{seconds, text, kind run|warn|breach,
    day (seconds that are called a day)}]; the first is the start (0), one step has `is_due`."""
    rows = [
        dict(s)
        if isinstance(s, dict)
        else {"seconds": s.seconds, "text": s.text, "kind": s.kind, "is_due": s.is_due}
        for s in steps
    ]
    most = max((r["seconds"] for r in rows), default=1) or 1
    for n, row in enumerate(rows):
        row["x"] = round(6 + row["seconds"] / most * 448, 1)
        row["time"] = words.span(row["seconds"], day=row.get("day", words.DAY)) if row["seconds"] else "0"
        row["anchor"] = "start" if n == 0 else "end" if n == len(rows) - 1 else "middle"
        row["shift"] = {"start": -4, "end": 4, "middle": 0}[row["anchor"]]
    for before, row in itertools.pairwise(rows):
        row["from"] = before["x"]
        row["line"] = (
            "run"
            if before["kind"] == "run"
            else "warn"
            if not before.get("is_due") and row.get("is_due")
            else "breach"
        )
        # names that would touch stand one line lower
        row["low"] = not before.get("low") and row["x"] - before["x"] < 96
    return {"rows": rows, "label": gettext("，").join(f"{r['time']} {r['text']}" for r in rows)}


@register.inclusion_tag("components/hours.html")
def hours(windows: Any) -> dict[str, Any]:
    """`{% hours [("08:30","12:00"), ...] %}`: the working hours of a day on a line of 24; pairs of times or "HH:MM"."""
    bars: list[dict[str, Any]] = []
    for a, b in windows or ():
        low, high = _minutes(a), _minutes(b)
        bars.append(
            {
                "x": round(low / 6, 1),
                "width": round((high - low) / 6, 1),
                "from": _clock(a),
                "to": _clock(b),
                "end": round(high / 6, 1),
            }
        )
    if not bars:
        return {"bars": bars}
    # the names of a short day would run into each other: they part at its middle
    middle = min(200.0, max(40.0, (bars[0]["x"] + bars[-1]["end"]) / 2))
    near = bars[-1]["end"] - bars[0]["x"] < 66
    return {"bars": bars, "first": bars[0], "last": bars[-1], "middle": round(middle, 1) if near else None}


def _clock(value: Any) -> str:
    return value if isinstance(value, str) else value.strftime("%H:%M")


def _minutes(value: Any) -> int:
    hour, minute = _clock(value).split(":")
    return int(hour) * 60 + int(minute) or (1440 if _clock(value) == "24:00" else 0)
