"""A version under review, its readers, and what is said about its clauses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from shounuo.cases import queries as case_queries
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Span
from shounuo.policy import labels, permissions
from shounuo.policy import queries as policy
from shounuo.policy.models import ClauseComment, PolicyVersion
from shounuo.policy.queries import ClauseView
from shounuo.policy.services.review import Word
from shounuo.web import words
from shounuo.web.policies.showing import documents
from shounuo.web.policies.showing.versions import changed_clauses


def talk(version: PolicyVersion, clause: str, comments: Iterable[ClauseComment]) -> dict[str, Any]:
    """What is said about a clause, open things first to be settled, and where to say more."""
    rows = [
        {
            "id": c.pk,
            "who": c.by,
            "at": c.at,
            "text": c.text,
            "settled_by": c.settled_by.name if c.settled_by else "",
            "is_settled": c.settled_at is not None,
            "url": f"/policy/comments/{c.pk}/{'reopen' if c.settled_at else 'settle'}/",
        }
        for c in comments
    ]
    making = version.state in ("draft", "in_review", "approved")
    return {
        "id": "talk-" + clause.replace(".", "-"),
        "url": f"/policy/{version.policy.code}/versions/{version.pk}/comments/{quote(clause)}/",
        "items": rows,
        "open": sum(not r["is_settled"] for r in rows),
        "may_speak": making,
        "text": "",
        "problem": "",
    }


def review(
    version: PolicyVersion,
    before: PolicyVersion | None,
    *,
    word: Word | None,
    in_place_of: str,
    may_return: bool,
    may_speak: bool,
    at: datetime,
) -> dict[str, Any]:
    """The version clause by clause: those it changes with the change marked, then the others as they read. `word`: what the
    reader's counts for, under review; `in_place_of`: the name of the one in whose place he has it."""
    said: dict[str, list[ClauseComment]] = {}
    for comment in policy.comments_of(version):
        said.setdefault(comment.clause, []).append(comment)
    changes = changed_clauses(before, version) if before is not None else {}
    views = policy.clause_views(policy.clauses_of(version))
    changed = [v for v in views if before is None or v.row.code in changes or said.get(v.row.code)]
    same = [v for v in views if v not in changed]
    base = f"/policy/{version.policy.code}/versions/{version.pk}/"
    gone = [c for c in changes.values() if c["is_removed"]]
    return {
        "title": documents.title_of(version),
        "pack": documents.pack(version, at),
        "label": version.label,
        "back_url": f"/policy/{version.policy.code}/versions/",
        "before": before.label if before is not None else "",
        "clauses": [
            _clause(version, v, changes.get(v.row.code), said.get(v.row.code, []), may_speak) for v in changed
        ],
        "same": [_clause(version, v, None, [], may_speak) for v in same],
        "removed": gone,
        "open": sum(c.settled_at is None for found in said.values() for c in found),
        "approve_url": f"{base}approve/" if word is not None and word.counts else "",
        "in_place_of": in_place_of,
        "waits": str(word.problem)
        if word is not None and word.problem is not None and word.problem.code != "not_allowed"
        else "",
        "return_url": f"{base}return/" if may_return else "",
        "edit_url": f"{base}edit/" if version.state == "draft" else "",
    }


def _clause(
    version: PolicyVersion,
    view: ClauseView,
    change: dict[str, Any] | None,
    comments: Sequence[ClauseComment],
    may_speak: bool,
) -> dict[str, Any]:
    said = talk(version, view.row.code, comments)
    return {
        "code": view.row.code,
        "number": view.row.number,
        "title": view.title,
        "wording": view.wording,
        "rules": [{"title": r.title, "sentence": r.sentence, "details": r.details} for r in view.rules],
        "change": change,
        "talk": said | {"may_speak": said["may_speak"] and may_speak},
    }


def signing(
    version: PolicyVersion, actor: Actor, posted: Mapping[str, str], wrong: Mapping[str, str], at: datetime
) -> dict[str, Any]:
    """One's own acknowledgement with its questions, and everybody else's. Five queries."""
    have = policy.acknowledged(version)
    people = list(policy.readers(version))
    mine = actor.person_id in have
    published = version.state == "published"
    asked = (
        [
            {
                "name": f"q{q.position}",
                "text": q.text,
                "options": [
                    {"value": n, "text": text, "chosen": posted.get(f"q{q.position}") == str(n)}
                    for n, text in enumerate(q.options)
                ],
                "wrong": wrong.get(f"q{q.position}", ""),
            }
            for q in version.questions.order_by("position")
        ]
        if published and not mine
        else []
    )
    missing = [p for p in people if p.pk not in have]
    signed = sorted((p for p in people if p.pk in have), key=lambda p: have[p.pk], reverse=True)
    may_remind = published and (actor.may(permissions.EDIT) or actor.may(permissions.PUBLISH))
    code = version.policy.code
    return {
        "url": f"/policy/{code}/sign/",
        "is_open": published and not mine and actor.person_id is not None,
        "signed_at": have.get(actor.person_id or 0),
        "questions": asked,
        "count": {"have": len(signed), "all": len(people)},
        "share": len(signed) / len(people) if people else None,
        "missing": missing,
        "signed": [{"person": p, "at": have[p.pk]} for p in signed],
        "roles": _("、").join(labels.role(r) for r in version.readers) or _("全体人员"),
        "remind_url": f"/policy/{code}/remind/" if may_remind and missing else "",
        "changes_url": f"/policy/{code}/versions/{version.pk}/changes/" if version.number > 1 else "",
        "read_url": f"/policy/{code}/?print=1",
        "note": version.note,
    }


def deviations(actor: Actor, clause: str, at: datetime) -> list[dict[str, Any]]:
    """The latest exceptions to a clause."""
    rows = policy.deviations_of(actor, clause)
    ids = {r.subject_id for r in rows if r.subject_kind == "case"}
    numbers = dict(case_queries.visible_to(actor).order_by().filter(pk__in=ids).values_list("pk", "number"))
    return [
        {
            "number": numbers.get(r.subject_id, ""),
            "url": f"/cases/{numbers[r.subject_id]}/" if r.subject_id in numbers else "",
            "serves": r.get_serves_display(),
            "what": Span.parse(r.within).words() if r.within else r.what,
            "reason": r.reason,
            "who": r.by.name,
            "when": words.moment_words(r.at, at, "short"),
        }
        for r in rows
    ]
