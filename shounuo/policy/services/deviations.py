"""Exceptions 例外: where a customer was served sooner or better than a clause says. Nothing that he is entitled to shrinks."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events import subjects
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Span
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean
from shounuo.policy import events, permissions
from shounuo.policy.models import Clause, Deviation, PolicyVersion
from shounuo.policy.queries.versions import in_force
from shounuo.policy.reading import rule_of
from shounuo.policy.reading.rules import certainly_not_before
from shounuo.policy.schema import Commitment

Serves = Deviation.Serves


def deviation_record(
    *,
    clause: str,
    subject: tuple[str, int],
    serves: str,
    commitment: str = "",
    within: Span | None = None,
    what: str = "",
    reason: str,
    actor: Actor,
    at: datetime,
) -> Deviation:
    """Records that a subject was served otherwise than the clause in force says, with the reason.

    `serves` sooner: `within` instead of the limit of the commitment named, and certainly shorter than every limit that
    it has in the clause (in the same unit, so that it can be told without a calendar); better: `what` says how.
    Needs policy.edit or policy.approve, a person, and the right to see the subject. Raises Invalid with the field,
    NotFound; publishes policy.deviated.
    """
    if actor.person_id is None or not (actor.may(permissions.EDIT) or actor.may(permissions.APPROVE)):
        raise NotAllowed(_("您没有做这件事的权限"))
    what, reason = clean(what).strip(), clean(reason).strip()
    if not 1 <= len(reason) <= 500:
        raise Invalid(_("请写明理由，最多 %(max)s 字") % {"max": 500}, field="reason")
    kind, id = subject
    registered = subjects.get(kind)
    if registered is None or id not in registered.visible_ids(actor, [id]):
        raise NotFound(_("没有这个单据"), field="subject")
    row = (
        Clause.objects.filter(
            code=clause, version__in=PolicyVersion.objects.filter(in_force(at)).values("pk")
        )
        .select_related("version")
        .first()
    )
    if row is None:
        raise NotFound(_("施行中的制度里没有条款 %(code)s") % {"code": clause}, field="clause")
    if serves == Serves.SOONER:
        _sooner(row, commitment, within)
    elif serves == Serves.BETTER:
        commitment, within = "", None
        if not 1 <= len(what) <= 200:
            raise Invalid(_("请写明好在哪里，最多 %(max)s 字") % {"max": 200}, field="what")
    else:
        raise Invalid(_("例外只能比制度更快或更好"), field="serves")
    with transaction.atomic():
        found = Deviation.objects.create(
            policy_id=row.version.policy_id,
            clause=clause,
            subject_kind=kind,
            subject_id=id,
            serves=serves,
            commitment=commitment,
            within=str(within) if within is not None else "",
            what=what,
            reason=reason,
            at=at,
            by_id=actor.person_id,
        )
        payload = {"deviation": found.pk, "clause": clause, "serves": str(serves)}
        publish([NewEvent(events.DEVIATED, ("policy", row.version.policy_id), at, actor, payload)])
    return found


def _sooner(row: Clause, commitment: str, within: Span | None) -> None:
    """Raises Invalid unless the time is shorter than the commitment's in this clause."""
    if within is None or within.is_zero:
        raise Invalid(_("请写在多长时间内办到"), field="within")
    limits = [
        rule.within
        for r in row.rules.filter(kind="commitment", name=commitment)
        if isinstance(rule := rule_of(r.kind, r.name, r.body), Commitment) and isinstance(rule.within, Span)
    ]
    if not limits:
        raise Invalid(_("请选这一条的哪个时限"), field="commitment")
    for limit in limits:
        if within == limit or not certainly_not_before(limit, within):
            raise Invalid(
                _("例外只能更快：须短于 %(limit)s，用同一种单位") % {"limit": limit.words()}, field="within"
            )
