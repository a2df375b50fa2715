"""The life of an agreement: offered, answered by the customer, in force, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.agreements import events, queries, rules
from shounuo.agreements.models import Agreement
from shounuo.agreements.queries import PUBLISH
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.secrets import signature, signature_holds
from shounuo.kernel.text import clean, whole
from shounuo.policy import services as policy
from shounuo.policy.writing import dump
from shounuo.staff import queries as staff

LINK = "agreements.link"
LINK_LIVES = timedelta(days=60)
State = Agreement.State


class LinkOver(NotFound):
    """The link opens nothing any more."""


def agreement_offer(*, agreement_id: int, actor: Actor, at: datetime) -> Agreement:
    """The house stands by a draft: the customer may now accept it; one for a segment is promised at once. It cannot be
    changed any more. Needs policy.publish. Publishes agreement.proposed (and what follows for a segment)."""
    with transaction.atomic():
        agreement = _locked(agreement_id, actor, State.DRAFT)
        agreement.state, agreement.offered_at, agreement.offered_by_id = State.OFFERED, at, actor.person_id
        agreement.save(update_fields=["state", "offered_at", "offered_by"])
        _tell(events.PROPOSED, agreement, actor, at, promises=len(agreement.promises))
        if agreement.signer_id is None:
            agreement.state = State.ACCEPTED
            agreement.save(update_fields=["state"])
            _begin_if_due(agreement, at)
    return agreement


def agreement_answer(*, token: str, accepts: bool, note: str = "", at: datetime) -> Agreement:
    """The customer's answer by his signed link. Once: Conflict afterwards, LinkOver for a link that does not hold.

    Accepted, it is in force from its first day, at once where that has come. Publishes agreement.accepted or
    agreement.declined.
    """
    found, actor = link_open(token, at)
    with transaction.atomic():
        agreement = Agreement.objects.select_for_update(of=("self",)).get(pk=found.pk)
        if agreement.state != State.OFFERED:
            raise Conflict(_("这份协议已经答复过了"), code="answered")
        agreement.state = State.ACCEPTED if accepts else State.DECLINED
        agreement.answered_at, agreement.answer = at, clean(note).strip()[:2_000]
        agreement.save(update_fields=["state", "answered_at", "answer"])
        _tell(events.ACCEPTED if accepts else events.DECLINED, agreement, actor, at)
        if accepts:
            _begin_if_due(agreement, at)
    return agreement


def agreement_end(*, agreement_id: int, actor: Actor, at: datetime) -> Agreement:
    """Ends an agreement, whatever its state: its rules start no clock any more, running ones go on to their end. Needs
    policy.publish. Conflict for one that is over. Publishes agreement.ended."""
    with transaction.atomic():
        agreement = _locked(agreement_id, actor)
        if agreement.state in (State.ENDED, State.DECLINED):
            raise Conflict(_("这份协议已经终止"), code="over")
        _end(agreement, actor, at)
    return agreement


def agreements_settle(*, at: datetime) -> tuple[int, int]:
    """Begins the accepted agreements whose first day has come and ends those whose last is over; gives how many of each.
    Safe to repeat."""
    today = at.astimezone(ZoneInfo(staff.organisation().zone)).date()
    began = ended = 0
    for id in Agreement.objects.filter(state=State.ACCEPTED, valid_from__lte=today).values_list(
        "pk", flat=True
    ):
        with transaction.atomic():
            agreement = Agreement.objects.select_for_update(of=("self",)).get(pk=id)
            if agreement.state == State.ACCEPTED:
                began += _begin_if_due(agreement, at)
    for id in Agreement.objects.filter(state=State.ACTIVE, valid_until__lt=today).values_list(
        "pk", flat=True
    ):
        with transaction.atomic():
            agreement = Agreement.objects.select_for_update(of=("self",)).get(pk=id)
            if agreement.state == State.ACTIVE:
                _end(agreement, Actor.system(), at)
                ended += 1
    return began, ended


def link_path(agreement: Agreement, at: datetime) -> str:
    """The path under which the signer reads and answers it; Invalid where there is nobody to sign."""
    if agreement.signer_id is None:
        raise Invalid(_("分群的协议不用客户确认"))
    text = f"{agreement.pk}.{agreement.signer_id}.{int((at + LINK_LIVES).timestamp())}"
    return f"/help/agreements/{text}.{signature(LINK, text)}/"


def link_open(token: str, at: datetime) -> tuple[Agreement, Actor]:
    """The agreement behind a link and the customer who holds it. Raises LinkOver."""
    text, _dot, given = token.rpartition(".")
    numbers = [n for part in text.split(".") if (n := whole(part)) is not None]
    over = LinkOver(_("这个链接已失效，请向您的联系人要一个新的"))
    if len(numbers) != 3 or not signature_holds(LINK, text, given):
        raise over
    agreement_id, customer_id, until = numbers
    if until <= at.timestamp():
        raise over
    actor = Actor.customer(customer_id)
    found = queries.visible_to(actor).filter(pk=agreement_id).first()
    if found is None:
        raise over
    return found, actor


def _begin_if_due(agreement: Agreement, at: datetime) -> int:
    """Puts the promises in force as a policy of their own once the first day has come. 1 when it began now."""
    today = at.astimezone(ZoneInfo(staff.organisation().zone)).date()
    if agreement.valid_from > today:
        return 0
    pack = rules.pack_of(
        code=agreement.code,
        title=agreement.title,
        clauses=[agreement.clause_code(n + 1) for n in range(len(agreement.promises))],
        promises=agreement.promises,
        calendar=agreement.promises[0]["calendar"],
    )
    system = Actor.system()
    policy.version_import(text=dump(pack), file_name=f"{agreement.code}.yaml", actor=system, at=at)
    policy.version_publish_at_once(policy_code=agreement.code, actor=system, at=at)
    agreement.state, agreement.began_at = State.ACTIVE, at
    agreement.save(update_fields=["state", "began_at"])
    _tell(events.BEGAN, agreement, system, at)
    return 1


def _end(agreement: Agreement, actor: Actor, at: datetime) -> None:
    if agreement.state == State.ACTIVE:
        policy.policy_retire(policy_code=agreement.code, actor=Actor.system(), at=at)
    agreement.state, agreement.ended_at = State.ENDED, at
    agreement.save(update_fields=["state", "ended_at"])
    _tell(events.ENDED, agreement, actor, at)


def _locked(id: int, actor: Actor, *states: str) -> Agreement:
    agreement = queries.get(actor, id, lock=True)
    if not actor.may(PUBLISH):
        raise NotAllowed(_("您没有订立服务协议的权限"))
    if states and agreement.state not in states:
        raise Conflict(_("这份协议已经提出过了"), code="not_a_draft")
    return agreement


def _tell(kind: str, agreement: Agreement, actor: Actor, at: datetime, **payload: int) -> None:
    publish([NewEvent(kind, ("agreement", agreement.pk), at, actor, payload)])
