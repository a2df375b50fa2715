"""Grants: asked for, given at once within one's limit, decided by a second person above it, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.approvals import APPROVAL
from shounuo.cases.models import Case, Grant
from shounuo.cases.queries import authority
from shounuo.cases.queries import grants as queries
from shounuo.cases.queries.authority import Standard
from shounuo.cases.rules import grants as rules
from shounuo.cases.services.changing import Change, begin, changing, staff_only
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.kernel.text import clean
from shounuo.policy import labels
from shounuo.staff import queries as staff

MAX_TEXT = 2000
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
        _one_at_a_time(case_id),
        changing(case_id, "grant", actor=actor, at=at, expected_version=expected_version) as change,
    ):
        asker = staff_only(actor)
        case = change.case
        standards = authority.of_case(case.pk, at).get(kind, [])
        if not standards:
            raise Invalid(_("现行制度没有规定这张工单可以这样办"), field="kind", code="no_rule")
        specs = authority.specs(standards)
        amount = _amount(amount, rules.has_amount(specs))
        totals = queries.totals(case, kind, amount)
        able = rules.deciders(specs, totals)
        if not able:
            raise Conflict(_("合计超出了制度授权的最高额度，无人可批"), code="nobody_may", field="amount")
        by = _standard_of(standards, actor.roles)
        grant = Grant(
            case=case,
            kind=kind,
            amount=amount,
            total=totals[by.spec.per] if amount is not None else None,
            reason=reason,
            asked_at=at,
            asked_by_id=asker,
            clause_code=by.clause,
            rule_id=by.rule_id,
        )
        if actor.roles & able:
            grant.state, grant.decided_at, grant.decided_by_id = Grant.State.GRANTED, at, asker
            grant.save()
            _tell(change, events.GRANTED, grant)
            _pass_on_others(change, grant)
        else:
            grant.roles = list(rules.asked_of(specs, actor.roles, totals))
            grant.save()
            _tell(change, events.GRANT_ASKED, grant)
            _ask(grant, at, actor)
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
    with _one_at_a_time(seen.case_id):
        change = _of_grant(seen.case_id, actor, at)
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
            standards = authority.of_case(grant.case_id, at).get(grant.kind, [])
            per = standards[0].spec.per if standards else "case"
            grant.total = queries.totals(change.case, grant.kind, grant.amount)[per]
        grant.save()
        _tell(change, events.GRANT_APPROVED if approve else events.GRANT_REFUSED, grant)
        if approve:
            _tell(change, events.GRANTED, grant)
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
            _pass_on_others(change, grant)
        change.finish()
    return grant


def grant_withdraw(*, grant_id: int, reason: str, actor: Actor, at: datetime) -> Grant:
    """Takes back what was asked for, or what was granted and not given after all; it counts in no sum any more.

    What is asked for: who asked, and those who assign cases. What was granted: who may decide it, another than who asked unless
    he granted it himself. Invalid without a reason; Conflict when it was refused or withdrawn. Event: grant.withdrawn.
    """
    reason = _text(reason, "reason")
    seen = queries.get(actor, grant_id)
    with _one_at_a_time(seen.case_id):
        change = _of_grant(seen.case_id, actor, at)
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
        _tell(change, events.GRANT_WITHDRAWN, grant, was=was)
        if duty is not None:
            duties.duty_cancel(duty_id=duty.pk, reason=reason[:300], actor=Actor.system(), at=at)
        change.finish()
    return grant


def may_withdraw(actor: Actor, grant: Grant) -> bool:
    """What is asked for: who asked, and leads. What was granted: who granted it, and leads other than who asked for it."""
    if actor.is_system:
        return True
    if actor.person_id is None:
        return False
    leads = actor.may("cases.assign")
    if grant.is_asked:
        return grant.asked_by_id == actor.person_id or leads
    if grant.state != Grant.State.GRANTED:
        return False
    return grant.decided_by_id == actor.person_id or (leads and grant.asked_by_id != actor.person_id)


def _of_grant(case_id: int, actor: Actor, at: datetime) -> Change:
    """The case under its lock; who decides on a grant need not see the case."""
    return Change(begin(case_id, actor=Actor.system(), at=at).case, actor, at)


@contextmanager
def _one_at_a_time(case_id: int) -> Iterator[None]:
    """The transaction in which grants of one matter and of one customer are made one after another, so that two sums that
    are each within a limit never make one that is past it. Taken before the case's row, since a grant may pass on what waits on
    another case of the customer; what grew together in between is waited for as well."""
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


def _keys(case_id: int) -> set[str]:
    customers = Case.objects.filter(pk=case_id).values_list("customer_id", flat=True)
    return {f"matter:{min(queries.family(case_id))}", *(f"customer:{id}" for id in customers)}


def _pass_on_others(change: Change, granted: Grant) -> None:
    """What else is asked for in the matter, or for the customer, goes to who may decide the sum that it comes to now."""
    ids = queries.family(granted.case_id)
    waiting = Grant.objects.select_for_update(of=("self",)).filter(
        kind=granted.kind, state=Grant.State.ASKED, case__customer_id=change.case.customer_id
    ) | Grant.objects.select_for_update(of=("self",)).filter(
        kind=granted.kind, state=Grant.State.ASKED, case_id__in=ids
    )
    for grant in waiting.select_related("case").order_by("id"):
        standards = authority.of_case(grant.case_id, change.at).get(grant.kind, [])
        specs = authority.specs(standards)
        totals = queries.totals(grant.case, grant.kind, grant.amount)
        able = rules.deciders(specs, totals)
        if not standards or able & set(grant.roles):
            continue
        asker = frozenset(staff.roles_of(grant.asked_by_id))
        roles = list(rules.asked_of(specs, asker, totals))
        if not roles:  # beyond everybody: those who were asked may still refuse it
            continue
        duty = queries.duty_of(grant)
        grant.roles, grant.round = roles, grant.round + 1
        grant.total = totals[_standard_of(standards, asker).spec.per]
        grant.save(update_fields=["roles", "round", "total"])
        other = (
            change if grant.case_id == change.case.pk else _of_grant(grant.case_id, change.actor, change.at)
        )
        _tell(other, events.GRANT_PASSED_ON, grant)
        if other is not change:
            other.finish()
        if duty is not None:
            duties.duty_cancel(
                duty_id=duty.pk,
                reason=gettext("合计已超出权限，改由上一级批准"),
                actor=Actor.system(),
                at=change.at,
            )
        _ask(grant, change.at, Actor.system())


def _ask(grant: Grant, at: datetime, actor: Actor) -> Duty:
    """The duty of those who may decide: of the case's team where somebody there may, else of whoever may."""
    team = grant.case.team_id
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
        text=grant.reason,
        subject=("case", grant.case_id),
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


def _standard_of(standards: list[Standard], roles: frozenset[str]) -> Standard:
    """The rule by which somebody asks: the one that names him, else the first."""
    return next((s for s in standards if roles & set(s.spec.who)), standards[0])


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


def _tell(change: Change, kind: str, grant: Grant, **more: Any) -> None:
    change.tell(
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
