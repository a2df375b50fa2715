"""What the templates of the policy pages take, made from policies, clocks and cases."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shounuo.cases.models import Case
from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Percent
from shounuo.kernel.errors import NotFound
from shounuo.policy import labels, permissions
from shounuo.policy import queries as policy
from shounuo.policy.models import PolicyVersion
from shounuo.policy.queries import ClauseView, Coverage, RuleView
from shounuo.policy.schema import Commitment
from shounuo.staff import queries as staff
from shounuo.web import timing, words

TARGET = 0.95
ICONS = {
    "commitment": "clock-hour-4", "cadence": "repeat", "record": "forms", "target": "scale", "alarm": "alarm",
    "authority": "key", "weight": "adjustments", "playbook": "route",
}  # fmt: skip
NUMERALS = "一二三四五六七八九十"
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
Figures = dict[str, dict[str, Any] | None]


def version_of(actor: Actor, code: str, number: str | None, at: datetime) -> PolicyVersion:
    """The version asked for by number, else the one in force, else the newest that the actor may read."""
    rows = policy.visible_to(actor).filter(policy__code=code)
    if number:
        found = rows.filter(number=int(number)).first() if number.isdigit() else None
    else:
        found = rows.filter(policy.in_force(at)).first() or rows.first()
    if found is None:
        raise NotFound(_("没有这份制度"))
    return found


def pack(version: PolicyVersion, at: datetime) -> dict[str, Any]:
    """The head of a document."""
    runs = is_in_force(version, at)
    return {
        "title": _title(version),
        "index_url": "/policy/",
        "url": f"/policy/{version.policy.code}/",
        "version_label": _("第 %(label)s 版 · %(state)s")
        % {"label": version.label, "state": state_words(version, at)},
        "in_force": runs,
        "note": _note(version),
        "target": TARGET,
    }


def _note(version: PolicyVersion) -> str:
    parts = [staff.organisation().name]
    if version.effective_at:
        parts.append(_("%(day)s起施行") % {"day": words.full_day(version.effective_at.date(), weekday=False)})
    if version.approved_by_id:
        parts.append(
            _("%(name)s批准")
            % {"name": staff.names([version.approved_by_id]).get(version.approved_by_id, "")}
        )
    return " · ".join(parts)


def _title(version: PolicyVersion) -> str:
    from django.utils import translation

    english = not (translation.get_language() or "zh").startswith("zh")
    return version.title_en if english and version.title_en else version.title


def is_in_force(version: PolicyVersion, at: datetime) -> bool:
    return (
        version.state in ("published", "archived")
        and version.effective_at is not None
        and version.effective_at <= at
        and (version.ended_at is None or version.ended_at > at)
    )


def state_words(version: PolicyVersion, at: datetime) -> str:
    """施行中, 待施行, 已终止, else the state of its making."""
    if is_in_force(version, at):
        return _("施行中")
    if version.state == "published" and version.effective_at and version.effective_at > at:
        return _("待施行")
    if version.state in ("published", "archived"):
        return _("已终止")
    return str(version.get_state_display())


def tabs(
    code: str, version: PolicyVersion, actor: Actor, at: datetime, cover: Coverage | None, on: str
) -> list[dict[str, Any]]:
    return [
        {"label": _("条款"), "url": f"/policy/{code}/", "active": on == "clauses", "count": None},
        {
            "label": _("无人执行"),
            "url": f"/policy/{code}/?only=gaps",
            "active": on == "gaps",
            "count": cover.none if cover else None,
        },
        {"label": _("版本"), "url": f"/policy/{code}/versions/", "active": on == "versions", "count": None},
    ]


@dataclass
class Chapter:
    number: str
    title: str
    clauses: list[ClauseView] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)


@dataclass
class Contents:
    """The table of contents and the chapter that is open."""

    items: list[dict[str, Any]]
    chapters: list[Chapter]
    chosen: Chapter

    def add_shares(self, figures: Figures) -> None:
        for item, chapter in zip(self.items, self.chapters, strict=True):
            met = due = 0
            for clause in chapter.clauses:
                month = (figures.get(clause.row.code) or {}).get("month")
                if month:
                    met, due = met + month["met"], due + month["due"]
            item["share"] = met / due if due else None


def contents(clauses: Sequence[ClauseView], code: str, wanted: str) -> Contents:
    """Chapters in their order; `wanted` is a chapter's number, else the first chapter with promises that run."""
    chapters: dict[str, Chapter] = {}
    for clause in clauses:
        path = clause.chapters or [("", _("条款"))]
        number, title = path[0]
        chapter = chapters.setdefault(number, Chapter(number, title))
        chapter.clauses.append(clause)
        if len(path) > 1:
            chapter.parts.setdefault(path[1][0], path[1][1])
    every = list(chapters.values()) or [Chapter("", _("条款"))]
    top = wanted.split(".")[0]
    chosen = next((c for c in every if c.number == top), None) or next(
        (c for c in every if any(v.standing == "live" for v in c.clauses)), every[0]
    )
    items = [
        {
            "numeral": _numeral(c.number),
            "title": c.title,
            "url": f"/policy/{code}/?chapter={c.number}",
            "share": None,
            "is_in": c is chosen,
            "sections": [
                {
                    "number": n,
                    "title": t,
                    "url": f"/policy/{code}/?chapter={c.number}#s{n}",
                    "is_on": n == wanted,
                }
                for n, t in c.parts.items()
            ],
        }
        for c in every
    ]
    chosen.title = (
        _("第%(number)s章　%(title)s") % {"number": _numeral(chosen.number), "title": chosen.title}
        if chosen.number
        else chosen.title
    )
    return Contents(items, every, chosen)


def _numeral(number: str) -> str:
    from django.utils import translation

    if number.isdigit() and 1 <= int(number) <= 10 and (translation.get_language() or "zh").startswith("zh"):
        return NUMERALS[int(number) - 1]
    return number


def sections(
    clauses: Iterable[ClauseView], figures: Figures, chosen: ClauseView | None
) -> list[dict[str, Any]]:
    """The clauses of a chapter under their section, each with what enforces it and its three shares."""
    found: dict[str, dict[str, Any]] = {}
    for clause in clauses:
        path = clause.chapters
        number, title = path[-1] if path else ("", "")
        section = found.setdefault(number, {"number": number, "title": title, "clauses": []})
        section["clauses"].append(_clause(clause, figures.get(clause.row.code), chosen))
    return list(found.values())


def _clause(clause: ClauseView, figures: dict[str, Any] | None, chosen: ClauseView | None) -> dict[str, Any]:
    counted = any(r.row.kind == "commitment" and r.row.status == "live" for r in clause.rules)
    shares = []
    for period, label in (("week", _("本周")), ("month", _("本月")), ("quarter", _("本季"))):
        window = (figures or {}).get(period) or {}
        share = window.get("share")
        none = "" if share is not None else (_("暂无到期") if counted else _("未计"))
        shares.append({"share": share, "none": none, "label": label})
    return {
        "number": clause.row.number,
        "name": clause.title,
        "url": f"/policy/clauses/{clause.row.code}/",
        "wording": clause.wording,
        "is_on": chosen is not None and chosen.row.pk == clause.row.pk,
        "is_gap": clause.standing == "none",
        "how": [_how(r) for r in clause.rules],
        "shares": shares,
    }


def _how(rule: RuleView) -> dict[str, Any]:
    """One mechanism in a few words: its name and its figure."""
    text = rule.title
    if isinstance(rule.rule, Commitment) and rule.rule.within and not rule.row.gaps:
        text = f"{rule.title} {rule.rule.within.words()}"  # type: ignore[union-attr]
    if rule.row.gaps:
        text = _("%(title)s：未定") % {"title": rule.title}
    return {
        "icon": ICONS.get(rule.row.kind, "clock-hour-4"),
        "text": text,
        "waiting": rule.row.status == "waiting",
        "url": "",
    }


def most_broken(clauses: Iterable[ClauseView], figures: Figures) -> ClauseView | None:
    """The clause whose breaches stand beside the document: the one with most this month."""

    def broken(clause: ClauseView) -> int:
        month = (figures.get(clause.row.code) or {}).get("month") or {}
        return int(month.get("breached", 0))

    ranked = sorted(clauses, key=broken, reverse=True)
    return ranked[0] if ranked and broken(ranked[0]) else None


def clause_note(version: PolicyVersion, view: ClauseView) -> str:
    live = sum(1 for r in view.rules if r.row.status == "live")
    parts = [_("第 %(label)s 版") % {"label": version.label}]
    if version.effective_at:
        parts.append(_("%(day)s起施行") % {"day": words.full_day(version.effective_at.date(), weekday=False)})
    parts.append(ngettext("%(n)s 条规则在执行", "%(n)s 条规则在执行", live) % {"n": live})
    if view.row.covers:
        parts.append(_("依据 %(rows)s") % {"rows": "、".join(view.row.covers)})
    return " · ".join(parts)


def rule(view: RuleView) -> dict[str, Any]:
    """A rule in a sentence, with its ladder drawn."""
    waiting = ""
    if view.row.status == "waiting":
        waiting = _("等待%(parts)s部分建成后开始计数") % {
            "parts": "、".join(labels.part(p) for p in view.row.waiting_for)
        }
    elif view.row.gaps:
        waiting = _("原文没有写明数值，由组织填写后开始执行")
    elif view.row.status == "shown":
        waiting = _("已载入并展示，尚未由系统执行")
    return {
        "kind": KINDS.get(view.row.kind, view.row.kind),
        "icon": ICONS.get(view.row.kind, "clock-hour-4"),
        "sentence": view.sentence,
        "note": " · ".join(view.details),
        "steps": _steps(view),
        "waiting": waiting,
    }


def _steps(view: RuleView) -> list[dict[str, Any]]:
    """The ladder in seconds of counted time, where the limit is a length that can be drawn."""
    commitment = view.rule
    if not isinstance(commitment, Commitment) or not commitment.within or view.row.gaps:
        return []
    span = commitment.within
    total = span.seconds or span.business_seconds or span.days * 86400 or span.business_days * 8 * 3600  # type: ignore[union-attr]
    if not total:
        return []
    steps: list[dict[str, Any]] = [{"seconds": 0, "text": _("开始"), "kind": "run"}]
    if isinstance(commitment.warn, Percent):
        steps.append(
            {
                "seconds": int(commitment.warn.of(timedelta(seconds=total)).total_seconds()),
                "text": _("预警"),
                "kind": "warn",
            }
        )
    at_due = [
        e
        for e in commitment.escalate
        if isinstance(e.at, Percent) and e.at.of(timedelta(seconds=100)).total_seconds() == 100
    ]
    told = "，".join(_("提醒%(who)s") % {"who": labels.addressee(e.to)} for e in at_due)
    steps.append(
        {
            "seconds": total,
            "text": _("到期") + (f"，{told}" if told else ""),
            "kind": "breach",
            "is_due": True,
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
                    "text": _("升级%(who)s") % {"who": labels.addressee(step.to)},
                    "kind": "breach",
                }
            )
    return steps


def figures(kept: Any, used: Any, now_: dict[str, Any] | None, period: str) -> list[dict[str, Any]]:
    """Share, median and what runs now, each with its population."""
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
            "tone": ""
            if share is None or share >= TARGET
            else "warn"
            if share >= TARGET - 0.05
            else "breach",
        },
        {
            "name": _("用时中位"),
            "value": words.span(used.median) if used.count else _("未计"),
            "unit": "",
            "population": _("九成在 %(span)s内 · %(n)s 次") % {"span": words.span(used.p90), "n": used.count}
            if used.count
            else _("还没有办完的"),
        },
        {
            "name": _("此刻在计"),
            "value": words.number(running),
            "unit": _("项"),
            "population": _("快到期 %(risk)s · 已超时 %(over)s")
            % {"risk": (now_ or {}).get("at_risk", 0), "over": (now_ or {}).get("overdue", 0)},
        },
    ]


def charts(weekly: Sequence[tuple[Any, Any]], used: Any, view: ClauseView) -> dict[str, Any]:
    """The data of the two charts, with a sentence for those who do not see them."""
    shares = [round(w.share * 100, 1) if w.share is not None else None for _d, w in weekly]
    low = min((s for s in shares if s is not None), default=90)
    trend = {
        "labels": [_("%(n)s 周") % {"n": d.isocalendar().week} for d, _w in weekly],
        "shares": shares,
        "counts": [w.due for _d, w in weekly],
        "target": TARGET * 100,
        "target_label": _("目标 %(n)s") % {"n": words.percent(TARGET, 0)},
        "count_name": _("应办"),
        "share_name": _("守诺率"),
        "min": max(0, int(min(low, 88) // 4 * 4)),
    }
    last = next((s for s in reversed(shares) if s is not None), None)
    found: dict[str, Any] = {
        "trend": trend,
        "trend_label": _("近 26 周守诺率，最近一周 %(last)s%%，目标 %(target)s%%")
        % {"last": last, "target": 95},
    }
    if used.count >= 10 and used.limit:
        bars = used.bars
        found["spread"] = {
            "labels": [words.span(used.limit * n / 10) if n % 5 == 0 and n else "" for n in range(len(bars))],
            "counts": list(bars),
            "limit": 10,
            "warn": 8,
            "limit_label": _("限 %(span)s") % {"span": words.span(used.limit)},
        }
        found["spread_note"] = _("%(n)s 次，%(span)s处为限") % {
            "n": used.count,
            "span": words.span(used.limit),
        }
        found["spread_label"] = _("用时分布，共 %(n)s 次") % {"n": used.count}
    return found


def groups(codes: list[str], start: datetime, at: datetime) -> list[dict[str, Any]]:
    """Who keeps it well: by channel, then by team."""
    teams = {t.code: t.name for t in staff.teams(active=False)}
    found: list[dict[str, Any]] = []
    for dimension in ("channel", "team"):
        for key, kept in list(commitments.kept_by(dimension, codes, start, at).items())[:6]:
            if kept.share is None:
                continue
            name = teams.get(key, key) if dimension == "team" else labels.value("channel", key)
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
            "text": b["over"],
            "who_when": f"{b['who']} · {b['when']}",
        }
        for b in breach_rows(rows, at)
    ]


def breach_rows(rows: Sequence[commitments.Breach], at: datetime) -> list[dict[str, Any]]:
    """Breaches as table rows; cases and people are read once for all of them."""
    cases = _cases(b.clock for b in rows)
    found = []
    for b in rows:
        case = cases.get(b.clock.subject_id) if b.clock.subject_kind == "case" else None
        over = _("超时 %(span)s") % {"span": words.span((b.late or (at - b.clock.due_at)).total_seconds())}
        found.append(
            {
                "number": case.number if case else b.clock.subject_id,
                "url": f"/cases/{case.number}/" if case else "",
                "title": case.subject if case else "",
                "over": over if b.late else _("%(over)s，还欠着") % {"over": over},
                "who": case.owner.name if case and case.owner else _("无人负责"),
                "when": words.moment_words(b.clock.due_at, at, "short"),
                "reason": b.clock.get_cause_display() if b.clock.cause else "",
                "reason_url": f"/policy/causes/{b.clock.pk}/",
            }
        )
    return found


def _cases(clocks: Iterable[Clock]) -> dict[int, Case]:
    ids = {c.subject_id for c in clocks if c.subject_kind == "case"}
    return {c.pk: c for c in Case.objects.filter(pk__in=ids).select_related("owner", "customer")}


def few(actor: Actor, code: str, at: datetime) -> list[dict[str, Any]]:
    """Under ten cases a share says little: the cases themselves."""
    clocks = commitments.at_risk(actor, at, within=timedelta(days=60), clauses=[code], limit=10)
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


def version_change(version: PolicyVersion, code: str) -> dict[str, Any] | None:
    """What this version changed in the clause against the one before; None when there is none before."""
    before = (
        PolicyVersion.objects.filter(
            policy=version.policy, number__lt=version.number, state__in=["published", "archived"]
        )
        .order_by("-number")
        .first()
    )
    if before is None:
        return None
    change = next((c for c in policy.diff(before, version) if c.code == code), None)
    note = f"{before.label} → {version.label}"
    if change is None:
        return {"note": note, "diff": _("这一条没有变"), "rows": [], "foot": ""}
    old, new = change.fields.get("wording", (None, None))
    rows = []
    for changed in change.rules:
        for name, (was, will) in changed.fields.items():
            rows.append({"label": f"{changed.title} · {labels.word(name)}", "html": _was_will(was, will)})
    return {
        "note": note,
        "diff": marked(old or "", new or "") if old or new else _("正文没有变"),
        "rows": rows[:12],
        "foot": _("生效时在计的时限仍按旧版走完"),
    }


def _was_will(was: Any, will: Any) -> SafeString:
    return format_html(
        "<del>{}</del> <ins>{}</ins>",
        _("无") if was in (None, "") else was,
        _("无") if will in (None, "") else will,
    )


def marked(old: str, new: str) -> SafeString:
    """The new wording with what went and what came marked."""
    pieces = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(("", old[a:b]))
        else:
            if b > a:
                pieces.append(("del", old[a:b]))
            if d > c:
                pieces.append(("ins", new[c:d]))
    return format_html_join(
        "",
        "{}",
        ((format_html("<{0}>{1}</{0}>", SafeString(tag), text) if tag else text,) for tag, text in pieces),
    )


def signed(version: PolicyVersion) -> dict[str, Any] | None:
    """Who has acknowledged the version."""
    if version.state not in ("published", "archived"):
        return None
    have = policy.acknowledged(version)
    people = list(staff.people())
    missing = [p.name for p in people if p.pk not in have]
    text = _("%(have)s / %(all)s") % {"have": len(people) - len(missing), "all": len(people)}
    if missing:
        text += _("，差%(names)s") % {"names": "、".join(missing[:3]) + (_("等") if len(missing) > 3 else "")}
    return {"people": [{"name": p.name} for p in people if p.pk in have], "text": text}


def document(row: policy.PolicyRow, at: datetime) -> dict[str, Any]:
    """A policy in the list of all."""
    version = row.current or row.coming or row.draft
    assert version is not None
    clauses = list(policy.clauses_of(version))
    cover = policy.coverage(clauses)
    figures = policy.kept_of([c.code for c in clauses], at)
    met = sum((f or {}).get("month", {}).get("met", 0) for f in figures.values())
    due = sum((f or {}).get("month", {}).get("due", 0) for f in figures.values())
    return {
        "title": _title(version),
        "url": f"/policy/{row.policy.code}/",
        "state": state_words(version, at),
        "in_force": row.current is not None,
        "label": _("第 %(label)s 版") % {"label": version.label},
        "note": _note(version),
        "cover": cover,
        "share": met / due if due else None,
        "due": due,
        "broken": due - met,
        "draft": row.draft if row.draft is not version else None,
        "coming": row.coming if row.coming is not version else None,
        "versions_url": f"/policy/{row.policy.code}/versions/",
        "target": TARGET,
    }


def version_row(
    version: PolicyVersion, before: PolicyVersion | None, actor: Actor, at: datetime
) -> dict[str, Any]:
    """A version in the list of versions: its state, what it changed, who did what, what may be done now."""
    code, base = version.policy.code, f"/policy/{version.policy.code}/versions/{version.pk}"
    changes = policy.diff(before, version) if before is not None else []
    acts = []
    if version.state == "draft" and actor.may(permissions.EDIT):
        acts = [
            {"url": f"{base}/submit/", "label": _("送审"), "primary": True},
            {
                "url": f"{base}/discard/",
                "label": _("作废"),
                "danger": True,
                "confirm": _("草案作废后不能恢复"),
            },
        ]
    elif version.state == "in_review" and actor.may(permissions.APPROVE):
        acts = [{"url": f"{base}/approve/", "label": _("批准"), "primary": True}]
    publish = version.state == "approved" and actor.may(permissions.PUBLISH)
    runs = is_in_force(version, at)
    if runs and actor.person_id and actor.person_id not in policy.acknowledged(version, [actor.person_id]):
        acts.append({"url": f"{base}/acknowledge/", "label": _("我已读，签阅"), "primary": True})
    return {
        "label": _("第 %(label)s 版") % {"label": version.label},
        "number": version.number,
        "url": f"/policy/{code}/?version={version.number}",
        "state": state_words(version, at),
        "is_in_force": runs,
        "effective": version.effective_at,
        "ended": version.ended_at,
        "note": version.note,
        "made": version.created_at,
        "changes": [
            {
                "number": timing.clause_number(c.code),
                "title": c.title,
                "change": {"added": _("新增"), "removed": _("删去")}.get(c.change, _("修改")),
                "wording": marked(c.fields["wording"][0] or "", c.fields["wording"][1] or "")
                if "wording" in c.fields
                else "",
                "rules": [
                    {
                        "title": r.title,
                        "fields": [
                            {"label": labels.word(n), "html": _was_will(a, b)}
                            for n, (a, b) in r.fields.items()
                        ],
                    }
                    for r in c.rules
                ],
            }
            for c in changes[:40]
        ],
        "change_count": len(changes),
        "acts": acts,
        "publish_url": f"{base}/publish/" if publish else "",
        "export_url": f"/policy/{code}/export/?version={version.number}",
    }
