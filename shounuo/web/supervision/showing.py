"""What the pages of supervision show: samples, judgements, findings and corrections in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from shounuo.cases import queries as cases
from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.duties import queries as duties
from shounuo.duties.models import Duty
from shounuo.events import subjects
from shounuo.improvement import queries, services
from shounuo.improvement.models import Finding, Inspection, Item, Judgement
from shounuo.improvement.permissions import PLAN
from shounuo.improvement.queries import Result
from shounuo.kernel.actors import Actor
from shounuo.policy import labels
from shounuo.policy import queries as policy
from shounuo.policy.labels import spoken
from shounuo.staff.models import Team
from shounuo.web import timing, words

TONES = {"kept": "met", "not_kept": "breach", "not_applicable": ""}
SEVERITY = {"minor": "", "notable": "warn", "serious": "complaint"}
STANDS = {"verified": "on", "waiting": "warn", "open": "", "dropped": "pause"}
MESSAGES = 40


def clause_titles(codes: Iterable[str], actor: Actor, at: datetime) -> dict[str, dict[str, str]]:
    """Clauses as tags, by code: number, name and page where they are in force. One query."""
    wanted = set(codes)
    rows = policy.clauses_in_force(actor, at).filter(code__in=wanted).prefetch_related(None)
    named = {c.code: (c.number, spoken(c.title, c.title_en)) for c in rows}
    return {
        code: {
            "code": code,
            "number": named[code][0] if code in named else timing.clause_number(code),
            "name": named[code][1] if code in named else "",
            "url": f"/policy/clauses/{code}/" if code in named else "",
        }
        for code in wanted
    }


def rows(found: Sequence[Inspection], actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Inspections as lines of a list; two queries whatever their number."""
    results = queries.results(i.pk for i in found)
    titles = clause_titles((c for i in found for c in i.clauses), actor, at)
    return [row(i, results[i.pk], titles, at) for i in found]


def row(
    inspection: Inspection, result: Result, titles: dict[str, dict[str, str]], at: datetime
) -> dict[str, Any]:
    late = inspection.is_open and inspection.due_at <= at
    return {
        "id": inspection.pk,
        "url": reverse("inspection", args=[inspection.pk]),
        "title": inspection.title,
        "state": inspection.state,
        "state_label": inspection.get_state_display(),
        "is_open": inspection.is_open,
        "clauses": [titles[c] for c in inspection.clauses],
        "size": inspection.size,
        "population": inspection.population,
        "result": result,
        "share": result.share,
        "people": list(inspection.inspectors.all()),
        "due": words.moment_words(inspection.due_at, at, "due"),
        "late": words.span((at - inspection.due_at).total_seconds()) if late else "",
        "finished": words.moment_words(inspection.finished_at, at, "short") if inspection.finished_at else "",
    }


def days(inspection: Inspection) -> str:
    """The period in words, both days included."""
    first = timezone.localtime(inspection.start).date()
    last = timezone.localtime(inspection.end - timedelta(microseconds=1)).date()
    return _("%(first)s至%(last)s") % {
        "first": words.full_day(first, weekday=False),
        "last": words.full_day(last, first, weekday=False),
    }


def limits(inspection: Inspection) -> list[str]:
    """What the population was narrowed by, in words."""
    teams = dict(Team.objects.values_list("code", "name")) if "team" in inspection.narrowed else {}
    found = []
    for name, value in inspection.narrowed.items():
        if name == "team":
            found.append(teams.get(value, value))
        elif name == "outcome":
            found.append(str(Clock.State(value).label) if value in Clock.State.values else value)
        else:
            found.append(str(labels.value(name, value)))
    return found


def page(inspection: Inspection, actor: Actor, at: datetime, *, checked: bool = False) -> dict[str, Any]:
    """One inspection: how it was drawn, how it stands by clause and team, every item, every finding."""
    items = queries.items(inspection)
    found = queries.findings(inspection)
    titles = clause_titles(inspection.clauses, actor, at)
    result = queries.results([inspection.pk])[inspection.pk]
    mine = actor.person_id in queries.inspector_ids(inspection)
    works = inspection.is_open and (mine or actor.may(PLAN))
    return {
        "inspection": row(inspection, result, titles, at),
        "source": inspection.get_source_display(),
        "days": days(inspection),
        "limits": limits(inspection),
        "by_team": inspection.by_team,
        "seed": inspection.seed,
        "digest": inspection.digest,
        "skipped": sum(s[4] for s in inspection.shares),
        "group": _group(inspection),
        "planned_by": inspection.created_by.name if inspection.created_by is not None else _("系统"),
        "planned": words.moment_words(inspection.created_at, at, "short"),
        "finished_by": inspection.finished_by.name if inspection.finished_by is not None else "",
        "conclusion": inspection.conclusion,
        "reason": inspection.reason,
        "duty_url": f"/duties/{inspection.duty_id}/" if inspection.duty_id else "",
        "by_clause": _by_clause(inspection, titles),
        "teams": _by_team(inspection),
        "items": item_rows(items, actor, titles),
        "findings": [finding_row(f, titles, at) for f in found],
        "check": queries.check_sample(inspection) if checked else None,
        "may_judge": inspection.is_open and mine,
        "may_find": works,
        "may_finish": works and result.left == 0,
        "may_cancel": inspection.is_open and actor.may(PLAN) and not found,
    }


def _group(inspection: Inspection) -> str:
    if inspection.team is not None:
        return inspection.team.name
    return str(labels.role(inspection.role)) if inspection.role else ""


def _by_clause(inspection: Inspection, titles: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    found = queries.results_by_clause(inspection)
    return [{"clause": titles[code], "result": r} for code, r in found.items()]


def _by_team(inspection: Inspection) -> list[dict[str, Any]]:
    found = queries.results_by_team(inspection)
    names = dict(Team.objects.filter(pk__in=found).values_list("pk", "name"))
    told = [{"name": names.get(pk) or _("未分组"), "result": r} for pk, r in found.items()]
    return sorted(told, key=lambda t: str(t["name"])) if len(told) > 1 else []


def abouts(items: Sequence[Item], actor: Actor) -> dict[tuple[str, int], dict[str, str]]:
    """What was drawn, where the reader may see it: label and page. Three questions per kind of thing."""
    ids: dict[str, set[int]] = {}
    for item in items:
        ids.setdefault(item.subject_kind, set()).add(item.subject_id)
    found = {}
    for kind, of_kind in ids.items():
        subject = subjects.get(kind)
        if subject is None:
            continue
        seen = subject.visible_ids(actor, of_kind)
        told, pages = subject.label(seen), subject.addresses(seen)
        for id in seen:
            found[(kind, id)] = {"label": told.get(id, ""), "url": pages.get(id, "")}
    return found


def item_rows(items: Sequence[Item], actor: Actor, titles: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    known = abouts(items, actor)
    return [
        {
            "id": item.pk,
            "position": item.position,
            "about": known.get((item.subject_kind, item.subject_id)),
            "team": item.team.name if item.team is not None else "",
            "inspector": item.inspector.name,
            "judgements": [_judgement(j, titles) for j in item.judgements.all()],
        }
        for item in items
    ]


def _judgement(judgement: Judgement, titles: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "id": judgement.pk,
        "clause": titles[judgement.clause_code],
        "verdict": judgement.verdict,
        "label": judgement.get_verdict_display() if judgement.verdict else _("未判"),
        "tone": TONES.get(judgement.verdict, "pause"),
        "note": judgement.note,
        "by": judgement.judged_by.name if judgement.judged_by is not None else "",
    }


def finding_row(finding: Finding, titles: dict[str, dict[str, str]], at: datetime) -> dict[str, Any]:
    """A finding with how its correction stands; no query where the finding came with its correction."""
    duty, stands = finding.follow_up, queries.stands(finding)
    late = stands == "open" and duty is not None and duty.due_at is not None and duty.due_at <= at
    return {
        "id": finding.pk,
        "url": reverse("finding", args=[finding.pk]),
        "clause": titles.get(finding.clause_code)
        or {"number": timing.clause_number(finding.clause_code), "name": "", "url": ""},
        "severity": finding.get_severity_display(),
        "severity_look": SEVERITY[finding.severity],
        "cause": finding.get_cause_display(),
        "text": finding.text,
        "owner": duty.owner.name if duty is not None and duty.owner is not None else "",
        "due": words.moment_words(duty.due_at, at, "due") if duty is not None and duty.due_at else "",
        "late": late,
        "stands": stands,
        "stands_look": STANDS[stands],
        "stands_label": {
            "verified": _("已核实"),
            "waiting": _("已整改，待核实"),
            "open": _("整改中"),
            "dropped": _("没有人在整改"),
        }[stands],
        "round": finding.round,
    }


def finding_page(finding: Finding, actor: Actor, at: datetime) -> dict[str, Any]:
    """One finding: what shows it, its rounds of correction with their evidence, its verification."""
    titles = clause_titles([finding.clause_code], actor, at)
    rounds = Duty.objects.filter(
        subject_kind="finding", subject_id=finding.pk, origin_key__startswith="correct:"
    ).select_related("owner", "ended_by")
    found = list(rounds.order_by("id"))
    evidence = duties.evidence_of(d.pk for d in found)
    shown = finding.judgements.select_related("item__inspector", "item__team", "judged_by")
    known = abouts([j.item for j in shown], actor)
    stands = queries.stands(finding)
    sees = queries.visible_to(actor).filter(pk=finding.inspection_id).exists()
    return {
        "finding": finding_row(finding, titles, at),
        "inspection": {
            "title": finding.inspection.title,
            "url": reverse("inspection", args=[finding.inspection_id]) if sees else "",
        },
        "raised": words.moment_words(finding.created_at, at, "short"),
        "raised_by": finding.created_by.name if finding.created_by is not None else _("系统"),
        "verified": words.moment_words(finding.verified_at, at, "short") if finding.verified_at else "",
        "verified_by": finding.verified_by.name if finding.verified_by is not None else "",
        "note": finding.verdict_note,
        "proofs": [
            {
                "about": known.get((j.item.subject_kind, j.item.subject_id)),
                "note": j.note,
                "position": j.item.position,
            }
            for j in shown
        ],
        "rounds": [
            {
                "url": f"/duties/{d.pk}/" if duties.visible_ids(actor, [d.pk]) else "",
                "who": d.owner.name if d.owner is not None else "",
                "state": d.get_state_display(),
                "due": words.moment_words(d.due_at, at, "due") if d.due_at else "",
                "ended": words.moment_words(d.ended_at, at, "short") if d.ended_at else "",
                "notes": [e.note for e in evidence.get(d.pk, []) if e.note],
            }
            for d in found
        ],
        "may_verify": stands == "waiting" and services.may_verify(finding, actor),
        "may_return": stands in ("waiting", "dropped") and services.may_verify(finding, actor),
        "own": stands == "waiting" and not services.may_verify(finding, actor) and sees,
        "duty_url": f"/duties/{finding.follow_up_id}/"
        if stands == "open"
        and finding.follow_up is not None
        and finding.follow_up.owner_id == actor.person_id
        else "",
    }


def judging(inspection: Inspection, item: Item, actor: Actor, at: datetime) -> dict[str, Any]:
    """What an inspector needs to judge one item: what was said and done, and the promises of the clauses on it."""
    titles = clause_titles(inspection.clauses, actor, at)
    views = {v.row.code: v for v in _views(inspection.clauses, actor, at)}
    about = abouts([item], actor).get((item.subject_kind, item.subject_id))
    kept = commitments.of_subjects(item.subject_kind, [item.subject_id])[item.subject_id]
    clocks = [
        c for c in kept if c.clause_code in inspection.clauses and (not item.clock or c.pk == item.clock)
    ]
    told = policy.rule_titles(c.rule_id for c in clocks)
    judgements = []
    for j in item.judgements.all():
        view = views.get(j.clause_code)
        judgements.append(
            _judgement(j, titles)
            | {
                "wording": view.wording if view is not None else "",
                "clocks": [
                    timing.clock_view(c, at, titles=told) for c in clocks if c.clause_code == j.clause_code
                ]
                if about
                else [],
            }
        )
    return {
        "item": {"id": item.pk, "position": item.position, "about": about, "inspector": item.inspector.name},
        "judgements": judgements,
        "messages": messages(item, actor, at) if about is not None and item.subject_kind == "case" else [],
        "own": actor.person_id
        in queries.part_of(item.subject_kind, [item.subject_id], [actor.person_id or 0]).get(
            item.subject_id, ()
        ),
    }


def _views(codes: Sequence[str], actor: Actor, at: datetime) -> list[policy.ClauseView]:
    return policy.clause_views(policy.clauses_in_force(actor, at).filter(code__in=codes))


def messages(item: Item, actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """The first of what was said in a case, oldest above. One query."""
    rows = (
        cases.visible_interactions(actor).filter(case_id=item.subject_id).select_related("person", "customer")
    )
    return [
        {
            "direction": m.direction,
            "label": m.get_direction_display(),
            "who": m.person.name
            if m.person
            else _("自动")
            if m.automatic
            else _("客户")
            if m.direction == "in"
            else "",
            "when": words.moment_words(m.at, at, "short"),
            "text": m.text,
        }
        for m in rows.order_by("at", "id")[:MESSAGES]
    ]


def lines(inspection: Inspection, actor: Actor) -> Iterator[tuple[Any, ...]]:
    """The inspection as rows of a CSV: every judgement with what was found of it."""
    yield (
        _("序号"), _("单据"), _("小组"), _("检查人"), _("条款"), _("判定"), _("说明"), _("判定人"), _("判定时间"), _("发现的问题"),
    )  # fmt: skip
    items = queries.items(inspection)
    known = abouts(items, actor)
    found: dict[int, list[str]] = {}
    for finding in queries.findings(inspection):
        for judgement in finding.judgements.all():
            found.setdefault(judgement.pk, []).append(finding.text)
    for item in items:
        about = known.get((item.subject_kind, item.subject_id))
        for j in item.judgements.all():
            yield (
                item.position,
                about["label"] if about is not None else _("无权查看"),
                item.team.name if item.team is not None else "",
                item.inspector.name,
                j.clause_code,
                j.get_verdict_display() if j.verdict else _("未判"),
                j.note,
                j.judged_by.name if j.judged_by is not None else "",
                j.judged_at,
                " / ".join(found.get(j.pk, [])),
            )


def of_clause(actor: Actor, code: str, at: datetime) -> dict[str, Any] | None:
    """The last inspection of a clause, for its page; None where there was none and the reader cannot plan one. Three
    queries."""
    last = queries.last_of_clause(code, at)
    plan_url = f"{reverse('inspection-new')}?clause={code}" if actor.may(PLAN) else ""
    if last is None:
        return {"plan_url": plan_url} if plan_url else None
    inspection, result = last
    sees = queries.visible_to(actor).filter(pk=inspection.pk).exists()
    assert inspection.finished_at is not None
    return {
        "title": inspection.title,
        "url": reverse("inspection", args=[inspection.pk]) if sees else "",
        "when": words.moment_words(inspection.finished_at, at, "short"),
        "share": result.share,
        "kept": result.kept,
        "n": result.n,
        "population": inspection.population,
        "plan_url": plan_url,
    }
