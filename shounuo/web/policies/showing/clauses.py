"""One clause: its rules in sentences with their ladders, its figures, charts and breaches."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from shounuo.cases import queries as case_queries
from shounuo.cases.models import Case
from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.duties import queries as duties
from shounuo.duties.models import Duty
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Percent
from shounuo.kernel.text import whole
from shounuo.policy import labels
from shounuo.policy import queries as policy
from shounuo.policy.models import PolicyVersion
from shounuo.policy.queries import ClauseView, RuleView
from shounuo.policy.schema import Commitment, Record
from shounuo.policy.standing import FIELD
from shounuo.staff import queries as staff
from shounuo.web import timing, words
from shounuo.web.policies.showing.documents import ICONS
from shounuo.web.policies.showing.targets import target_of

LEAST_BARS = 10
LEAST_WEEKS = 8
NEVER = 10**9  # seconds: a day that is never full, so that hours stay hours
FLOORS = (88, 80, 60, 40, 0)  # where the axis of shares may begin
KINDS = {
    "commitment": gettext_lazy("时限"),
    "cadence": gettext_lazy("周期"),
    "record": gettext_lazy("记录"),
    "target": gettext_lazy("指标"),
    "alarm": gettext_lazy("预警"),
    "authority": gettext_lazy("授权"),
    "weight": gettext_lazy("权重"),
    "playbook": gettext_lazy("流程"),
}


def clause_note(version: PolicyVersion, view: ClauseView) -> str:
    live = sum(1 for r in view.rules if r.row.status == "live")
    parts = [_("第 %(label)s 版") % {"label": version.label}]
    if version.effective_at:
        day = timezone.localtime(version.effective_at).date()
        parts.append(_("%(day)s起施行") % {"day": words.full_day(day, weekday=False)})
    parts.append(ngettext("%(n)s 条规则在执行", "%(n)s 条规则在执行", live) % {"n": live})
    if view.row.covers:
        parts.append(_("依据 %(rows)s") % {"rows": _("、").join(_runs(view.row.covers))})
    return " · ".join(parts)


def _runs(codes: Sequence[str]) -> list[str]:
    """Rows of a register with those that follow one another drawn together: REG-2.2.1-01–05."""
    found: list[str] = []
    last: tuple[str, int] | None = None
    for code in codes:
        head, _dash, tail = code.rpartition("-")
        place = (head, number) if (number := whole(tail)) is not None else None
        if last and place and (place[0], place[1] - 1) == last:
            found[-1] = f"{found[-1].partition('–')[0]}–{tail}"
        else:
            found.append(code)
        last = place
    return found


def rule(view: RuleView) -> dict[str, Any]:
    """A rule in a sentence, with its ladder drawn."""
    waiting = ""
    if view.row.status == "waiting":
        parts = {"parts": _("、").join(labels.part(p) for p in view.row.waiting_for)}
        own = all(p.startswith(FIELD) for p in view.row.waiting_for)
        waiting = (
            _("等待%(parts)s，建好后开始执行") if own else _("等待%(parts)s部分建成后开始计数")
        ) % parts
    elif view.row.gaps:
        waiting = _("填上数值后开始执行")
    elif view.row.status == "shown":
        waiting = _("已载入并展示，尚未由系统执行")
    return {
        "kind": KINDS.get(view.row.kind, view.row.kind),
        "icon": ICONS.get(view.row.kind, "clock-hour-4"),
        "sentence": _with_limit(view),
        "note": " · ".join(view.details),
        "steps": _steps(view),
        "waiting": waiting,
    }


def has_clocks(view: RuleView) -> bool:
    """True for rules that clocks run under: promises, cadences, records owed after something."""
    return view.row.kind in ("commitment", "cadence") or (
        isinstance(view.rule, Record) and bool(view.rule.after)
    )


def _with_limit(view: RuleView) -> str:
    """The sentence with its time limit set off."""
    limit = view.rule.within.words() if isinstance(view.rule, Commitment) and view.rule.within else ""  # type: ignore[union-attr]
    before, found, after = view.sentence.partition(limit) if limit else ("", "", "")
    return format_html("{}<em>{}</em>{}", before, found, after) if found else view.sentence


def _steps(view: RuleView) -> list[dict[str, Any]]:
    """The ladder in seconds of counted time, where the limit is a length that can be drawn."""
    commitment = view.rule
    if not isinstance(commitment, Commitment) or not commitment.within or view.row.gaps:
        return []
    span = commitment.within
    total = span.seconds or span.business_seconds or span.days * 86400 or span.business_days * 8 * 3600  # type: ignore[union-attr]
    if not total:
        return []
    # said in the unit of the clause: 24 小时 is no day, 3 个工作日 are no 24 hours
    day = 8 * 3600 if span.business_days else words.DAY if span.days else NEVER  # type: ignore[union-attr]
    steps: list[dict[str, Any]] = [{"seconds": 0, "text": _("开始"), "kind": "run", "day": day}]
    if isinstance(commitment.warn, Percent):
        steps.append(
            {
                "seconds": int(commitment.warn.of(timedelta(seconds=total)).total_seconds()),
                "text": pgettext("clock", "预警"),
                "kind": "warn",
                "day": day,
            }
        )
    at_due = [
        e
        for e in commitment.escalate
        if isinstance(e.at, Percent) and e.at.of(timedelta(seconds=100)).total_seconds() == 100
    ]
    told = _("，").join(_("提醒%(who)s") % {"who": labels.small(labels.addressee(e.to))} for e in at_due)
    steps.append(
        {
            "seconds": total,
            "text": _("，").join(filter(None, (_("到期"), told))),
            "kind": "breach",
            "is_due": True,
            "day": day,
        }
    )
    for step in commitment.escalate:
        if step in at_due or not isinstance(step.at, Percent):
            continue
        seconds = int(step.at.of(timedelta(seconds=total)).total_seconds())
        if seconds > total:
            steps.append(
                {
                    "seconds": seconds,
                    "text": _("升级%(who)s") % {"who": labels.small(labels.addressee(step.to))},
                    "kind": "breach",
                    "day": day,
                }
            )
    return steps


def figures(
    kept: Any,
    used: Any,
    now_: dict[str, Any] | None,
    period: str,
    target: float,
    behind: Callable[[str], str],
) -> list[dict[str, Any]]:
    """Share, median and what runs now, each with its population; `behind(metric)` is the address of what it counts."""
    share = kept.share if kept else None
    running = (now_ or {}).get("running", 0)
    return [
        {
            "name": {"week": _("本周守诺率"), "month": _("本月守诺率"), "quarter": _("本季守诺率")}[period],
            "value": words.percent(share).removesuffix("%"),
            "unit": "%" if share is not None else "",
            "population": _("应办 %(due)s · 办到 %(met)s · 违诺 %(breached)s")
            % {
                "due": kept.due if kept else 0,
                "met": kept.met if kept else 0,
                "breached": kept.breached if kept else 0,
            },
            "url": behind("kept_share") if share is not None else "",
            "tone": ""
            if share is None or share >= target
            else "warn"
            if share >= target - 0.05
            else "breach",
        },
        {
            "name": _("用时中位"),
            "value": _sized(words.span(used.median)) if used and used.count else _("未计"),
            "unit": "",
            "population": _("九成在 %(span)s内 · %(n)s 次") % {"span": words.span(used.p90), "n": used.count}
            if used and used.count
            else _("还没有办完的"),
            "url": behind("promise_used_median") if used and used.count else "",
        },
        {
            "name": _("此刻在计"),
            "value": words.number(running),
            "unit": _("项"),
            "population": _("快到期 %(risk)s · 已超时 %(over)s")
            % {"risk": (now_ or {}).get("at_risk", 0), "over": (now_ or {}).get("overdue", 0)},
        },
    ]


def _sized(told: str) -> SafeString:
    """A length of time as a figure: its numbers large, its units small."""
    pieces = ((part, part[:1].isdigit()) for part in re.split(r"([0-9]+)", told) if part.strip())
    return format_html_join(
        "", "{}", ((part if large else format_html("<small>{}</small>", part),) for part, large in pieces)
    )


def charts(
    weekly: Sequence[tuple[Any, Any]], spread: tuple[Sequence[int], int] | None, view: ClauseView
) -> dict[str, Any]:
    """The data of the two charts, with a sentence for those who do not see them. Weeks before the first promise was
    due are left out. `spread`: how many took each tenth of the time allowed, and what that mostly was (s)."""
    first = next((n for n, (_day, week) in enumerate(weekly) if week.due), len(weekly))
    weekly = weekly[min(first, max(0, len(weekly) - LEAST_WEEKS)) :]
    shares = [round(w.share * 100, 1) if w.share is not None else None for _day, w in weekly]
    low = min((s for s in shares if s is not None), default=100.0)
    target = target_of(view)
    trend = {
        "labels": [_("第 %(n)s 周") % {"n": d.isocalendar().week} for d, _week in weekly],
        "shares": shares,
        "counts": [w.due for _day, w in weekly],
        "target": round(target * 100, 1),
        "target_label": _("目标 %(n)s") % {"n": words.percent(target, 0)},
        "count_name": _("应办"),
        "share_name": _("守诺率"),
        "min": next(f for f in FLOORS if f == 0 or f + 2 <= low),
    }
    last = next((s for s in reversed(shares) if s is not None), None)
    found: dict[str, Any] = {
        "trend": trend,
        "trend_label": _("近 %(weeks)s 周守诺率，最近一周 %(last)s%%，目标 %(target)s%%")
        % {"weeks": len(weekly), "last": last, "target": trend["target"]},
        "trend_title": ngettext("守诺率，近 %(n)s 周", "守诺率，近 %(n)s 周", len(weekly))
        % {"n": len(weekly)},
    }
    if spread is not None and sum(spread[0]) >= LEAST_BARS:
        bars, limit = spread
        found["spread"] = {
            "labels": [_mark(limit, n) for n in range(len(bars))],
            "counts": list(bars),
            "limit": 10,
            "warn": 8,
            "limit_label": _("限 %(span)s") % {"span": words.span(limit)},
        }
        found["spread_note"] = _("%(n)s 次，%(span)s处为限") % {
            "n": sum(bars),
            "span": words.span(limit),
        }
        found["spread_label"] = _("用时分布，共 %(n)s 次") % {"n": sum(bars)}
    return found


def _mark(limit: float, tenth: int) -> str:
    """What stands under a bar of the spread: a time at every fifth."""
    return "" if tenth % 5 else words.span(limit * tenth / 10) if tenth else "0"


def groups(codes: list[str], start: datetime, at: datetime) -> list[dict[str, Any]]:
    """Who keeps it well: by channel, then by team."""
    teams = {t.pk: t.name for t in staff.teams(active=False)}
    found: list[dict[str, Any]] = []
    for dimension in ("channel", "team"):
        for key, kept in list(commitments.kept_by(dimension, start, at, clauses=codes).items())[:6]:
            if kept.share is None:
                continue
            name = teams.get(key, "") if dimension == "team" else labels.value("channel", key)
            found.append(
                {
                    "name": name or _("未分组"),
                    "count": kept.due,
                    "share": kept.share,
                    "sepr": False,
                    "dimension": dimension,
                }
            )
    for before, row in itertools.pairwise(found):
        row["sepr"] = before["dimension"] != row["dimension"]
    return found


def breach_items(rows: Sequence[commitments.Breach], at: datetime) -> list[dict[str, Any]]:
    """Breaches in two lines each."""
    return [
        {
            "number": b["number"],
            "url": b["url"],
            "title": b["title"],
            "text": _("超时 %(span)s") % {"span": b["over"]},
            "who_when": f"{b['who']} · {b['when']}",
        }
        for b in breach_rows(rows, at)
    ]


def breach_rows(
    rows: Sequence[commitments.Breach], at: datetime, *, may_explain: bool = True, named: bool = False
) -> list[dict[str, Any]]:
    """Breaches as table rows, with the promise's name where it is asked for; cases, duties, people and names are read once
    for all of them."""
    titles = policy.rule_titles(b.clock.rule_id for b in rows) if named else {}
    cases = _cases(b.clock for b in rows)
    owed = _duties(b.clock for b in rows)
    found = []
    for b in rows:
        case = cases.get(b.clock.subject_id) if b.clock.subject_kind == "case" else None
        duty = owed.get(b.clock.subject_id) if b.clock.subject_kind == "duty" else None
        holder = case.owner if case else duty.owner if duty else None
        over = words.span((b.late or (at - b.clock.due_at)).total_seconds())
        found.append(
            {
                "number": case.number if case else duties.spoken_title(duty) if duty else b.clock.subject_id,
                "url": f"/cases/{case.number}/" if case else f"/duties/{duty.pk}/" if duty else "",
                "title": case.subject if case else "",
                "promise": titles.get(b.clock.rule_id, ""),
                "over": over if b.late else _("%(over)s，还欠着") % {"over": over},
                "who": holder.name if holder else _("无人负责"),
                "when": words.moment_words(b.clock.due_at, at, "short"),
                "reason": b.clock.get_cause_display() if b.clock.cause else "",
                "reason_url": f"/policy/causes/{b.clock.pk}/" if may_explain else "",
            }
        )
    return found


def _cases(clocks: Iterable[Clock]) -> dict[int, Case]:
    ids = {c.subject_id for c in clocks if c.subject_kind == "case"}
    return {c.pk: c for c in Case.objects.filter(pk__in=ids).select_related("owner", "customer")}


def _duties(clocks: Iterable[Clock]) -> dict[int, Duty]:
    ids = {c.subject_id for c in clocks if c.subject_kind == "duty"}
    return {d.pk: d for d in Duty.objects.filter(pk__in=ids).select_related("owner")} if ids else {}


def few(actor: Actor, code: str, start: datetime, at: datetime) -> list[dict[str, Any]]:
    """Under ten cases a share says little: the cases themselves, as far as the reader may see them."""
    rows = Clock.objects.filter(
        clause_code=code,
        due_at__gte=start,
        subject_kind="case",
        subject_id__in=case_queries.visible_to(actor).order_by().values("pk"),
    ).exclude(state=Clock.State.CANCELLED)
    clocks = list(rows.order_by("-due_at", "-id")[:LEAST_BARS])
    cases = _cases(clocks)
    return [
        {
            "number": cases[c.subject_id].number,
            "url": f"/cases/{cases[c.subject_id].number}/",
            "title": cases[c.subject_id].subject,
            "clock": timing.clock_view(c, at),
        }
        for c in clocks
        if c.subject_id in cases
    ]
