"""Policies and their versions: who sees them, which are in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Exists, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.duties.queries import people_lent_to
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.policy import permissions
from shounuo.policy.models import Acknowledgement, Policy, PolicyVersion
from shounuo.policy.reading import stored_pack
from shounuo.policy.schema import Pack
from shounuo.policy.writing import dump
from shounuo.staff.models import Role

State = PolicyVersion.State
OPEN = (State.PUBLISHED, State.ARCHIVED)


def visible_to(actor: Actor) -> QuerySet[PolicyVersion]:
    """The versions that the actor may read: with policy.view what is or was published, drafts too for those who draft,
    approve or publish, and what is under review for who stands in for one that approves; nothing for anybody else."""
    rows = PolicyVersion.objects.select_related("policy").order_by("policy__code", "-number")
    if any(actor.may(p) for p in (permissions.EDIT, permissions.APPROVE, permissions.PUBLISH)):
        return rows
    if not actor.may(permissions.VIEW):
        return rows.none()
    approves = Role.objects.filter(
        people__in=people_lent_to(actor), permissions__contains=[permissions.APPROVE]
    )
    return rows.filter(Q(state__in=OPEN) | (Q(state=State.IN_REVIEW) & Exists(approves)))


def in_force(at: datetime) -> Q:
    """The condition on versions: in force at a moment. Times decide; the state only says that it was published."""
    return Q(state__in=OPEN, effective_at__lte=at) & (Q(ended_at=None) | Q(ended_at__gt=at))


def versions_in_force(at: datetime) -> QuerySet[PolicyVersion]:
    """At most one version of each policy, whoever asks (clocks do)."""
    return PolicyVersion.objects.filter(in_force(at)).select_related("policy").order_by("policy__code")


def version_of(actor: Actor, version_id: int) -> PolicyVersion:
    """One version; NotFound where the actor may not know of it."""
    version = visible_to(actor).filter(pk=version_id).first()
    if version is None:
        raise NotFound(_("没有这个制度版本"))
    return version


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy in a list: the version in force, one to come, one in the making, and how many clauses are in force."""

    policy: Policy
    current: PolicyVersion | None
    coming: PolicyVersion | None
    draft: PolicyVersion | None
    clauses: int


def policies(actor: Actor, at: datetime) -> list[PolicyRow]:
    """Every policy of which the actor sees a version, by code; two queries whatever their number."""
    rows = visible_to(actor).defer("source").annotate(clause_count=Count("clauses"))
    by_policy: dict[int, list[PolicyVersion]] = {}
    for version in rows:
        by_policy.setdefault(version.policy_id, []).append(version)
    found = []
    for versions in by_policy.values():
        current = next((v for v in versions if runs(v, at)), None)
        found.append(
            PolicyRow(
                policy=versions[0].policy,
                current=current,
                coming=next((v for v in versions if _to_come(v, at)), None),
                draft=next((v for v in versions if v.state not in OPEN), None),
                clauses=current.clause_count if current is not None else 0,  # type: ignore[attr-defined]
            )
        )
    return found


def runs(version: PolicyVersion, at: datetime) -> bool:
    """`in_force` of a version at hand."""
    return (
        version.state in OPEN
        and version.effective_at is not None
        and version.effective_at <= at
        and (version.ended_at is None or version.ended_at > at)
    )


def _to_come(version: PolicyVersion, at: datetime) -> bool:
    return version.state in OPEN and version.effective_at is not None and version.effective_at > at


def acknowledged(version: PolicyVersion, person_ids: Iterable[int] | None = None) -> dict[int, datetime]:
    """Who has acknowledged the version, and when."""
    rows = Acknowledgement.objects.filter(version=version)
    if person_ids is not None:
        rows = rows.filter(person_id__in=list(person_ids))
    return dict(rows.values_list("person_id", "at"))


def pack_of(version: PolicyVersion) -> Pack:
    """The version in its typed form, from its source."""
    return stored_pack(version.source, version.file_name)


def export(version: PolicyVersion) -> str:
    """The version as YAML, identical in meaning to what was imported."""
    return dump(pack_of(version))


def generation() -> int:
    """Counts up whenever what is in force may have changed; 0 before anything was."""
    with connection.cursor() as cursor:  # plain SQL: asked once for every write of the installation
        cursor.execute("SELECT number FROM policy_policygeneration WHERE id = 1")
        row = cursor.fetchone()
    return row[0] if row else 0
