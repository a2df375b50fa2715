"""Putting a version in force, ending it, and what follows from the passing of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shounuo.calendars import queries as calendars
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.policy import events, permissions
from shounuo.policy.models import Clause, Policy, PolicyVersion, Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.services import review
from shounuo.policy.services.common import State, bump_generation, listed, locked, need, told, words
from shounuo.policy.standing import LIVE, Standing, standing_of
from shounuo.staff.models import Role

UNPUBLISHED = (State.DRAFT, State.IN_REVIEW, State.APPROVED)


def version_publish(
    *,
    version_id: int,
    effective_at: datetime | None = None,
    readers: Sequence[str] = (),
    actor: Actor,
    at: datetime,
) -> PolicyVersion:
    """Publishes an approved version, in force from `effective_at` (default: now); from then on it never changes.
    `readers`: codes of the roles whose people have to acknowledge it (none = everybody).

    The version before it ends at that moment. Needs policy.publish. Raises Invalid for a moment that has passed,
    Conflict when a later version is already fixed, a clause code belongs to another policy in force or a calendar is
    missing; publishes policy.published, and policy.archived when the version before it ends now.
    """
    need(actor, permissions.PUBLISH)
    with transaction.atomic():
        bump_generation()  # first: its row lock makes publishers of different policies wait for each other
        version = locked(version_id, State.APPROVED)
        strange = set(readers) - set(Role.objects.filter(code__in=readers).values_list("code", flat=True))
        if strange:
            raise Invalid(_("没有角色 %(codes)s") % {"codes": listed(strange)}, field="readers")
        version.readers = sorted(set(readers))
        return _publish(version, effective_at or at, actor, at)


def version_publish_at_once(*, policy_code: str, actor: Actor, at: datetime) -> PolicyVersion:
    """An operator's act: takes the newest version of the policy that is not published through review and approval and
    puts it in force now, each step recorded. Only for the system itself. Raises Conflict when there is none."""
    if not actor.is_system:
        raise NotAllowed(_("只有系统运维人员可以直接发布"))
    with transaction.atomic():
        bump_generation()
        newest = (
            PolicyVersion.objects.filter(policy__code=policy_code, state__in=UNPUBLISHED)
            .order_by("-number")
            .first()
        )
        if newest is None:
            raise Conflict(
                _("制度“%(code)s”没有待发布的版本") % {"code": policy_code}, code="nothing_to_publish"
            )
        version = locked(newest.pk, *UNPUBLISHED)
        news: list[NewEvent] = []
        if version.state == State.DRAFT:
            version.state, version.submitted_at = State.IN_REVIEW, at
            news.append(told(events.SUBMITTED, version, actor, at))
        if version.state == State.IN_REVIEW:
            version.state, version.approved_at = State.APPROVED, at
            news.append(told(events.APPROVED, version, actor, at))
            review.call_off(version, gettext("已直接发布"), at)
        version.save(update_fields=["state", "submitted_at", "approved_at"])
        publish(news)
        return _publish(version, at, actor, at)


def _publish(version: PolicyVersion, effective_at: datetime, actor: Actor, at: datetime) -> PolicyVersion:
    if effective_at < at:
        raise Invalid(_("生效时间不能早于现在：制度不溯及既往"), field="effective_at", code="in_the_past")
    others = version.policy.versions.filter(state=State.PUBLISHED)
    later = others.filter(effective_at__gt=effective_at).order_by("-effective_at").first()
    if later is not None:
        raise Conflict(
            _("第 %(number)s 版已定于更晚的时间生效，新版本不能早于它") % {"number": later.number},
            code="later_version",
        )
    _no_strange_clauses(version, effective_at)
    _calendars_exist(version)
    _refresh(version, since=effective_at)
    news = [told(events.PUBLISHED, version, actor, at, effective=effective_at.isoformat())]
    for before in others.filter(ended_at=None).select_for_update():
        before.ended_at = effective_at
        if effective_at <= at:
            before.state = State.ARCHIVED
            news.append(told(events.ARCHIVED, before, actor, at, ended=effective_at.isoformat()))
        before.save(update_fields=["state", "ended_at"])
    version.state, version.effective_at = State.PUBLISHED, effective_at
    version.published_at, version.published_by_id = at, actor.person_id
    version.save(update_fields=["state", "effective_at", "published_at", "published_by", "readers"])
    version.policy.title = version.title
    version.policy.save(update_fields=["title"])
    publish(news)
    return version


def _no_strange_clauses(version: PolicyVersion, effective_at: datetime) -> None:
    """Clause codes are unique among all that is in force: pages, figures and clocks name a clause by its code alone."""
    taken = Clause.objects.filter(
        Q(version__ended_at=None) | Q(version__ended_at__gt=effective_at),
        version__state=State.PUBLISHED,
        code__in=version.clauses.values("code"),
    ).exclude(version__policy_id=version.policy_id)
    if codes := set(taken.values_list("code", flat=True)):
        raise Conflict(
            _("条款编号 %(codes)s 已用于另一部施行中的制度，请改用自己的编号") % {"codes": listed(codes)},
            code="clause_taken",
        )


def _calendars_exist(version: PolicyVersion) -> None:
    """Every calendar that the version names is there; otherwise no due time could be told."""
    bodies = Rule.objects.filter(clause__version=version, body__has_key="calendar").values_list(
        "body", flat=True
    )
    named = {version.default_calendar, *(body["calendar"] for body in bodies)}
    missing = {code for code in named if not calendars.exists(code)}
    if missing:
        raise Conflict(
            _("没有日历 %(codes)s，请先建立") % {"codes": listed(missing)},
            code="no_calendar",
            calendars=sorted(missing),
        )


def _refresh(version: PolicyVersion, *, since: datetime) -> int:
    """Writes how the version's rules stand now; returns how many began to run. A running rule keeps its beginning."""
    changed, began = [], 0
    for row, standing in _moved(version):
        live_since = (row.live_since or since) if standing.status == LIVE else None
        began += live_since is not None and row.live_since is None
        row.status, row.waiting_for, row.live_since = standing.status, list(standing.waiting_for), live_since
        changed.append(row)
    Rule.objects.bulk_update(changed, ["status", "waiting_for", "live_since"])
    return began


def _moved(version: PolicyVersion) -> list[tuple[Rule, Standing]]:
    """The rules that stand otherwise now than is written, with how they stand."""
    vocabulary = words()
    found = []
    for row in Rule.objects.filter(clause__version=version):
        standing = standing_of(rule_of(row.kind, row.name, row.body), vocabulary)
        written = (row.status, tuple(row.waiting_for), row.live_since is not None)
        if written != (standing.status, standing.waiting_for, standing.status == LIVE):
            found.append((row, standing))
    return found


def rules_refresh(*, actor: Actor, at: datetime) -> int:
    """Looks again at the rules of every version in force or to come: those whose part has been built since begin to run
    (from `at`, never backwards). Run after an upgrade; returns how many began. Publishes policy.refreshed."""
    if not actor.is_system:
        raise NotAllowed(_("您没有做这件事的权限"))
    open_versions = (
        PolicyVersion.objects.filter(state=State.PUBLISHED).select_related("policy").order_by("pk")
    )
    if not any(_moved(version) for version in open_versions):
        return 0
    total = 0
    with transaction.atomic():
        bump_generation()
        news = []
        for version in open_versions.all():
            assert version.effective_at is not None
            began = _refresh(version, since=max(at, version.effective_at))
            if began:
                news.append(told(events.REFRESHED, version, actor, at, rules=began))
            total += began
        publish(news)
    return total


def policy_retire(*, policy_code: str, actor: Actor, at: datetime) -> PolicyVersion:
    """Ends the version in force without a successor: its rules start no clock any more, running ones go on to their
    end. Needs policy.publish. Raises Conflict when none is in force or one is to come; publishes policy.archived."""
    need(actor, permissions.PUBLISH)
    with transaction.atomic():
        bump_generation()
        policy = Policy.objects.filter(code=policy_code).first()
        open_ended = policy.versions.filter(state=State.PUBLISHED, ended_at=None).first() if policy else None
        if open_ended is None or open_ended.effective_at is None or open_ended.effective_at > at:
            raise Conflict(_("这部制度没有可以终止的施行版本"), code="nothing_in_force")
        version = locked(open_ended.pk, State.PUBLISHED)
        version.state, version.ended_at = State.ARCHIVED, at
        version.save(update_fields=["state", "ended_at"])
        publish([told(events.ARCHIVED, version, actor, at, ended=at.isoformat())])
    return version


def versions_settle(*, at: datetime) -> int:
    """Archives the versions whose end has come; returns how many. Safe to repeat; publishes policy.archived at the
    moment of the end. What is in force never waits for this: times decide it."""
    settled = 0
    with transaction.atomic():
        for row in PolicyVersion.objects.filter(state=State.PUBLISHED, ended_at__lte=at).order_by("ended_at"):
            version = locked(row.pk)
            if version.state != State.PUBLISHED or version.ended_at is None:
                continue
            version.state = State.ARCHIVED
            version.save(update_fields=["state"])
            ended = version.ended_at
            publish([told(events.ARCHIVED, version, Actor.system(), ended, ended=ended.isoformat())])
            settled += 1
    return settled
