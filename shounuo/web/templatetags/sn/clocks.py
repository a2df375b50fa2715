"""Clocks and the ledger that explains them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from shounuo.kernel import clock as kernel_clock
from shounuo.web import words
from shounuo.web.templatetags.sn.library import register
from shounuo.web.templatetags.sn.times import hour_minute
from shounuo.web.words import of

_RING = (
    '<svg class="sn-ring" viewBox="0 0 20 20" aria-hidden="true"><circle class="sn-ring-bg" cx="10" cy="10" r="7.5"/>'
    '<circle class="sn-ring-fg" cx="10" cy="10" r="7.5" pathLength="100" stroke-dasharray="{} 100" '
    'transform="rotate(-90 10 10)"/><circle class="sn-ring-disc" cx="10" cy="10" r="9.5"/>'
    '<path class="sn-ring-bang" d="M10 5.2v5.6M10 14.6v.1"/><path class="sn-ring-bars" d="M7.8 7v6M12.2 7v6"/>'
    '<path class="sn-ring-tick" d="M6 10.3l2.8 2.8L14.2 7.4"/><path class="sn-ring-cross" d="M7.4 7.4l5.2 5.2M12.6 7.4l-5.2 5.2"/></svg>'
)


def _epoch(value: Any) -> str:
    return str(int(value.timestamp())) if isinstance(value, datetime) else ""


@register.simple_tag
def ring(state: str, share: float = 1.0) -> SafeString:
    """`{% ring "met" %}`: the ring alone, with the state's shape."""
    return format_html('<span class="is-{}">{}</span>', state, format_html(_RING, round(share * 100)))


@register.simple_tag
def clock(thing: Any, look: str = "pill", exact: bool = False) -> SafeString:
    """`{% clock c %}` pill (tables), `{% clock c "bare" %}` (lists, heads); `exact` counts seconds (queues only).

    c: state run|warn|breach|pause|met|cancelled, due_at, warn_at, started_at, share_left (0..1), text (wins over the
    words made here); for time that counts in working hours only: left_seconds, total_seconds, day_seconds and
    segments [(start, end), ...] of the coming counted intervals; pause_reason, used_seconds, met_at; id.
    """
    if not thing:
        return SafeString("")
    now = kernel_clock.now()
    state = words.clock_state(thing)
    segments = ",".join(f"{_epoch(a)}-{_epoch(b)}" for a, b in of(thing, "segments") or ())
    data = ""
    if (
        state in ("run", "warn", "breach")
        and not of(thing, "met_at")
        and not of(thing, "text")
        and (segments or of(thing, "left_seconds") is None)
    ):
        total = of(thing, "total_seconds")
        if total is None and of(thing, "started_at") and of(thing, "due_at"):
            total = (of(thing, "due_at") - of(thing, "started_at")).total_seconds()
        pairs = (
            ("due", _epoch(of(thing, "due_at"))),
            ("warn", _epoch(of(thing, "warn_at"))),
            ("total", "" if total is None else str(int(total))),
            ("day", str(of(thing, "day_seconds") or "")),
            ("segments", segments),
            ("id", str(of(thing, "id", "") or "")),
            ("exact", "1" if exact else ""),
        )
        data = format_html_join("", ' data-{}="{}"', [p for p in pairs if p[1]])
        data = format_html(" data-clock{}", data)
    return format_html(
        '<span class="sn-clock is-{}{}"{}>{}<span class="sn-clock-t">{}</span></span>',
        state,
        " is-bare" if look == "bare" else "",
        data,
        format_html(_RING, round(words.clock_share(thing, now) * 100)),
        words.clock_words(thing, now, exact=exact),
    )


@register.inclusion_tag("components/clock_block.html")
def clock_block(thing: Any, extra: bool = False) -> dict[str, Any]:
    """`{% clock_block c %}` in the case's head. Beyond what `clock` takes: clause, name ("回复客户"), limit_text
    ("限 4 小时"), ledger_url, is_open (its ledger is shown). `extra` folds it behind "另 n 项"."""
    return {"c": thing, "state": words.clock_state(thing), "extra": extra}


@register.inclusion_tag("components/clocks.html")
def clocks(things: Any, shown: int = 3) -> dict[str, Any]:
    """`{% clocks case.clocks %}`: the head's row, nearest first, `shown` blocks, the rest folded (kept ones too)."""
    everything = list(things)
    first, rest = everything[:shown], everything[shown:]
    met = sum(1 for c in rest if words.clock_state(c) == "met")
    return {"first": first, "rest": rest, "all_met": met == len(rest), "others": len(everything) - 1}


@register.inclusion_tag("components/ledger.html")
def ledger(thing: Any, close_url: str = "") -> dict[str, Any]:
    """`{% ledger l %}`: why a clock falls due when it does.

    l: due_at, clause {number,name,url}, wording, version, calendar_name, lines, total_seconds, used_seconds,
    left_seconds, warn_at, warn_share (0..1), warn_to, rebase_url, day_seconds, note.
    A line: day (date, None under the same day), day_to, kind work|off|holiday|makeup|pause|now, label, start and end
    (datetimes), seconds, from_share, to_share (0..1 of the working day), now_share (where now lies, in this line).
    """
    now = kernel_clock.now()
    rows = []
    for line in of(thing, "lines") or ():
        day, day_to = of(line, "day"), of(line, "day_to")
        start, end = of(line, "start"), of(line, "end")
        low, high = float(of(line, "from_share") or 0), float(of(line, "to_share") or 0)
        at = of(line, "now_share")
        kind = str(of(line, "kind", "work"))
        seconds = of(line, "seconds")
        label = of(line, "label")
        rows.append(
            {
                "kind": kind,
                "off": kind in ("off", "holiday"),
                "day": words.short_span(day, day_to or day) if day else "",
                "label": label if label is not None else (words.WEEKDAYS[day.weekday()] if day else ""),
                "x": round(low * 100, 1),
                "width": round(max(0.0, high - low) * 100, 1),
                "now": None if at is None else round(float(at) * 100, 1),
                "future": 0 if at is None else round(max(0.0, high - float(at)) * 100, 1),
                "hours": f"{hour_minute(start)}–{hour_minute(end)}" if start and end else "",
                "sum": "" if not seconds else f"{int(seconds) // 3600}:{int(seconds) % 3600 // 60:02d}",
            }
        )
    due = of(thing, "due_at")
    return {
        "l": thing,
        "lines": rows,
        "due": words.moment_words(due, now, "due") if due else "",
        "warn": words.moment_words(of(thing, "warn_at"), now) if of(thing, "warn_at") else "",
        "warn_share": words.percent(of(thing, "warn_share"), 0) if of(thing, "warn_share") else "",
        "close_url": close_url,
        "over": (of(thing, "left_seconds") or 0) < 0,
    }
