"""Policies and clauses over the API, with what enforces each clause and how often it was kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema

from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotAllowed
from shounuo.policy import permissions, queries
from shounuo.policy.labels import spoken
from shounuo.policy.models import PolicyVersion

router = Router(tags=["policies"])


class RuleOut(Schema):
    kind: str
    name: str
    title: str
    sentence: str
    details: list[str]
    status: str
    waiting_for: list[str]
    gaps: list[str]
    live_since: datetime | None
    covers: list[str]


class EvidenceOut(Schema):
    kind: str
    text: str
    exists: bool
    metric: str
    covers: list[str]


class PracticeOut(Schema):
    text: str
    risk: str
    outcome: str
    evidence: list[EvidenceOut]
    covers: list[str]


class NowOut(Schema):
    running: int
    overdue: int
    at_risk: int


class ClauseOut(Schema):
    code: str
    number: str
    title: str
    wording: str
    chapters: list[str]
    policy: str
    version: int
    effective_at: datetime
    standing: str
    covers: list[str]
    practices: list[PracticeOut]
    evidence: list[EvidenceOut]
    rules: list[RuleOut]
    kept: dict[str, Any] | None = Field(description="this week, month and quarter so far; seconds behind")
    now: NowOut | None = Field(description="what is owed at this moment")


class ClausePage(Schema):
    items: list[ClauseOut]
    next_cursor: str | None


class VersionOut(Schema):
    number: int
    label: str
    state: str
    title: str
    effective_at: datetime | None
    ended_at: datetime | None


class PolicyOut(Schema):
    code: str
    title: str
    clauses: int
    current: VersionOut | None
    coming: VersionOut | None
    draft: VersionOut | None


class PolicyPage(Schema):
    items: list[PolicyOut]
    next_cursor: str | None


@router.get("/policies", response=PolicyPage, summary="The policies, with the version in force")
def policies(request: HttpRequest, limit: int | None = None, cursor: str | None = None) -> dict[str, Any]:
    actor, at = _reader(request), now()
    size = paging.limit_of(limit)
    after = paging.decode(cursor, str)[0] if cursor else ""
    rows = [r for r in queries.policies(actor, at) if r.policy.code > after]
    page = rows[:size]
    return {
        "items": [
            {
                "code": row.policy.code,
                "title": _title(row),
                "clauses": row.clauses,
                "current": _version(row.current),
                "coming": _version(row.coming),
                "draft": _version(row.draft),
            }
            for row in page
        ],
        "next_cursor": paging.encode(page[-1].policy.code) if len(rows) > size else None,
    }


@router.get("/clauses", response=ClausePage, summary="The clauses in force, with kept share")
def clauses(
    request: HttpRequest, policy: str | None = None, limit: int | None = None, cursor: str | None = None
) -> dict[str, Any]:
    actor, at = _reader(request), now()
    size = paging.limit_of(limit)
    rows = queries.clauses_in_force(actor, at)
    if policy is not None:
        rows = rows.filter(version__policy__code=policy)
    if cursor:
        code, position = paging.decode(cursor, str, int)
        rows = rows.filter(version__policy__code__gte=code).exclude(
            version__policy__code=code, position__lte=position
        )
    found = list(rows[: size + 1])
    page = found[:size]
    last = page[-1] if page else None
    more = len(found) > size and last is not None
    return {
        "items": _clauses(queries.clause_views(page), at),
        "next_cursor": paging.encode(last.version.policy.code, last.position) if more and last else None,
    }


@router.get("/clauses/{code}", response=ClauseOut, summary="One clause in force")
def clause(request: HttpRequest, code: str) -> dict[str, Any]:
    at = now()
    return _clauses([queries.clause_view(_reader(request), code, at)], at)[0]


def _clauses(views: list[queries.ClauseView], at: datetime) -> list[dict[str, Any]]:
    codes = [v.row.code for v in views]
    kept, owed = queries.kept_of(codes, at), queries.now_of(codes)
    return [
        {
            "code": view.row.code,
            "number": view.row.number,
            "title": view.title,
            "wording": view.wording,
            "chapters": [f"{number} {title}" for number, title in view.chapters],
            "policy": view.row.version.policy.code,
            "version": view.row.version.number,
            "effective_at": view.row.version.effective_at,
            "standing": view.standing,
            "covers": view.row.covers,
            "practices": [asdict(p) for p in view.practices],
            "evidence": [asdict(e) for e in view.evidence],
            "rules": [
                {
                    "kind": rule.row.kind,
                    "name": rule.row.name,
                    "title": rule.title,
                    "sentence": rule.sentence,
                    "details": rule.details,
                    "status": rule.row.status,
                    "waiting_for": rule.row.waiting_for,
                    "gaps": rule.row.gaps,
                    "live_since": rule.row.live_since,
                    "covers": rule.row.covers,
                }
                for rule in view.rules
            ],
            "kept": kept[view.row.code],
            "now": owed[view.row.code],
        }
        for view in views
    ]


def _title(row: queries.PolicyRow) -> str:
    shown = row.current or row.coming or row.draft
    return spoken(shown.title, shown.title_en) if shown else row.policy.title


def _version(version: PolicyVersion | None) -> dict[str, Any] | None:
    if version is None:
        return None
    return {
        "number": version.number,
        "label": version.label,
        "state": version.state,
        "title": spoken(version.title, version.title_en),
        "effective_at": version.effective_at,
        "ended_at": version.ended_at,
    }


def _reader(request: HttpRequest) -> Actor:
    """Who asks, when he may read policies."""
    actor = getattr(request, "auth", None)
    if not isinstance(actor, Actor):
        raise NotAllowed(_("请先登录"), code="unauthenticated")
    if not actor.may(permissions.VIEW):
        raise NotAllowed(_("您没有查看制度的权限"))
    return actor
