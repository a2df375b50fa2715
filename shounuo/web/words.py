"""Times, durations, money and names as words on a page. Pure: the moment `now` is passed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext

from shounuo.policy import labels
from shounuo.policy.schema import Money

WEEKDAYS = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)
MINUTE, HOUR, DAY = 60, 3600, 86400
_STATES = {
    "running": "run",
    "warned": "warn",
    "warning": "warn",
    "breached": "breach",
    "overdue": "breach",
    "paused": "pause",
    "kept": "met",
    "done": "met",
    "canceled": "cancelled",
}


def of(thing: Any, name: str, default: Any = None) -> Any:
    """A value of a mapping or an object by name, `default` where it is missing."""
    if isinstance(thing, Mapping):
        return thing.get(name, default)
    return getattr(thing, name, default)


def clock_state(clock: Any) -> str:
    """One of run, warn, breach, pause, met, cancelled."""
    state = str(of(clock, "state", "run") or "run")
    return _STATES.get(state, state)


def span(seconds: float, *, exact: bool = False, day: int = DAY) -> str:
    """A duration in at most two units: 12 分钟, 6 小时 32 分, 1 天 3 小时.

    `exact` shows seconds (queues only).
    `day` is the length of a working day in seconds for time that only counts in working hours; days are then
    working days and appear from the third on.
    """
    total = int(abs(seconds))
    if total < MINUTE:
        if exact:
            return gettext("%(n)s 秒") % {"n": total}
        return gettext("不到 1 分钟")
    if total < HOUR:
        minutes, rest = divmod(total, MINUTE)
        if exact and rest:
            return gettext("%(m)s 分 %(s)s 秒") % {"m": minutes, "s": rest}
        return gettext("%(n)s 分钟") % {"n": minutes}
    if day == DAY and total >= DAY:
        days, hours = total // DAY, total % DAY // HOUR
        words = ngettext("%(n)s 天", "%(n)s 天", days) % {"n": days}
        return gettext("%(days)s %(n)s 小时") % {"days": words, "n": hours} if hours else words
    if day < DAY and total >= 3 * day:
        days, hours = total // day, total % day // HOUR
        words = ngettext("%(n)s 个工作日", "%(n)s 个工作日", days) % {"n": days}
        return gettext("%(days)s %(n)s 小时") % {"days": words, "n": hours} if hours else words
    hours, minutes = total // HOUR, total % HOUR // MINUTE
    if minutes:
        return gettext("%(h)s 小时 %(m)s 分") % {"h": hours, "m": minutes}
    return gettext("%(n)s 小时") % {"n": hours}


def clock_left(clock: Any, now: datetime) -> float | None:
    """Seconds left (negative: overdue) from `left_seconds` (counted time) or `due_at`; None: neither is known."""
    left = of(clock, "left_seconds")
    if left is not None:
        return float(left)
    due = of(clock, "due_at")
    return None if due is None else (due - now).total_seconds()


def clock_share(clock: Any, now: datetime) -> float:
    """The share of the time that is left, 0..1, from `share_left` or from the clock's times."""
    given = of(clock, "share_left")
    if given is not None:
        return min(1.0, max(0.0, float(given)))
    left = clock_left(clock, now)
    total = of(clock, "total_seconds")
    if total is None:
        started, due = of(clock, "started_at"), of(clock, "due_at")
        total = (due - started).total_seconds() if started and due else None
    if left is None or not total:
        return 1.0
    return min(1.0, max(0.0, left / float(total)))


def clock_words(clock: Any, now: datetime, *, exact: bool = False) -> str:
    """还剩 12 分钟 · 已超时 3 分钟 · 已暂停 · 等客户 · 用时 6 分钟 · 已取消. A `text` of the clock wins.

    Reads state, due_at or left_seconds, met_at, started_at, used_seconds, pause_reason, day_seconds.
    """
    text = of(clock, "text")
    if text:
        return str(text)
    state = clock_state(clock)
    day = int(of(clock, "day_seconds") or DAY)
    if state == "pause":
        reason = of(clock, "pause_reason")
        return gettext("已暂停 · %(reason)s") % {"reason": reason} if reason else gettext("已暂停")
    if state == "cancelled":
        return gettext("已取消")
    if state == "met":
        used = of(clock, "used_seconds")
        if used is None and of(clock, "met_at") and of(clock, "started_at"):
            used = (of(clock, "met_at") - of(clock, "started_at")).total_seconds()
        return gettext("已守") if used is None else gettext("用时 %(span)s") % {"span": span(used, day=day)}
    left = clock_left(clock, now)
    if left is None:
        return gettext("未定")
    if state == "breach" and of(clock, "met_at") and of(clock, "due_at"):
        late = (of(clock, "met_at") - of(clock, "due_at")).total_seconds()
        return gettext("超时 %(span)s后办到") % {"span": span(late)}
    if left < 0 or state == "breach":
        if abs(left) < MINUTE and not exact:
            return gettext("刚超时")
        return gettext("已超时 %(span)s") % {"span": span(left, exact=exact)}
    if left < MINUTE and not exact:
        return gettext("还剩不到 1 分钟")
    return gettext("还剩 %(span)s") % {"span": span(left, exact=exact, day=day)}


def day_words(value: date | datetime, now: datetime, *, weekday: bool = True) -> str:
    """今天, 昨天, 明天, else 10月12日 周一; with the year when it is another one."""
    today = timezone.localtime(now).date()
    that = timezone.localtime(value).date() if isinstance(value, datetime) else value
    near = {0: gettext("今天"), 1: gettext("明天"), -1: gettext("昨天")}.get((that - today).days)
    return near or full_day(that, today, weekday=weekday)


def full_day(that: date, today: date | None = None, *, weekday: bool = True) -> str:
    """10月12日 周一, with the year unless `today` lies in the same one."""
    parts = {"year": that.year, "month": that.month, "day": that.day, "month_name": date_format(that, "M")}
    if today is None or that.year != today.year:
        words = gettext("%(year)s年%(month)s月%(day)s日") % parts
    else:
        words = gettext("%(month)s月%(day)s日") % parts
    if not weekday:
        return words
    return gettext("%(date)s %(weekday)s") % {"date": words, "weekday": WEEKDAYS[that.weekday()]}


def short_span(first: date, last: date) -> str:
    """10月1–7日, 9月30日–10月7日; one day alone when they are the same. Never with the year."""
    if (first.year, first.month) == (last.year, last.month) and first != last:
        parts = {
            "month": first.month,
            "month_name": date_format(first, "M"),
            "first": first.day,
            "last": last.day,
        }
        return gettext("%(month)s月%(first)s–%(last)s日") % parts
    shown = full_day(first, first, weekday=False)
    return shown if first == last else f"{shown}–{full_day(last, last, weekday=False)}"


def days_span(first: date, last: date, today: date | None = None) -> str:
    """10月24日 – 11月22日; one day alone when they are the same. With the year unless `today` lies in it."""
    start = full_day(first, today, weekday=False)
    if first == last:
        return start
    if first.year == last.year and (today is None or today.year != first.year):
        days = f"{full_day(first, first, weekday=False)} – {full_day(last, first, weekday=False)}"
        return gettext("%(year)s年%(days)s") % {"year": first.year, "days": days}
    return f"{start} – {full_day(last, today or first, weekday=False)}"


def moment_words(value: datetime, now: datetime, style: str = "") -> str:
    """今天 10:54 · 昨天 18:12 · 周一 09:20 (the coming six days) · 10月8日 周四 08:34.

    Styles: "due" leaves 今天 away (10:54), "short" the weekday of a date, "full" is always the date.
    """
    there, here = timezone.localtime(value), timezone.localtime(now)
    clock = there.strftime("%H:%M")
    ahead = (there.date() - here.date()).days
    if style == "full":
        return f"{full_day(there.date(), here.date())} {clock}"
    if style == "due" and ahead == 0:
        return clock
    if 1 < ahead < 7:
        return f"{WEEKDAYS[there.weekday()]} {clock}"
    return f"{day_words(there, now, weekday=style != 'short')} {clock}"


def since_words(value: datetime, now: datetime) -> str:
    """2 小时 7 分前; 刚刚 under a minute."""
    gone = now - value
    if gone < timedelta(minutes=1):
        return gettext("刚刚")
    return gettext("%(span)s前") % {"span": span(gone.total_seconds())}


def number(value: float | int | Decimal | None, places: int | None = None) -> str:
    """Thousands with commas, 未定 for None."""
    if value is None or value == "":
        return gettext("未定")
    if places is None:
        places = 0 if value == int(value) else 1
    return f"{value:,.{places}f}"


def choice(kind: type[TextChoices], value: str) -> str:
    """The label of a choice; the value itself where there is none. `get_x_display` looks through all choices anew each time:
    a tenth of the time of a list."""
    try:
        return str(kind(value).label)
    except ValueError:
        return value


def kept_value(type: str, value: Any) -> str:
    """The value of a field of one's own, as it is kept, in words; `type` is text, number, date, choice or bool."""
    match type:
        case "bool":
            return str(gettext("是") if value else gettext("否"))
        case "date":
            return full_day(date.fromisoformat(value), weekday=False)
        case "number":
            return f"{value:,}"
        case _:
            return str(value)


def money(fen: int | str | None) -> str:
    """Fen as 9,480 元, with two places only where there are fen; 未定 for None."""
    if fen is None or fen == "":
        return gettext("未定")
    return labels.amount(Money(int(fen)))


def sign(op: str) -> str:
    """How the figure is compared with its limit: ≥ 80%."""
    return {">=": "≥", "<=": "≤"}.get(op, op)


def percent(share: float | Decimal | None, places: int = 1) -> str:
    """0.974 as 97.4%, 未计 for None; never rounds a missed share up to 100%."""
    if share is None or share == "":
        return gettext("未计")
    if share >= 1:
        return f"{float(share) * 100:.0f}%"
    shown = min(float(share) * 100, 100 - 10**-places)
    return f"{shown:.{places}f}%"


@cache
def _compound_surnames() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("compound_surnames.txt").read_text(encoding="utf-8").split())


def family_name(name: str) -> str:
    """The family name that stands for a person: 宋, 欧阳, or the initials of a name in letters (JS)."""
    name = name.strip()
    if not name:
        return pgettext("无名的人", "无")
    if name[0].isascii():
        words = [w for w in name.replace("-", " ").split() if w[0].isalnum()]
        return "".join(w[0] for w in (words[:1] + words[1:][-1:])).upper() or name[0].upper()
    if len(name) > 2 and name[:2] in _compound_surnames():
        return name[:2]
    return name[0]


def file_size(size: int | None) -> str:
    """Bytes as 812 KB or 3.4 MB."""
    if size is None:
        return ""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024)):,} KB"
    return f"{size / 1024 / 1024:,.1f} MB"
