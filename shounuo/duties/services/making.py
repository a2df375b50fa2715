"""How duties come to be: one by one, or planned many at a time and never twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shounuo.duties import queries, registry
from shounuo.duties.models import Duty
from shounuo.duties.permissions import MANAGE
from shounuo.duties.services.common import begun
from shounuo.events import subjects
from shounuo.events.services import publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.kernel.text import clean, clean_line
from shounuo.staff import queries as staff

ROLE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
MAX_TITLE = 200
MAX_TEXT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A duty to be made. `at` is the moment at which it comes to be (its clocks run from there), the other fields are as
    in `models.Duty`; (origin_code, origin_id, origin_key) makes it once."""

    kind: str
    title: str
    at: datetime
    title_en: str = ""
    text: str = ""
    subject: tuple[str, int] | None = None
    owner_id: int | None = None
    team_id: int | None = None
    roles: tuple[str, ...] = ()
    opens_at: datetime | None = None
    due_at: datetime | None = None
    lapses_at: datetime | None = None
    origin_code: str = ""
    origin_id: int = 0
    origin_key: str = ""
    series: str = ""
    item: str = ""
    clause_code: str = ""
    rule_id: int | None = None

    @property
    def origin(self) -> tuple[str, int, str]:
        return (self.origin_code, self.origin_id, self.origin_key)


def duty_create(
    *,
    kind: str,
    title: str,
    title_en: str = "",
    text: str = "",
    subject: tuple[str, int] | None = None,
    owner_id: int | None = None,
    team_id: int | None = None,
    roles: Sequence[str] = (),
    opens_at: datetime | None = None,
    due_at: datetime | None = None,
    origin: tuple[str, int, str] = ("", 0, ""),
    clause_code: str = "",
    rule_id: int | None = None,
    actor: Actor,
    at: datetime,
) -> Duty:
    """Makes one duty; with an origin that has made one already, gives that one back unchanged.

    For parts, in the transaction of what brings the duty forth, and for people, who may ask anything of anybody about
    a subject that they see. Invalid: no title, nobody to owe it, an unknown kind, a due moment that has passed. NotFound: a
    subject that the actor may not see. Publishes duty.created, under whose clauses the duty's clocks start.
    """
    if due_at is not None and due_at <= at:
        raise Invalid(_("到期时间须在现在之后"), field="due_at", code="in_the_past")
    if subject is not None and not actor.is_system:
        known = subjects.get(subject[0])
        if known is None or subject[1] not in known.visible_ids(actor, [subject[1]]):
            raise queries.not_found()
    plan = Plan(
        kind=kind,
        title=title,
        title_en=title_en,
        text=text,
        subject=subject,
        owner_id=owner_id,
        team_id=team_id,
        roles=tuple(roles),
        opens_at=opens_at,
        due_at=due_at,
        origin_code=origin[0],
        origin_id=origin[1],
        origin_key=origin[2],
        clause_code=clause_code,
        rule_id=rule_id,
        at=at,
    )
    with transaction.atomic():
        made = duties_plan(plans=[plan], actor=actor)
        if made:
            return made[0]
        return Duty.objects.get(origin_code=origin[0], origin_id=origin[1], origin_key=origin[2])


def need_asking(actor: Actor, owner_id: int | None) -> None:
    """What a person may ask by hand: anything of himself; of others with duties.manage."""
    if owner_id is not None and owner_id == actor.person_id:
        return
    if not actor.may(MANAGE):
        raise NotAllowed(_("您没有分派待办的权限"))


def duties_plan(*, plans: Sequence[Plan], actor: Actor) -> list[Duty]:
    """Makes those of the planned duties that are not there yet, in order, and returns them; the same plans again make
    nothing. One transaction, a fixed number of queries; planners of one origin code wait for each other.

    Publishes duty.created for each, at the moment of its plan. Invalid as in `duty_create`.
    """
    for plan in plans:
        _check(plan)
    _people_are_there(plans)
    with transaction.atomic():
        known = _origins_taken(plans)
        fresh = [p for p in plans if not p.origin_code or p.origin not in known]
        duties = Duty.objects.bulk_create([_row(p, actor) for p in fresh])
        publish([event for d in duties for event in begun(d, actor, d.created_at)])
        owed = dict(Duty.objects.filter(pk__in=[d.pk for d in duties]).values_list("pk", "owed_at"))
        for duty in duties:
            duty.owed_at = owed[duty.pk]
    return duties


def _check(plan: Plan) -> None:
    if not registry.is_declared(plan.kind):
        raise Invalid(_("没有这种待办“%(kind)s”") % {"kind": plan.kind}, field="kind", code="no_kind")
    if not clean_line(plan.title):
        raise Invalid(_("请写明要做什么"), field="title", code="missing")
    if any(not ROLE.fullmatch(role) for role in plan.roles):
        raise Invalid(_("没有这个角色"), field="roles", code="no_role")
    if len(plan.text) > MAX_TEXT:
        raise Invalid(_("说明最多 %(max)d 字") % {"max": MAX_TEXT}, field="text", code="too_long")
    if plan.owner_id is None and plan.team_id is None and not plan.roles:
        raise Invalid(_("请选择由谁完成"), field="owner", code="nobody")


def _people_are_there(plans: Iterable[Plan]) -> None:
    """Owners and teams exist and work here."""
    owners = {p.owner_id for p in plans if p.owner_id is not None}
    teams = {p.team_id for p in plans if p.team_id is not None}
    if owners and staff.people().filter(pk__in=owners).count() < len(owners):
        raise Invalid(_("没有这位同事，或其账号已停用"), field="owner", code="no_person")
    if teams and staff.teams().filter(pk__in=teams).count() < len(teams):
        raise Invalid(_("没有这个小组，或它已停用"), field="team", code="no_team")


def _origins_taken(plans: Sequence[Plan]) -> set[tuple[str, int, str]]:
    """The origins that have made their duty already; planners of the same code are kept apart until the end."""
    codes = sorted({p.origin_code for p in plans if p.origin_code})
    taken: set[tuple[str, int, str]] = set()
    for code in codes:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('duties.plan'), hashtext(%s))", [code])
        of_code = [p for p in plans if p.origin_code == code]
        rows = Duty.objects.filter(
            Q(origin_id__in={p.origin_id for p in of_code}),
            origin_code=code,
            origin_key__in=[p.origin_key for p in of_code],
        )
        taken |= set(rows.values_list("origin_code", "origin_id", "origin_key"))
    return taken


def _row(plan: Plan, actor: Actor) -> Duty:
    return Duty(
        kind=plan.kind,
        subject_kind=plan.subject[0] if plan.subject is not None else "",
        subject_id=plan.subject[1] if plan.subject is not None else None,
        title=clean_line(plan.title, MAX_TITLE),
        title_en=clean_line(plan.title_en, MAX_TITLE),
        text=clean(plan.text).strip(),
        owner_id=plan.owner_id,
        team_id=plan.team_id,
        roles=list(plan.roles),
        opens_at=plan.opens_at or plan.at,
        due_at=plan.due_at,
        owed_at=plan.due_at,
        lapses_at=plan.lapses_at,
        taken_at=plan.at if plan.owner_id is not None else None,
        created_at=plan.at,
        created_by_id=actor.person_id,
        origin_code=plan.origin_code,
        origin_id=plan.origin_id,
        origin_key=plan.origin_key,
        series=plan.series,
        item=plan.item,
        clause_code=plan.clause_code,
        rule_id=plan.rule_id,
    )
