"""Tags and filters of our pages: `{% load sn %}`. What each takes stands in its docstring; markup that is more than
a line lies in templates/components/. Things (clocks, persons, clauses) may be mappings or objects."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_lazy, ngettext

from shounuo.kernel import clock as kernel_clock
from shounuo.web import words
from shounuo.web.assets import icon_names, manifest
from shounuo.web.words import of

register = template.Library()

_CHANNELS = {
    "phone": ("phone", gettext_lazy("电话")),
    "email": ("mail", gettext_lazy("邮件")),
    "mail": ("mail", gettext_lazy("邮件")),
    "chat": ("message-circle", gettext_lazy("在线客服")),
    "wechat": ("brand-wechat", gettext_lazy("微信")),
    "web": ("world", gettext_lazy("网页")),
    "form": ("world", gettext_lazy("网页")),
    "portal": ("world", gettext_lazy("网页")),
    "visit": ("walk", gettext_lazy("面谈")),
    "sms": ("device-mobile-message", gettext_lazy("短信")),
    "letter": ("file-text", gettext_lazy("信函")),
    "api": ("api", gettext_lazy("接口")),
}
_STATUSES = {
    "new": ("", gettext_lazy("尚未受理")),
    "open": ("is-work", gettext_lazy("受理中")),
    "accepted": ("is-work", gettext_lazy("受理中")),
    "in_progress": ("is-work", gettext_lazy("受理中")),
    "working": ("is-work", gettext_lazy("受理中")),
    "waiting": ("is-wait", gettext_lazy("等待中")),
    "waiting_customer": ("is-wait", gettext_lazy("等待客户")),
    "waiting_internal": ("is-wait", gettext_lazy("等待协作")),
    "waiting_colleague": ("is-wait", gettext_lazy("等待协作")),
    "paused": ("is-wait", gettext_lazy("已搁置")),
    "solved": ("is-done", gettext_lazy("已解决")),
    "resolved": ("is-done", gettext_lazy("已解决")),
    "closed": ("is-shut", gettext_lazy("已关闭")),
    "merged": ("is-shut", gettext_lazy("已合并")),
    "cancelled": ("is-shut", gettext_lazy("已取消")),
}
_PRESENCE = {
    "online": gettext_lazy("在线"),
    "busy": gettext_lazy("忙"),
    "away": gettext_lazy("离开"),
    "offline": gettext_lazy("离线"),
}
_ALARMS = {
    "blue": ("info-circle", gettext_lazy("蓝")),
    "yellow": ("alert-triangle", gettext_lazy("黄")),
    "red": ("alert-octagon", gettext_lazy("红")),
}
_OPTION_KEYS = "甲乙丙丁戊己庚辛"


@cache
def _known_icons() -> frozenset[str]:
    return icon_names()


@cache
def _sprite() -> str:
    return str(manifest()["sprite"])


# ---- small marks -------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, size: int = 16, label: str = "") -> SafeString:
    """`{% icon "inbox" %}`, `{% icon "inbox" 20 %}`: sizes 14, 16, 18, 20, 24; `label` for an icon that stands alone."""
    if name not in _known_icons():
        raise template.TemplateSyntaxError(f"icon {name!r} is not listed in assets.json")
    kind = "" if size == 16 else f" is-{size}"
    place = f"{static(_sprite())}#{name}"
    if label:
        return format_html(
            '<svg class="sn-i{}" role="img" aria-label="{}"><use href="{}"/></svg>', kind, label, place
        )
    return format_html('<svg class="sn-i{}" aria-hidden="true"><use href="{}"/></svg>', kind, place)


@register.simple_tag
def clause(thing: Any, name: str | None = None, url: str = "", note: str = "") -> SafeString:
    """`{% clause case.clause %}` or `{% clause "2.2.1" name="响应及时" url=... %}`: seal, number, short name.

    A thing has number, name, url. `name=""` shows the number alone; `note` follows it ("须填").
    """
    if not thing:
        return SafeString("")
    if isinstance(thing, str):
        number, own_name, own_url = thing, "", ""
    else:
        number, own_name, own_url = of(thing, "number", ""), of(thing, "name", ""), of(thing, "url", "")
    shown = " ".join(str(p) for p in (number, own_name if name is None else name, note) if p)
    url = url or own_url or ""
    inner = format_html("<i>{}</i><b>{}</b>", gettext("条"), shown)
    if url:
        return format_html('<a class="sn-clause" href="{}">{}</a>', url, inner)
    return format_html('<span class="sn-clause">{}</span>', inner)


@register.simple_tag
def status(code: str, label: str = "") -> SafeString:
    """`{% status case.status label=case.status_label %}`: hollow new, half working, bars waiting, full solved, pale closed."""
    shape, own = _STATUSES.get(str(code), ("", str(code)))
    return format_html('<span class="sn-st {}">{}</span>', shape, label or own)


@register.simple_tag
def tag(text: Any, kind: str = "") -> SafeString:
    """`{% tag "投诉" "complaint" %}`: kinds complaint (tinted), vip (outlined), on, warn, pause, or none."""
    if not text:
        return SafeString("")
    return format_html('<span class="sn-tag{}">{}</span>', f" is-{kind}" if kind else "", text)


@register.simple_tag
def alarm(level: str, text: str = "") -> SafeString:
    """`{% alarm "yellow" %}`: blue, yellow, red; red is the only filled one."""
    glyph, own = _ALARMS[level]
    return format_html('<span class="sn-alarm is-{}">{}{}</span>', level, icon(glyph), text or own)


@register.simple_tag
def channel(code: str, label: str = "") -> SafeString:
    """`{% channel "phone" %}`: grey square with its glyph; the name for readers and as title."""
    glyph, own = _CHANNELS.get(str(code), ("messages", str(code)))
    shown = label or own
    return format_html(
        '<span class="sn-ch" title="{}">{}<span class="sn-vh">{}</span></span>', shown, icon(glyph, 14), shown
    )


@register.simple_tag
def avatar(person: Any, size: str = "", me: bool = False, presence: bool = True) -> SafeString:
    """`{% avatar p "l" %}`: surname in a circle, sizes "" 22, "l" 30, "xl" 44; `p` a name or {name, presence, is_me, team}.

    presence: online, busy, away, offline or nothing.
    """
    name = person if isinstance(person, str) else str(of(person, "name", "") or "")
    there = "" if isinstance(person, str) or not presence else str(of(person, "presence", "") or "")
    is_me = me or (not isinstance(person, str) and bool(of(person, "is_me", False)))
    team = not isinstance(person, str) and bool(of(person, "team", False))
    letters = words.family_name(name)
    if not size and len(letters) > 1 and not letters.isascii():
        letters = letters[0]
    kinds = "".join(
        f" {k}"
        for k in (
            f"is-{size}" if size else "",
            "is-me" if is_me else "",
            "is-team" if team else "",
            "is-two" if len(letters) > 1 else "",
        )
        if k
    )
    dot = format_html('<span class="sn-dot is-{}"></span>', there) if there in _PRESENCE else SafeString("")
    title = f"{name} · {_PRESENCE[there]}" if there in _PRESENCE else name
    return format_html(
        '<span class="sn-av{}" title="{}" role="img" aria-label="{}">{}{}</span>',
        kinds,
        title,
        title,
        letters,
        dot,
    )


@register.simple_tag
def person(thing: Any, size: str = "", none: str = "") -> SafeString:
    """`{% person case.owner %}`: avatar and name; `none` is shown (amber) when there is nobody."""
    if not thing:
        return format_html('<span class="sn-t-warn sn-s13">{}</span>', none or gettext("无人负责"))
    name = thing if isinstance(thing, str) else of(thing, "name", "")
    return format_html(
        '<span class="sn-person">{}<span class="sn-cut">{}</span></span>', avatar(thing, size), name
    )


@register.simple_tag
def people(things: Any, most: int = 6) -> SafeString:
    """`{% people signed %}`: overlapping avatars, at most `most`."""
    rows = [(avatar(p),) for p in list(things)[:most]]
    return format_html('<span class="sn-people">{}</span>', format_html_join("", "{}", rows))


# ---- clocks --------------------------------------------------------------------------------------------------------

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
    if state in ("run", "warn", "breach") and not of(thing, "met_at") and not of(thing, "text"):
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
                "day": _span_of_days(day, day_to),
                "label": label if label is not None else (words.WEEKDAYS[day.weekday()] if day else ""),
                "x": round(low * 100, 1),
                "width": round(max(0.0, high - low) * 100, 1),
                "now": None if at is None else round(float(at) * 100, 1),
                "future": 0 if at is None else round(max(0.0, high - float(at)) * 100, 1),
                "hours": f"{_hm(start)}–{_hm(end)}" if start and end else "",
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


def _hm(value: Any) -> str:
    return (
        timezone.localtime(value).strftime("%H:%M")
        if isinstance(value, datetime)
        else value.strftime("%H:%M")
    )


def _span_of_days(day: date | None, day_to: date | None) -> str:
    if day is None:
        return ""
    first = words.full_day(day, day, weekday=False)
    if day_to is None or day_to == day:
        return first
    if day_to.month == day.month:
        return gettext("%(month)s月%(first)s–%(last)s日") % {
            "month": day.month,
            "first": day.day,
            "last": day_to.day,
        }
    return f"{first}–{words.full_day(day_to, day_to, weekday=False)}"


# ---- timeline, options -------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/entry.html")
def entry(thing: Any) -> dict[str, Any]:
    """`{% entry e %}`: one entry of the timeline by `e.kind`.

    in|out|note: id, who (person), via, at, text or html (cleaned) or frame_url, files [{name, url, size}],
    options {title, note, clause, items}, delivery {state ok|wait|bad, text}, is_new.
    event: icon, text or html, clause, at. day: day (date), note ("调休上班"). fold: count, summary, entries.
    """
    return {"e": thing}


@register.inclusion_tag("components/option_cards.html")
def option_cards(options: Any) -> dict[str, Any]:
    """`{% option_cards o %}` for staff. o: title, note, clause, items [{title, time, cost, pros, cons, approval,
    recommended, chosen}]; keys 甲 乙 丙 are given by order."""
    items = list(of(options, "items") or ()) if not isinstance(options, list) else options
    chosen = any(of(i, "chosen") for i in items)
    rows = [
        {"o": i, "key": _OPTION_KEYS[n % len(_OPTION_KEYS)], "passed": chosen and not of(i, "chosen")}
        for n, i in enumerate(items)
    ]
    return {"head": options if not isinstance(options, list) else None, "rows": rows}


@register.inclusion_tag("components/option_choice.html")
def option_choice(option: Any, name: str = "option", chosen: bool = False) -> dict[str, Any]:
    """`{% option_choice o %}` for the customer: a radio of the form field `name`. o: id, title, cost ("退您 2,844 元"),
    when, points [..], caution."""
    return {"o": option, "name": name, "chosen": chosen}


# ---- figures -----------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/kpi.html")
def kpi(thing: Any, look: str = "") -> dict[str, Any]:
    """`{% kpi k %}`: name, value (text), unit, population (never without one), delta {text, good}, points and target
    for the sparkline, tone ""|warn|breach, url. `look` "card" stands in a card, "wall" is large."""
    return {"k": thing, "look": look, "good": of(of(thing, "delta") or {}, "good", True)}


@register.simple_tag
def spark(points: Any, target: float | None = None, bad: bool = False) -> SafeString:
    """`{% spark points target %}`: a line with a faint area, the target dashed; red when it ran the wrong way."""
    values = [float(p) for p in points or ()]
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
    if share is None:
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
    if share is None:
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
def cover_bar(by_system: int, by_hand: int, by_nobody: int) -> SafeString:
    """`{% cover_bar 43 19 6 %}`: clauses that the system, a person and nobody enforces."""
    total = max(1, by_system + by_hand + by_nobody)
    return format_html(
        '<svg class="sn-cover" viewBox="0 0 {0} 8" preserveAspectRatio="none" role="img" aria-label="{4}">'
        '<rect class="is-a" width="{1}" height="8"/><rect class="is-b" x="{1}" width="{2}" height="8"/>'
        '<rect class="is-c" x="{5}" width="{3}" height="8"/></svg>',
        total,
        by_system,
        by_hand,
        by_nobody,
        gettext("系统执行 %(a)s 条，人工检查 %(b)s 条，无人执行 %(c)s 条")
        % {"a": by_system, "b": by_hand, "c": by_nobody},
        by_system + by_hand,
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
    is_free (nobody's), title, url}; left of the now-line is overdue."""
    left, right, gap = 142.0, 968.0, 46
    reach = (end - start).total_seconds() or 1.0

    def x(at: datetime) -> float:
        return round(left + min(1.0, max(0.0, (at - start).total_seconds() / reach)) * (right - left), 1)

    rows = []
    for n, team in enumerate(teams):
        dots = [
            {
                "x": x(of(d, "due_at")),
                "r": 5.5 if words.clock_state(d) == "run" else 7,
                "state": words.clock_state(d),
                "free": bool(of(d, "is_free")),
                "title": of(d, "title", ""),
                "url": of(d, "url", ""),
            }
            for d in of(team, "dots") or ()
        ]
        rows.append(
            {"name": of(team, "name"), "count": of(team, "count", len(dots)), "y": 23 + n * gap, "dots": dots}
        )
    bottom = len(rows) * gap
    step = 1800 if reach <= 3 * 3600 else 3600 * math.ceil(reach / 3600 / 6)
    ticks = []
    at = math.ceil((start.timestamp() + 1) / step) * step
    while at <= end.timestamp():
        moment = datetime.fromtimestamp(at, tz=start.tzinfo)
        if abs(x(moment) - x(now)) > 34:
            ticks.append(
                {"x": x(moment), "text": _hm(moment), "anchor": "end" if x(moment) > right - 20 else "middle"}
            )
        at += step
    summary = "，".join(f"{r['name']} {r['count']}" for r in rows)
    return {
        "rows": rows,
        "ticks": ticks,
        "now": x(now),
        "left": left,
        "right": right,
        "bottom": bottom,
        "label": summary,
        "late": round(x(now) - left, 1),
    }


@register.inclusion_tag("components/ladder.html")
def ladder(steps: Any) -> dict[str, Any]:
    """`{% ladder steps %}`: from the start to the last escalation. steps [{seconds, text, kind run|warn|breach}];
    the first is the start (0), one step has `is_due`."""
    rows = [
        dict(s)
        if isinstance(s, dict)
        else {"seconds": s.seconds, "text": s.text, "kind": s.kind, "is_due": s.is_due}
        for s in steps
    ]
    most = max((r["seconds"] for r in rows), default=1) or 1
    for n, row in enumerate(rows):
        row["x"] = round(6 + row["seconds"] / most * 448, 1)
        row["time"] = "0" if not row["seconds"] else words.span(row["seconds"])
        row["anchor"] = "start" if n == 0 else "end" if n == len(rows) - 1 else "middle"
        row["shift"] = {"start": -4, "end": 4, "middle": 0}[row["anchor"]]
    for before, row in zip(rows, rows[1:], strict=False):
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
    return {"rows": rows, "label": "，".join(f"{r['time']} {r['text']}" for r in rows)}


@register.inclusion_tag("components/hours.html")
def hours(windows: Any) -> dict[str, Any]:
    """`{% hours [("08:30","12:00"), ...] %}`: the working hours of a day on a line of 24; pairs of times or "HH:MM"."""
    bars = []
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
    return {"bars": bars, "first": bars[0] if bars else None, "last": bars[-1] if bars else None}


def _clock(value: Any) -> str:
    return value if isinstance(value, str) else value.strftime("%H:%M")


def _minutes(value: Any) -> int:
    hour, minute = _clock(value).split(":")
    return int(hour) * 60 + int(minute) or (1440 if _clock(value) == "24:00" else 0)


# ---- forms, lists --------------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/field.html")
def field(
    bound: Any,
    clause: Any = None,
    hint: str = "",
    label: str = "",
    optional: bool = False,
    big: bool = False,
    **attrs: Any,
) -> dict[str, Any]:
    """`{% field form.title clause=c hint="..." %}`: label, clause tag of a required field, control, help, error.

    Further keywords become attributes of the control, underscores as dashes (`data_draft=1`, `autofocus=True`).
    """
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "") or widget.__class__.__name__.lower()
    control = "sn-textarea" if "textarea" in kind else "sn-select" if "select" in kind else "sn-input"
    given = {k.replace("_", "-"): v for k, v in attrs.items() if v is not False and v is not None}
    simple = kind in ("checkbox",) and not hasattr(widget, "subwidgets_of")
    check = kind == "checkbox" and widget.__class__.__name__ == "CheckboxInput"
    many = widget.__class__.__name__ in ("RadioSelect", "CheckboxSelectMultiple")
    if not (check or many):
        given["class"] = f"{control}{' is-big' if big else ''} {widget.attrs.get('class', '')}".strip()
    described = [f"{bound.auto_id}_help"] if hint or bound.help_text else []
    if bound.errors:
        given["aria-invalid"] = "true"
        described.append(f"{bound.auto_id}_error")
    if described:
        given["aria-describedby"] = " ".join(described)
    return {
        "f": bound,
        "control": bound.as_widget(attrs=given) if not many else "",
        "label": label or bound.label,
        "hint": hint or bound.help_text,
        "clause": clause,
        "optional": optional,
        "check": check,
        "many": many,
        "simple": simple,
    }


@register.inclusion_tag("components/pager.html")
def pager(page: Any, target: str = "") -> dict[str, Any]:
    """`{% pager page %}`: first, last (numbers of rows), total, previous_url, next_url; `target` for htmx."""
    return {"p": page, "target": target}


@register.inclusion_tag("components/segmented.html")
def segmented(items: Any, label: str) -> dict[str, Any]:
    """`{% segmented items "时段" %}`: 2-4 exclusive values [{label, url, active, count}] as links."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Any, label: str) -> dict[str, Any]:
    """`{% tabs items "视图" %}`: [{label, url, active, count}]."""
    return {"items": items, "label": label}


@register.inclusion_tag("components/chips.html")
def chips(items: Any) -> dict[str, Any]:
    """`{% chips filters %}`: [{label, value, url, set, clear_url, menu}]; set ones are tinted with a cross."""
    return {"items": items}


@register.inclusion_tag("components/empty.html")
def empty(
    title: str,
    text: str = "",
    url: str = "",
    action: str = "",
    url2: str = "",
    action2: str = "",
    small: bool = False,
) -> dict[str, Any]:
    """`{% empty title text url action %}`: what it means, the next thing, one way on."""
    return {
        "title": title,
        "text": text,
        "url": url,
        "action": action,
        "url2": url2,
        "action2": action2,
        "small": small,
    }


@register.inclusion_tag("components/skeleton.html")
def skeleton(rows: int = 4, kind: str = "list") -> dict[str, Any]:
    """`{% skeleton 5 "list" %}`: kinds list, text, cards."""
    return {"rows": range(rows), "kind": kind}


@register.inclusion_tag("components/notices.html")
def notices(items: Any) -> dict[str, Any]:
    """`{% notices items %}`: [{icon, text, note, at, url, is_unread}]."""
    return {"items": items}


@register.inclusion_tag("components/table.html")
def table(columns: Any, rows: Any, label: str = "") -> dict[str, Any]:
    """`{% table columns rows %}` for administration. columns [{label, num, sort_url, sorted asc|desc, sub}];
    rows [{cells, url, acts [{label, url, post, danger}]}], a cell is text or safe HTML."""
    shaped = [
        {"row": r, "cells": list(zip(columns, of(r, "cells"), strict=False)), "acts": of(r, "acts") or ()}
        for r in rows
    ]
    return {"columns": columns, "rows": shaped, "label": label, "acts": any(r["acts"] for r in shaped)}


@register.simple_tag
def page_words() -> SafeString:
    """The strings that the scripts show, as JSON for base.html's script element of type application/json."""
    plural = [ngettext("%(n)s 天", "%(n)s 天", n) % {"n": "{n}"} for n in (1, 2)]
    workdays = [ngettext("%(n)s 个工作日", "%(n)s 个工作日", n) % {"n": "{n}"} for n in (1, 2)]
    strings = {
        "left": gettext("还剩 %(span)s") % {"span": "{span}"},
        "over": gettext("已超时 %(span)s") % {"span": "{span}"},
        "underMinute": gettext("不到 1 分钟"),
        "seconds": gettext("%(n)s 秒") % {"n": "{n}"},
        "minutesSeconds": gettext("%(m)s 分 %(s)s 秒") % {"m": "{m}", "s": "{s}"},
        "minutes": gettext("%(n)s 分钟") % {"n": "{n}"},
        "hours": gettext("%(n)s 小时") % {"n": "{n}"},
        "hoursMinutes": gettext("%(h)s 小时 %(m)s 分") % {"h": "{h}", "m": "{m}"},
        "day": plural[0],
        "days": plural[1],
        "workday": workdays[0],
        "workdays": workdays[1],
        "daysHours": gettext("%(days)s %(n)s 小时") % {"days": "{days}", "n": "{n}"},
        "nowWarn": gettext("%(name)s 快到期，%(text)s") % {"name": "{name}", "text": "{text}"},
        "nowBreach": gettext("%(name)s 已超时") % {"name": "{name}"},
        "draftSaved": gettext("草稿已存 %(time)s") % {"time": "{time}"},
        "draftLocal": gettext("没连上，草稿存在本机 %(time)s") % {"time": "{time}"},
        "draftRestored": gettext("取回了上次没发完的草稿"),
        "drop": gettext("丢掉草稿"),
        "undo": gettext("撤回"),
        "close": gettext("关闭"),
        "failed": gettext("没有做成，内容都还在。请再试一次"),
        "offline": gettext("连不上服务器，内容都还在"),
        "newRows": gettext("%(n)s 件新的") % {"n": "{n}"},
        "uploadFailed": gettext("%(name)s 没有传上") % {"name": "{name}"},
        "tooLarge": gettext("%(name)s 太大，最多 %(size)s") % {"name": "{name}", "size": "{size}"},
        "retry": gettext("再传"),
        "remove": gettext("拿掉"),
        "keysTitle": gettext("按键"),
        "keysNone": gettext("这一页没有按键"),
        "nothing": gettext("没有找到"),
        "people": gettext("同事"),
        "themeDark": gettext("换成深色"),
        "themeLight": gettext("换成浅色"),
        "selected": gettext("已选 %(n)s 件") % {"n": "{n}"},
    }
    text = (
        json.dumps(strings, ensure_ascii=False)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
    )
    return mark_safe(text)  # noqa: S308  our own strings, with <, > and & escaped


# ---- filters ---------------------------------------------------------------------------------------------------------------


@register.filter
def moment(value: datetime | None, style: str = "") -> str:
    """`{{ at|moment }}` 今天 10:54, 周一 09:20, 10月8日 周四 08:34; styles due, short, full."""
    return words.moment_words(value, kernel_clock.now(), style) if value else gettext("未定")


@register.filter
def day(value: date | datetime | None, style: str = "") -> str:
    """`{{ d|day }}` 今天, else 10月12日 周一; styles full (never 今天), short (no weekday)."""
    if not value:
        return gettext("未定")
    if style == "full":
        that = timezone.localtime(value).date() if isinstance(value, datetime) else value
        return words.full_day(that, timezone.localtime(kernel_clock.now()).date())
    return words.day_words(value, kernel_clock.now(), weekday=style != "short")


@register.filter
def hm(value: datetime | None) -> str:
    """`{{ at|hm }}` 10:54 in the organisation's zone."""
    return _hm(value) if value else ""


@register.filter
def since(value: datetime | None) -> str:
    """`{{ at|since }}` 2 小时 7 分前."""
    return words.since_words(value, kernel_clock.now()) if value else ""


@register.filter
def span(seconds: Any, style: str = "") -> str:
    """`{{ seconds|span }}` 6 小时 32 分 (a timedelta too); style exact shows seconds."""
    if seconds is None or seconds == "":
        return gettext("未计")
    value = seconds.total_seconds() if hasattr(seconds, "total_seconds") else float(seconds)
    return words.span(value, exact=style == "exact")


@register.filter
def clock_text(thing: Any) -> str:
    """`{{ c|clock_text }}`: a clock's words alone."""
    return words.clock_words(thing, kernel_clock.now())


@register.filter
def money(fen: int | None) -> str:
    """`{{ fen|money }}` 9,480 元."""
    return words.money(fen)


@register.filter
def num(value: Any, places: int | None = None) -> str:
    """`{{ n|num }}` 1,288; `{{ n|num:1 }}`."""
    return words.number(value, places)


@register.filter
def pct(share: Any, places: int = 1) -> str:
    """`{{ share|pct }}` 0.974 as 97.4%."""
    return words.percent(share, places)


@register.filter
def surname(name: str) -> str:
    """`{{ name|surname }}` 宋, 欧阳."""
    return words.family_name(name or "")


@register.filter
def size(value: int | None) -> str:
    """`{{ bytes|size }}` 812 KB."""
    return words.file_size(value)


@register.filter
def attr(thing: Any, name: str) -> Any:
    """`{{ thing|attr:"name" }}`: a value of a mapping or object by a name that is itself a value."""
    return of(thing, name, "")
