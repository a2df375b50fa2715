"""Runs as their pages show them: the steps as one line from top to bottom, with times and names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from shounuo.duties import queries as duties
from shounuo.events import subjects
from shounuo.kernel.actors import Actor
from shounuo.policy import labels
from shounuo.policy.labels import spoken
from shounuo.policy.schema import PlaybookStep
from shounuo.process import book, queries, rules
from shounuo.process.models import Run, RunStep
from shounuo.process.permissions import RUN
from shounuo.web import timing, words
from shounuo.web.duties.showing import due_words, who


def name_of(step: PlaybookStep) -> str:
    return spoken(step.title, step.title_en) or labels.word(step.name)


def title_of(run: Run) -> str:
    return spoken(run.rule.title, run.rule.title_en) or run.name


def abouts(runs: Sequence[Run], actor: Actor) -> dict[tuple[str, int], dict[str, str]]:
    """What runs are about, where the reader may see it: label and page. Three questions per kind of thing."""
    ids: dict[str, set[int]] = {}
    for run in runs:
        if run.subject is not None:
            ids.setdefault(run.subject[0], set()).add(run.subject[1])
    found: dict[tuple[str, int], dict[str, str]] = {}
    for kind, of_kind in ids.items():
        subject = subjects.get(kind)
        if subject is None:
            continue
        seen = subject.visible_ids(actor, of_kind)
        told, pages = subject.label(seen), subject.addresses(seen)
        found |= {(kind, id): {"label": told.get(id, ""), "url": pages.get(id, "")} for id in seen}
    return found


def rows(runs: Sequence[Run], actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """The rows of the list: where each run is, since when, with whom."""
    known = abouts(runs, actor)
    return [row(r, at, known) for r in runs]


def row(run: Run, at: datetime, known: dict[tuple[str, int], dict[str, str]]) -> dict[str, Any]:
    spec = book.spec_of(run.rule)
    now_at = next((s for s in run.steps.all() if s.state == RunStep.State.OPEN), None)
    names = [s.name for s in spec.steps]
    duty = now_at.duty if now_at is not None else None
    late = duty is not None and duty.owed_at is not None and duty.owed_at <= at
    return {
        "id": run.pk,
        "url": f"/process/{run.pk}/",
        "title": title_of(run),
        "about": known.get(run.subject) if run.subject is not None else None,
        "clause": {
            "number": timing.clause_number(run.clause_code),
            "name": "",
            "url": f"/policy/clauses/{run.clause_code}/",
        },
        "state": str(run.state),
        "state_label": run.get_state_display(),
        "started": words.moment_words(run.started_at, at, "short"),
        "starter": run.started_by.name if run.started_by is not None else _("系统"),
        "ended": words.moment_words(run.ended_at, at, "short") if run.ended_at is not None else "",
        "step": name_of(book.step_of(spec, now_at.name)) if now_at is not None else "",
        "place": names.index(now_at.name) + 1 if now_at is not None else 0,
        "steps": len(names),
        "who": who(duty) if duty is not None else (_("等客户") if now_at is not None else ""),
        "late": words.span((at - duty.owed_at).total_seconds())
        if late and duty is not None and duty.owed_at is not None
        else "",
    }


def page(run: Run, actor: Actor, at: datetime) -> dict[str, Any]:
    """One run: the steps behind it with who and when, the one under way, those that lie ahead on the straight way."""
    spec = book.spec_of(run.rule)
    reached = list(run.steps.all())
    evidence = duties.evidence_of([s.duty_id for s in reached if s.duty_id is not None])
    lines = []
    for step in reached:
        shown = _line(step, book.step_of(spec, step.name), at)
        notes = evidence.get(step.duty_id or 0, [])
        lines.append(shown | {"note": notes[0].note if notes else ""})
    open_step = next((s for s in reached if s.state == RunStep.State.OPEN), None)
    wanted = book.step_of(spec, open_step.name) if open_step is not None else None
    may_do = open_step is not None and open_step.duty is not None and queries.may_do(actor, open_step.duty)
    return row(run, at, abouts([run], actor)) | {
        "lines": lines,
        "ahead": [_ahead(s) for s in _ahead_of(run, open_step)],
        "reason": run.reason,
        "ender": run.ended_by.name if run.ended_by is not None else "",
        "choices": [
            {"outcome": outcome, "label": labels.word(outcome), "to": _to(spec, to)}
            for outcome, to in wanted.next
            if outcome
        ]
        if may_do and wanted is not None
        else [],
        "duty_url": f"/duties/{open_step.duty_id}/"
        if may_do and open_step is not None and wanted is not None and not wanted.outcomes
        else "",
        "may_cancel": run.is_running and actor.may(RUN),
    }


def _to(spec: Any, to: str) -> str:
    return _("结束") if to == "end" else name_of(book.step_of(spec, to))


def _line(step: RunStep, wanted: PlaybookStep, at: datetime) -> dict[str, Any]:
    duty = step.duty
    is_open = step.state == RunStep.State.OPEN
    late = is_open and duty is not None and duty.owed_at is not None and duty.owed_at <= at
    return _ahead(wanted) | {
        "state": str(step.state),
        "state_label": step.get_state_display(),
        "begun": words.moment_words(step.begun_at, at, "short"),
        "ended": words.moment_words(step.ended_at, at, "short") if step.ended_at is not None else "",
        "took": words.span((step.ended_at - step.begun_at).total_seconds())
        if step.ended_at is not None and step.state == RunStep.State.DONE
        else "",
        "who": step.ended_by.name
        if step.ended_by is not None
        else who(duty)
        if duty is not None and is_open
        else _("等客户")
        if is_open
        else "",
        "due": due_words(duty.owed_at, at)
        if is_open and duty is not None and duty.owed_at is not None
        else "",
        "tone": "breach" if late else "",
        "outcome": labels.word(step.outcome) if step.outcome else "",
        "by_event": step.proof is not None,
    }


def _ahead(wanted: PlaybookStep) -> dict[str, Any]:
    """What a step asks for, whether it was reached or not."""
    return {
        "name": name_of(wanted),
        "roles": _("、").join(str(labels.role(r)) for r in wanted.role),
        "input": _("、").join(labels.word(c) for c in wanted.input),
        "output": _("、").join(labels.word(c) for c in wanted.output),
    }


def _ahead_of(run: Run, open_step: RunStep | None) -> list[PlaybookStep]:
    """The steps that would follow if nothing branched."""
    if open_step is None or not run.is_running:
        return []
    return rules.ahead(book.spec_of(run.rule), open_step.name)
