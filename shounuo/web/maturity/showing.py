"""What the pages of the self-assessment show: levels and reasons in words, figures, the picture by process, the trend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.improvement.models import Assessment, Rating
from shounuo.improvement.queries import maturity as queries
from shounuo.improvement.rules import maturity
from shounuo.metrics import registry
from shounuo.metrics import words as metric_words
from shounuo.policy.labels import spoken
from shounuo.web import words
from shounuo.web.figures.showing import plain


@dataclass(frozen=True, slots=True)
class Level:
    """A level of maturity: its name and what it takes, in words."""

    name: Any
    text: Any


LEVELS = {
    1: Level(gettext_lazy("靠人"), gettext_lazy("没有成文，做不做、怎么做看个人。")),
    2: Level(gettext_lazy("成文"), gettext_lazy("写成了条款和做法，知道由谁做；是否照做还说不清。")),
    3: Level(gettext_lazy("照做"), gettext_lazy("多数做法在本季留下了痕迹，不因换人而停。")),
    4: Level(gettext_lazy("受控"), gettext_lazy("有数衡量，守诺与抽查都达标，偏离会被发现并整改。")),
    5: Level(gettext_lazy("精进"), gettext_lazy("在受控之上，本季完成了改进，并且保持住了。")),
}


def level_name(level: int | None) -> str:
    return f"{level} {LEVELS[level].name}" if level in LEVELS else ""


def quarter_name(quarter: date) -> str:
    return _("%(year)s 年第 %(n)s 季度") % {"year": quarter.year, "n": (quarter.month + 2) // 3}


def reason(code: str, given: Mapping[str, Any]) -> str:
    """One reason of a proposal in words."""
    share, target = words.percent(given.get("share")), words.percent(given.get("target"), 0)
    match code:
        case "unwritten":
            return _("没有成文的做法和规则")
        case "written":
            return _("成文：%(practices)s 项做法，%(rules)s 条规则") % given
        case "few_traces":
            return _("本季 %(practices)s 项做法里只有 %(seen)s 项留下痕迹，不到一半") % given
        case "traces":
            return _("本季 %(practices)s 项做法里 %(seen)s 项留下痕迹") % given
        case "decided":
            return _("本季有 %(due)s 项时限到期并有结果") % given
        case "unmeasured":
            return _("还没有够数的指标")
        case "broken":
            return _("守诺率 %(share)s，低于目标 %(target)s") % {"share": share, "target": target}
        case "inspected_short":
            return _("抽查做到率 %(share)s，低于 %(target)s") % {"share": share, "target": target}
        case "kept":
            return _("守诺率 %(share)s 达标") % {"share": share}
        case "measured":
            return _("有 %(n)s 个够数的指标") % given
        case "not_improving":
            return _("上季未达 4 级，或本季没有完成改进")
        case "improving":
            return _("上季已达 4 级，本季完成改进 %(improved)s 项") % given
    return code


def evidence(rating: Rating) -> list[dict[str, str]]:
    """The evidence of a rating as lines: what it is, and its figure with its population."""
    e = rating.evidence
    lines = [
        {
            "name": _("做法"),
            "value": f"{e['seen']} / {e['practices']}",
            "note": _("本季留下痕迹 / 写明的做法"),
            "url": f"/policy/clauses/{rating.clause_code}/",
        },
        {
            "name": _("规则"),
            "value": str(e["live"]),
            "note": _("在执行；等待 %(waiting)s，仅展示 %(shown)s，未填数值 %(gaps)s") % e,
            "url": "",
        },
    ]
    if e["due"]:
        lines.append(
            {
                "name": _("守诺率"),
                "value": words.percent(e["met"] / e["due"]),
                "note": _("应办 %(due)s · 办到 %(met)s") % e,
                "url": f"/policy/clauses/{rating.clause_code}/?period=quarter",
            }
        )
    if e["inspected"]:
        lines.append(
            {
                "name": _("抽查做到率"),
                "value": words.percent(e["kept"] / e["inspected"]),
                "note": _("做到 %(kept)s / %(n)s") % {"kept": e["kept"], "n": e["inspected"]},
                "url": f"/policy/clauses/{rating.clause_code}/",
            }
        )
    for code, value, n, enough in e["metrics"]:
        metric = registry.get(code)
        if metric is None:
            continue
        note = f"n = {words.number(n, 0)}" if enough else _("n = %(n)s，不够数") % {"n": words.number(n, 0)}
        lines.append(
            {
                "name": metric_words.name(metric),
                "value": plain(metric, value),
                "note": note,
                "url": reverse("metric", args=[code]),
            }
        )
    return lines


def row(rating: Rating, before: Mapping[str, int], at: datetime) -> dict[str, Any]:
    """One process with its evidence, its proposal and what the person said."""
    last = before.get(rating.number)
    return {
        "id": rating.pk,
        "number": rating.number,
        "title": spoken(rating.title, rating.title_en),
        "depth": len(maturity.path(rating.number)),
        "clause_url": f"/policy/clauses/{rating.clause_code}/",
        "evidence": evidence(rating),
        "proposed": level_name(rating.proposed),
        "proposed_n": rating.proposed,
        "reasons": [reason(code, given) for code, given in rating.reasons],
        "level": rating.level,
        "level_name": level_name(rating.level),
        "comment": rating.comment,
        "links": [{"label": label, "url": url} for label, url in rating.links],
        "by": rating.rated_by.name if rating.rated_by is not None else "",
        "when": words.moment_words(rating.rated_at, at, "short") if rating.rated_at else "",
        "last": last,
        "change": rating.level - last if rating.level is not None and last is not None else None,
        "improvements": [
            {
                "title": i.duty.title,
                "url": f"/duties/{i.duty_id}/",
                "owner": i.duty.owner.name if i.duty.owner is not None else "",
                "due": words.moment_words(i.duty.due_at, at, "due") if i.duty.due_at else "",
                "state": i.duty.get_state_display(),
                "look": {"done": "on", "open": ""}.get(i.duty.state, "pause"),
                "late": i.duty.is_open and i.duty.due_at is not None and i.duty.due_at <= at,
                "target": level_name(i.target),
            }
            for i in rating.improvements.all()
        ],
    }


def choices(chosen: int | None, proposed: int) -> list[dict[str, Any]]:
    """The levels to choose from, the proposed one marked."""
    return [
        {"n": n, "name": level.name, "text": level.text, "on": n == chosen, "proposed": n == proposed}
        for n, level in LEVELS.items()
    ]


def change(now_: float | None, then: float | None) -> float | None:
    """The difference of two means as they are shown, with one decimal, so that the page adds up."""
    return round(round(now_, 1) - round(then, 1), 1) if now_ is not None and then is not None else None


def picture(
    assessment: Assessment, titles: Mapping[str, str], levels: Mapping[str, int], before: Mapping[str, int]
) -> dict[str, Any]:
    """The picture by process and its table: the mean level of each process of the level shown and of all beneath it, beside
    the assessment before."""
    depth, axes = maturity.axes(list(titles))
    now_, then = maturity.means(levels, depth), maturity.means(before, depth)
    rows = [
        {
            "number": a,
            "title": titles.get(a, ""),
            "now": round(now_[a], 1) if a in now_ else None,
            "then": round(then[a], 1) if a in then else None,
            "change": change(now_.get(a), then.get(a)),
        }
        for a in axes
    ]
    return {
        "rows": rows,
        "compared": bool(then),
        "radar": {
            "axes": [f"{r['number']} {r['title']}" for r in rows],
            "max": 5,
            "series": [
                *(
                    [{"name": _("上一次"), "values": [r["then"] or 0 for r in rows], "faint": True}]
                    if then
                    else []
                ),
                {"name": quarter_name(assessment.quarter), "values": [r["now"] or 0 for r in rows]},
            ],
        },
        "label": _("各流程的成熟度，%(quarter)s：%(told)s")
        % {
            "quarter": quarter_name(assessment.quarter),
            "told": _("，").join(f"{r['title']} {r['now']}" for r in rows if r["now"] is not None),
        },
    }


def trend(found: Sequence[Assessment], titles: Mapping[str, str]) -> dict[str, Any] | None:
    """The mean of all and of the first-level processes over the quarters; None of fewer than two."""
    if len(found) < 2:
        return None
    levels = queries.levels(found)
    first = list(dict.fromkeys(g for n in titles if (g := maturity.group_of(n, 2))))
    means = [maturity.means(levels[a.pk], 2) for a in found]
    quarters = [quarter_name(a.quarter) for a in found]
    lines = [
        {
            "name": titles.get(g) or g,
            "data": [round(m[g], 2) if g in m else None for m in means],
            "faint": True,
        }
        for g in first
    ]
    overall = [maturity.mean(levels[a.pk].values()) for a in found]
    lines.append({"name": _("全部"), "data": [round(o, 2) if o is not None else None for o in overall]})
    return {
        "chart": {"labels": quarters, "lines": lines, "max": 5},
        "rows": [
            {"quarter": q, "overall": line, "values": [m.get(g) for g in first]}
            for q, line, m in zip(quarters, overall, means, strict=True)
        ],
        "columns": [titles.get(g) or g for g in first],
        "label": _("成熟度的变化，最近 %(last)s")
        % {"last": f"{overall[-1]:.1f}" if overall[-1] is not None else ""},
    }


def lines(rows: Sequence[Rating], before: Mapping[str, int]) -> Iterator[tuple[Any, ...]]:
    """The assessment as rows of a CSV."""
    yield (
        _("流程"), _("名称"), _("建议等级"), _("等级"), _("上一次"), _("理由"), _("说明"), _("凭据"), _("评定人"), _("改进项"),
    )  # fmt: skip
    for r in rows:
        yield (
            r.number,
            spoken(r.title, r.title_en),
            r.proposed,
            r.level,
            before.get(r.number),
            " / ".join(reason(code, given) for code, given in r.reasons),
            r.comment,
            " / ".join(f"{label} {url}" for label, url in r.links),
            r.rated_by.name if r.rated_by is not None else "",
            " / ".join(f"{i.duty.title} ({i.duty.get_state_display()})" for i in r.improvements.all()),
        )
