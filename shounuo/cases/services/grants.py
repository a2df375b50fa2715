"""Grants: asked for, given at once within one's limit, decided by a second person above it, withdrawn."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.models import Grant
from shounuo.cases.queries import authority
from shounuo.cases.queries import grants as queries
from shounuo.cases.queries.authority import Standard
from shounuo.cases.rules import grants as rules
from shounuo.cases.services.changing import changing, staff_only
from shounuo.cases.services.granting import (
    Request,
    Write,
    ask,
    one_at_a_time,
    pass_on_others,
    standard_of,
    tell,
    write_of,
)
from shounuo.duties import services as duties
from shounuo.duties.permissions import MANAGE, WORK
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.kernel.text import clean, clean_line

MAX_TEXT = 2000
MAX_ABOUT = 200
MOST = 100_000_000_00  # a hundred million yuan: what is more was mistyped
ENDED_BY_PART = {Grant.State.GRANTED: "approved", Grant.State.REFUSED: "refused"}


def grant_ask(
    *,
    case_id: int,
    kind: str,
    amount: int | None = None,
    reason: str,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Grant:
    """Asks for something on a case: an amount in fen, or none where it is a special request (a kind without amounts).

    Given at once where the actor's role may grant the sum that it comes to; the sum is that of the whole matter (cases split
    and merged count together) or of the customer, as the rule says. Else those are asked who may, and a duty of theirs waits.
    Invalid: a kind of which no rule in force speaks for this case (kind), no amount or one too many (amount), no reason
    (reason). Conflict `nobody_may` where no role may grant as much, `no_approver` where nobody else holds one that may.
    NotFound for a case that the actor may not see. Events: grant.granted, or grant.asked.
    """
    reason = _text(reason, "reason")
    with (
        one_at_a_time(case_id),
        changing(case_id, "grant", actor=actor, at=at, expected_version=expected_version) as change,
    ):
        standards = authority.of_case(change.case.pk, at).get(kind, [])
        if not standards:
            raise Invalid(_("现行制度没有规定这张工单可以这样办"), field="kind", code="no_rule")
        return _made(change, Grant(case=change.case, kind=kind, amount=amount, reason=reason), standards)


def request_ask(
    *, kind: str, about: str, amount: int | None = None, reason: str, actor: Actor, at: datetime
) -> Grant:
    """Asks for something that belongs to no case: of a kind that a rule in force lets somebody grant for the organisation.

    Given at once or asked of a second person as on a case; the sum is that of all that was granted of the kind on no case.
    For whoever works on duties. Invalid: a kind of which no rule in force speaks so (kind), nothing that it is about or too much
    (about), and as `grant_ask`. Conflict as there. Events, on the grant itself: grant.granted, or grant.asked.
    """
    about, reason = clean_line(about), _text(reason, "reason")
    if not about:
        raise Invalid(_("请写明是什么事"), field="about", code="missing")
    if len(about) > MAX_ABOUT:
        raise Invalid(_("最多 %(max)d 字") % {"max": MAX_ABOUT}, field="about", code="too_long")
    if not actor.may(WORK):
        raise NotAllowed(_("您没有提出申请的权限"))
    with one_at_a_time(None):
        standards = authority.of_organisation(at).get(kind, [])
        if not standards:
            raise Invalid(_("现行制度没有规定谁可以批这一项"), field="kind", code="no_rule")
        write = Request(actor, at)
        grant = _made(write, Grant(kind=kind, about=about, amount=amount, reason=reason), standards)
        write.finish()
    return grant


def _made(write: Write, grant: Grant, standards: list[Standard]) -> Grant:
    """What is asked for, under the locks of what it belongs to: granted, or asked of those who may."""
    actor, at = write.actor, write.at
    asker = staff_only(actor)
    specs = authority.specs(standards)
    grant.amount = _amount(grant.amount, rules.has_amount(specs))
    totals = queries.totals(grant.case, grant.kind, grant.amount)
    able = rules.deciders(specs, totals)
    if not able:
        raise Conflict(_("合计超出了制度授权的最高额度，无人可批"), code="nobody_may", field="amount")
    by = standard_of(standards, actor.roles)
    grant.total = totals[by.spec.per] if grant.amount is not None else None
    grant.asked_at, grant.asked_by_id = at, asker
    grant.clause_code, grant.rule_id = by.clause, by.rule_id
    if actor.roles & able:
        grant.state, grant.decided_at, grant.decided_by_id = Grant.State.GRANTED, at, asker
        if grant.case is None:
            grant.roles = sorted(able)
        grant.save()
        tell(write, events.GRANTED, grant)
        pass_on_others(write, grant)
    else:
        grant.roles = list(rules.asked_of(specs, actor.roles, totals))
        grant.save()
        tell(write, events.GRANT_ASKED, grant)
        ask(grant, at, actor)
    return grant


def grant_decide(
    *, grant_id: int, approve: bool, note: str = "", via: str = Grant.Via.PAGE, actor: Actor, at: datetime
) -> Grant:
    """A second person decides what was asked for: never who asked, nor in his place.

    For holders of a role that may grant the sum as it is now, and for who stands in for one who is away. Refusing needs a
    `note`. Conflict `decided` when it is over, `beyond` when the sum has grown past what the actor may grant. NotFound for
    what he may not see. Events: grant.approved and grant.granted, or grant.refused; the duty is done with it. What others ask for
    and the new sum has taken out of their approvers' reach is passed on.
    """
    note = clean(note).strip()
    if len(note) > MAX_TEXT:
        raise Invalid(_("说明最多 %(max)d 字") % {"max": MAX_TEXT}, field="note", code="too_long")
    if not approve and not note:
        raise Invalid(_("请写明不批的理由"), field="note", code="missing")
    seen = queries.get(actor, grant_id)
    with one_at_a_time(seen.case_id):
        write = write_of(seen.case_id, actor, at)
        grant = Grant.objects.select_for_update(of=("self",)).select_related("case").get(pk=grant_id)
        if not grant.is_asked:
            raise _decided(grant)
        if grant.asked_by_id == actor.person_id:
            raise NotAllowed(_("须由另一人批准，不能批自己的申请"), code="own_request")
        seat = queries.seat_for(actor, grant, at)
        if seat is None:
            if any(place.roles & set(grant.roles) for place in queries.seats(actor, grant, at)):
                raise Conflict(_("合计已超出您的权限，要由更高一级批准"), code="beyond")
            raise NotAllowed(_("这项申请不归您批"), code="not_yours")
        grant.state = Grant.State.GRANTED if approve else Grant.State.REFUSED
        grant.decided_at, grant.decided_by_id, grant.stood_in_for_id = at, staff_only(actor), seat.for_id
        grant.via, grant.note = via, note
        if grant.amount is not None:
            standards = queries.standards_of(grant, at)
            totals = queries.totals(grant.case, grant.kind, grant.amount)
            grant.total = totals[standards[0].spec.per] if standards else next(iter(totals.values()))
        grant.save()
        tell(write, events.GRANT_APPROVED if approve else events.GRANT_REFUSED, grant)
        if approve:
            tell(write, events.GRANTED, grant)
        duty = queries.duty_of(grant)
        if duty is not None:
            duties.duty_settle(
                duty_id=duty.pk,
                outcome=ENDED_BY_PART[Grant.State(grant.state)],
                note=note,
                actor=actor,
                at=at,
            )
        if approve:
            pass_on_others(write, grant)
        write.finish()
    return grant


def grant_withdraw(*, grant_id: int, reason: str, actor: Actor, at: datetime) -> Grant:
    """Takes back what was asked for, or what was granted and not given after all; it counts in no sum any more.

    What is asked for: who asked, and those who assign cases (duties, where it belongs to none). What was granted: who may decide it, another than who asked unless
    he granted it himself. Invalid without a reason; Conflict when it was refused or withdrawn. Event: grant.withdrawn.
    """
    reason = _text(reason, "reason")
    seen = queries.get(actor, grant_id)
    with one_at_a_time(seen.case_id):
        write = write_of(seen.case_id, actor, at)
        grant = Grant.objects.select_for_update(of=("self",)).select_related("case").get(pk=grant_id)
        if grant.state not in (Grant.State.ASKED, Grant.State.GRANTED):
            raise _decided(grant)
        if not may_withdraw(actor, grant):
            raise NotAllowed(_("这项申请不归您撤回"), code="not_yours")
        was = str(grant.state)
        duty = queries.duty_of(grant)
        grant.state, grant.withdrawn_at, grant.withdrawn_by_id = Grant.State.WITHDRAWN, at, actor.person_id
        grant.note = reason
        grant.save()
        tell(write, events.GRANT_WITHDRAWN, grant, was=was)
        if duty is not None:
            duties.duty_cancel(duty_id=duty.pk, reason=reason[:300], actor=Actor.system(), at=at)
        write.finish()
    return grant


def may_withdraw(actor: Actor, grant: Grant) -> bool:
    """What is asked for: who asked, and leads. What was granted: who granted it, and leads other than who asked for it. Leads
    of what belongs to a case are those who assign cases, of the rest those who manage duties."""
    if actor.is_system:
        return True
    if actor.person_id is None:
        return False
    leads = actor.may("cases.assign" if grant.case_id is not None else MANAGE)
    if grant.is_asked:
        return grant.asked_by_id == actor.person_id or leads
    if grant.state != Grant.State.GRANTED:
        return False
    return grant.decided_by_id == actor.person_id or (leads and grant.asked_by_id != actor.person_id)


def _amount(given: int | None, wanted: bool) -> int | None:
    if not wanted:
        if given is not None:
            raise Invalid(_("这一项不涉及金额"), field="amount", code="no_amount_wanted")
        return None
    if given is None or isinstance(given, bool) or not 0 < given <= MOST:
        raise Invalid(_("请填大于零的金额"), field="amount", code="bad_amount")
    return given


def _text(text: str, field: str) -> str:
    text = clean(text).strip()
    if not text:
        raise Invalid(_("请写明事由"), field=field, code="missing")
    if len(text) > MAX_TEXT:
        raise Invalid(_("最多 %(max)d 字") % {"max": MAX_TEXT}, field=field, code="too_long")
    return text


def _decided(grant: Grant) -> Conflict:
    return Conflict(
        _("这项申请已有结果：%(state)s") % {"state": grant.get_state_display()},
        code="decided",
        state=str(grant.state),
    )
