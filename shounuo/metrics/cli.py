"""`shounuo metrics list | show | rebuild`: an operator's look at figures, and making them anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from shounuo.kernel import reach
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid
from shounuo.metrics import asking, queries, registry, services, words
from shounuo.metrics.rules import Window
from shounuo.metrics.services.rebuilding import Tell
from shounuo.staff import queries as staff

Say = Callable[[str], None]


def show_all(say: Say, text: str = "") -> int:
    """Prints the catalogue: code, name, unit, what it waits for."""
    found = queries.catalogue(Actor.system(), text)
    for one in found:
        waits = f"  [{_('等待 %(part)s') % {'part': one.waits_for}}]" if one.waits_for else ""
        say(f"{one.code:34}{words.name(one)}{waits}")
    waiting = sum(1 for one in found if one.waits_for)
    say(_("共 %(all)s 个指标，%(waiting)s 个等待所需部分") % {"all": len(found), "waiting": waiting})
    return 0


def show(code: str, given: dict[str, list[str]], say: Say) -> int:
    """Prints a metric and its figure over the window asked for; NotFound, Invalid."""
    at = now()
    actor = Actor.system()
    metric = queries.metric(actor, code)
    asked = asking.read(metric, given, at)
    found = asked.answer(actor, at)
    say(f"{metric.code} {words.name(metric)}")
    say(str(metric.definition))
    say(words.formula(metric, found.limit))
    if found.waiting:
        say(_("等待 %(part)s") % {"part": found.waiting})
        return 0
    say(f"{asked.window.start:%Y-%m-%d %H:%M} .. {asked.window.end:%Y-%m-%d %H:%M}")
    say(f"{_plain(found.total.value)}  n={found.total.n}")
    for cell in found.cells:
        keys = [str(k) for k in (cell.bucket, *cell.by) if k is not None]
        say(f"  {' '.join(keys):30}{_plain(cell.value):>14}  n={cell.n}")
    return 0


def rebuild(sources: list[str], since: str | None, say: Say, progress: Tell) -> int:
    """Makes the observations anew and prints how many each source has."""
    report = services.rebuild(
        sources=sources or None, since=_since(since) if since else None, at=now(), progress=progress
    )
    for code, made in report.made.items():
        source = registry.source_of(code)
        say(f"{code:12}{made:>12,}  {source.label if source is not None else ''}")
    say(_("共 %(n)s 条观测") % {"n": f"{report.total:,}"})
    return 0


def _since(text: str) -> datetime:
    zone = ZoneInfo(staff.organisation().zone)
    try:
        day = date.fromisoformat(text)
        if not reach.can_be_named(day):
            raise ValueError(text)
    except ValueError as error:
        raise Invalid(_("应为日期，例如 2026-10-01"), field="since", code="bad_moment") from error
    return Window.days(day, day, zone).start


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4f}".rstrip("0").rstrip(".")
