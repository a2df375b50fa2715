"""A document as it reads: its head, contents, chapters and clauses, and the cards of all documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.kernel.text import whole
from shounuo.policy import queries as policy
from shounuo.policy.labels import spoken
from shounuo.policy.models import Clause, PolicyVersion
from shounuo.policy.queries import ClauseView, Coverage, RuleView
from shounuo.policy.schema import Commitment
from shounuo.risk import queries as risk
from shounuo.risk.models import Goal
from shounuo.staff import queries as staff
from shounuo.web import words
from shounuo.web.policies.showing.goals import brief
from shounuo.web.policies.showing.targets import TARGET, target_of

ICONS = {
    "commitment": "clock-hour-4", "cadence": "repeat", "record": "forms", "target": "scale", "alarm": "alarm",
    "authority": "key", "weight": "adjustments", "playbook": "route",
}  # fmt: skip
WORST = 3  # clauses named on a card
NUMERALS = "一二三四五六七八九十"
Figures = dict[str, dict[str, Any] | None]


def version_of(actor: Actor, code: str, number: str | None, at: datetime) -> PolicyVersion:
    """The version asked for by number, else the one in force, else the newest that the actor may read."""
    rows = policy.visible_to(actor).filter(policy__code=code).defer("source")
    if number:
        found = rows.filter(number=whole(number) or 0).first()
    else:
        found = rows.filter(policy.in_force(at)).first() or rows.first()
    if found is None:
        raise NotFound(_("没有这份制度"))
    return found


def pack(version: PolicyVersion, at: datetime) -> dict[str, Any]:
    """The head of a document. One query, for who approved it."""
    approver = version.approved_by_id
    return {
        "title": title_of(version),
        "index_url": "/policy/",
        "url": f"/policy/{version.policy.code}/",
        "version_label": _("第 %(label)s 版 · %(state)s")
        % {"label": version.label, "state": state_words(version, at)},
        "in_force": is_in_force(version, at),
        "note": _note(version, staff.names([approver])),
        "target": TARGET,
    }


def _note(version: PolicyVersion, names: Mapping[int, str]) -> str:
    parts = [staff.organisation().name]
    if version.effective_at:
        day = timezone.localtime(version.effective_at).date()
        parts.append(_("%(day)s起施行") % {"day": words.full_day(day, weekday=False)})
    if approver := names.get(version.approved_by_id or 0):
        parts.append(_("%(name)s批准") % {"name": approver})
    return " · ".join(parts)


def title_of(version: PolicyVersion) -> str:
    """The document's title in the reader's language."""
    return spoken(version.title, version.title_en)


def _chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


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
    code: str,
    cover: Coverage | None,
    on: str,
    *,
    broken: int | None = None,
    signed: str | None = None,
) -> list[dict[str, Any]]:
    """The pages of a document; counts where the page knows them: clauses that nothing enforces, promises broken this
    month, how many of its readers have acknowledged it."""
    gaps = cover.clauses - cover.live if cover else None
    pages = (
        (_("条款"), "", "clauses", None),
        (pgettext("place", "违诺"), "breaches/", "breaches", broken),
        (_("未执行"), "?only=gaps", "gaps", gaps),
        (_("版本"), "versions/", "versions", None),
        (_("签阅"), "sign/", "sign", signed),
    )
    return [
        {"label": label, "url": f"/policy/{code}/{rest}", "active": on == name, "count": count}
        for label, rest, name, count in pages
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
            item["tone"] = (
                "" if not due or met / due >= TARGET else "low" if met / due >= TARGET - 0.05 else "bad"
            )


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
    if number in {str(n) for n in range(1, 11)} and _chinese():
        return NUMERALS[int(number) - 1]
    return number


def sections(
    clauses: Iterable[ClauseView],
    figures: Figures,
    chosen: ClauseView | None,
    standings: Mapping[int, Goal],
) -> list[dict[str, Any]]:
    """The clauses of a chapter under their section, each with what enforces it and its three shares."""
    found: dict[str, dict[str, Any]] = {}
    for clause in clauses:
        path = clause.chapters
        number, title = path[-1] if path else ("", "")
        section = found.setdefault(number, {"number": number, "title": title, "clauses": []})
        section["clauses"].append(_clause(clause, figures.get(clause.row.code), chosen, standings))
    return list(found.values())


def _clause(
    clause: ClauseView,
    figures: dict[str, Any] | None,
    chosen: ClauseView | None,
    standings: Mapping[int, Goal],
) -> dict[str, Any]:
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
        "how": [*_practices(clause), *(_how(r, standings.get(r.row.pk)) for r in clause.rules)],
        "shares": shares,
        "target": target_of(clause),
    }


def _practices(clause: ClauseView) -> list[dict[str, Any]]:
    """How many practices the clause lists, as the first of what it holds; nothing where it lists none."""
    n = len(clause.practices)
    if not n:
        return []
    text = ngettext("%(n)s 项做法", "%(n)s 项做法", n) % {"n": n}
    return [{"icon": "checklist", "text": text, "waiting": False, "url": ""}]


def _how(rule: RuleView, goal: Goal | None) -> dict[str, Any]:
    """One mechanism in a few words: its name and its figure, of a target how it stands."""
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
        "goal": brief(goal) if goal is not None else None,
    }


def most_broken(clauses: Iterable[ClauseView], figures: Figures) -> ClauseView | None:
    """The clause whose breaches stand beside the document: the one with most this month."""

    def broken(clause: ClauseView) -> int:
        month = (figures.get(clause.row.code) or {}).get("month") or {}
        return int(month.get("breached", 0))

    ranked = sorted(clauses, key=broken, reverse=True)
    return ranked[0] if ranked and broken(ranked[0]) else None


def broken_of(clauses: Iterable[ClauseView], figures: Figures) -> int:
    """How many promises of these clauses were broken this month."""
    months = ((figures.get(c.row.code) or {}).get("month") or {} for c in clauses)
    return sum(int(m.get("breached", 0)) for m in months)


def documents(actor: Actor, rows: Sequence[policy.PolicyRow], at: datetime) -> list[dict[str, Any]]:
    """All policies as cards. Their clauses, figures, targets and approvers are read once for all of them."""
    shown = [(row, row.current or row.coming or row.draft) for row in rows]
    found = [(row, version) for row, version in shown if version is not None]
    clauses: dict[int, list[Clause]] = {version.pk: [] for _row, version in found}
    for clause in policy.clauses_of(*(version for _row, version in found)):
        clauses[clause.version_id].append(clause)
    figures = policy.kept_of([c.code for of_one in clauses.values() for c in of_one], at)
    names = staff.names(version.approved_by_id for _row, version in found)
    standing = risk.standing(actor, [row.policy.code for row, _version in found])
    return [
        _card(row, version, clauses[version.pk], figures, names, at)
        | {"standing": standing.get(row.policy.code)}
        for row, version in found
    ]


def _card(
    row: policy.PolicyRow,
    version: PolicyVersion,
    clauses: Sequence[Clause],
    figures: Figures,
    names: Mapping[int, str],
    at: datetime,
) -> dict[str, Any]:
    months = [(figures.get(c.code) or {}).get("month") or {} for c in clauses]
    met, due = sum(m.get("met", 0) for m in months), sum(m.get("due", 0) for m in months)
    cover = policy.coverage(clauses)
    worst = sorted(zip(clauses, months, strict=True), key=lambda pair: -int(pair[1].get("breached", 0)))
    return {
        "title": title_of(version),
        "url": f"/policy/{row.policy.code}/",
        "state": state_words(version, at),
        "in_force": row.current is not None,
        "label": _("第 %(label)s 版") % {"label": version.label},
        "note": _note(version, names),
        "cover": cover,
        "written": cover.shown + cover.waiting,
        "share": met / due if due else None,
        "due": due,
        "broken": due - met,
        "draft": row.draft if row.draft is not version else None,
        "coming": row.coming if row.coming is not version else None,
        "versions_url": f"/policy/{row.policy.code}/versions/",
        "worst": [
            {
                "number": c.number,
                "title": spoken(c.title, c.title_en),
                "url": f"/policy/clauses/{c.code}/",
                "broken": m["breached"],
                "share": m.get("share"),
            }
            for c, m in worst[:WORST]
            if m.get("breached")
        ],
        "target": TARGET,
    }
