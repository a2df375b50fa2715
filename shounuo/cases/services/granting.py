"""What every write on a grant shares: what it belongs to under its lock, who is asked, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.approvals import APPROVAL
from shounuo.cases.models import Case, Grant
from shounuo.cases.queries import grants as queries
from shounuo.cases.queries.authority import Standard, specs
from shounuo.cases.rules import grants as rules
from shounuo.cases.services.changing import Change, begin
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict
from shounuo.policy import labels
from shounuo.staff import queries as staff


@dataclass(slots=True)
class Request:
    """A write on a grant that belongs to no case, as `Change` is one on a case: its events happen to the grant itself."""

    actor: Actor
    at: datetime
    news: list[NewEvent] = field(default_factory=list)
    case: None = None

    def tell(self, event: str, /, **payload: Any) -> None:
        """Adds an event to what is published with the write; empty fields are left out."""
        kept = {k: v for k, v in payload.items() if v is not None and v != ""}
        self.news.append(NewEvent(event, (events.GRANT, payload["grant"]), self.at, self.actor, kept))

    def finish(self) -> None:
        news, self.news = self.news, []
        publish(news)


Write = Change | Request


def write_of(case_id: int | None, actor: Actor, at: datetime) -> Write:
    """The case under its lock, where there is one; who decides on a grant need not see the case."""
    if case_id is None:
        return Request(actor, at)
    return Change(begin(case_id, actor=Actor.system(), at=at).case, actor, at)


@contextmanager
def one_at_a_time(case_id: int | None) -> Iterator[None]:
    """The transaction in which grants of one matter and of one customer, or those on no case, are made one after another, so
    that two sums that are each within a limit never make one that is past it. Taken before the case's row, since a grant may pass
    on what waits on another case of the customer; what grew together in between is waited for as well."""
    with transaction.atomic():
        taken: set[str] = set()
        while fresh := sorted(_keys(case_id) - taken):
            with connection.cursor() as cursor:
                for key in fresh:
                    cursor.execute(
                        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 15))", [f"cases.grants/{key}"]
                    )
            taken.update(fresh)
        yield


def _keys(case_id: int | None) -> set[str]:
    if case_id is None:
        return {"organisation"}
    customers = Case.objects.filter(pk=case_id).values_list("customer_id", flat=True)
    return {f"matter:{min(queries.family(case_id))}", *(f"customer:{id}" for id in customers)}


def pass_on_others(write: Write, granted: Grant) -> None:
    """What else is asked for in the matter, for the customer, or on no case, goes to who may decide the sum that it comes to
    now."""
    waiting = Grant.objects.select_for_update(of=("self",)).filter(
        _summed_with(granted), kind=granted.kind, state=Grant.State.ASKED
    )
    for grant in waiting.select_related("case").order_by("id"):
        standards = queries.standards_of(grant, write.at)
        ladder = specs(standards)
        totals = queries.totals(grant.case, grant.kind, grant.amount)
        able = rules.deciders(ladder, totals)
        if not standards or able & set(grant.roles):
            continue
        asker = frozenset(staff.roles_of(grant.asked_by_id))
        roles = list(rules.asked_of(ladder, asker, totals))
        if not roles:  # beyond everybody: those who were asked may still refuse it
            continue
        duty = queries.duty_of(grant)
        grant.roles, grant.round = roles, grant.round + 1
        grant.total = totals[standard_of(standards, asker).spec.per]
        grant.save(update_fields=["roles", "round", "total"])
        here = write.case is None or grant.case_id == write.case.pk
        other = write if here else write_of(grant.case_id, write.actor, write.at)
        tell(other, events.GRANT_PASSED_ON, grant)
        if other is not write:
            other.finish()
        if duty is not None:
            duties.duty_cancel(
                duty_id=duty.pk,
                reason=gettext("合计已超出权限，改由上一级批准"),
                actor=Actor.system(),
                at=write.at,
            )
        ask(grant, write.at, Actor.system())


def _summed_with(granted: Grant) -> Q:
    if granted.case is None:
        return Q(case=None)
    family = Q(case_id__in=queries.family(granted.case.pk))
    return Q(case__customer_id=granted.case.customer_id) | family


def ask(grant: Grant, at: datetime, actor: Actor) -> Duty:
    """The duty of those who may decide: of the case's team where somebody there may, else of whoever may. The duty of what
    belongs to no case says nothing of it, since more people see the duty than the request."""
    team = grant.case.team_id if grant.case is not None else None
    if team is not None and not queries.holders(grant.roles, team_id=team, but=grant.asked_by_id):
        team = None
    if not queries.holders(grant.roles, team_id=team, but=grant.asked_by_id):
        who = _("、").join(labels.role(r) for r in grant.roles)
        raise Conflict(
            _("要由%(who)s批准，但现在没有别人担任") % {"who": labels.small(who)},
            code="no_approver",
            field="amount",
        )
    titles = {}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            titles[language] = title_of(grant)
    return duties.duty_create(
        kind=APPROVAL,
        title=titles["zh-hans"],
        title_en=titles["en"],
        text=grant.reason if grant.case is not None else "",
        subject=("case", grant.case.pk) if grant.case is not None else (events.GRANT, grant.pk),
        team_id=team,
        roles=grant.roles,
        origin=(queries.ORIGIN, grant.pk, str(grant.round)),
        clause_code=grant.clause_code,
        rule_id=grant.rule_id,
        actor=actor,
        at=at,
    )


def title_of(grant: Grant) -> str:
    """What is asked for, in the active language."""
    what = labels.word(grant.kind)
    if grant.amount is None:
        return gettext("审批：%(what)s") % {"what": what}
    said = {"what": what, "amount": queries.yuan(grant.amount)}
    return gettext("审批：%(what)s %(amount)s 元") % said


def standard_of(standards: list[Standard], roles: frozenset[str]) -> Standard:
    """The rule by which somebody asks: the one that names him, else the first."""
    return next((s for s in standards if roles & set(s.spec.who)), standards[0])


def tell(write: Write, kind: str, grant: Grant, **more: Any) -> None:
    write.tell(
        kind,
        grant=grant.pk,
        kind=grant.kind,
        amount=grant.amount,
        total=grant.total,
        roles=list(grant.roles) or None,
        rule=grant.rule_id,
        clause=grant.clause_code,
        via=grant.via or None,
        person=grant.asked_by_id,
        instead_of=grant.stood_in_for_id,
        **more,
    )
