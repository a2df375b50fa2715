"""The verbs of waiting and resolving on a locked case, for every service that ends in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.models import Case, Interaction
from shounuo.cases.queries.facts import first_agent
from shounuo.cases.queries.settings import fields_of
from shounuo.cases.rules import fields as field_rules
from shounuo.cases.rules import states
from shounuo.cases.services import writing
from shounuo.cases.services.changing import Change
from shounuo.cases.services.holding import engage
from shounuo.kernel import prepared
from shounuo.kernel.errors import Invalid
from shounuo.staff.queries import organisation

SILENCE_HOURS = 72
MAX_SILENCE_HOURS = 24 * 90


def silence() -> timedelta:
    """How long a resolved case waits for the customer before it closes by itself; the organisation's, else 72 h."""
    hours = organisation().settings.get("close_after_hours", SILENCE_HOURS)
    usable = isinstance(hours, int | float) and not isinstance(hours, bool) and 0 < hours <= MAX_SILENCE_HOURS
    return timedelta(hours=hours if usable else SILENCE_HOURS)


def wait(change: Change, status: str, *, reason: str = "", until: datetime | None = None) -> None:
    """The case waits, for the customer or for colleagues; `until` brings it back by itself."""
    change.decide("wait_customer" if status == states.WAITING_CUSTOMER else "wait_internal")
    if until is not None and until <= change.at:
        raise Invalid(_("等待的期限须在将来"), field="until", code="not_future")
    engage(change)
    was = change.case.status
    change.set(status=status, wait_reason=reason, wait_until=until)
    change.tell(
        events.WAITING,
        on="customer" if status == states.WAITING_CUSTOMER else "internal",
        until=until.isoformat() if until is not None else None,
        was=was,
    )


def resolve(
    change: Change,
    text: str,
    *,
    html: str = "",
    channel: str | None = None,
    recipients: Iterable[str] | None = None,
    copies: Iterable[str] = (),
) -> Interaction:
    """The case is solved with this text, which the customer is told; silence begins to count.

    Invalid `missing_fields` names the own fields that must be filled before. An open plan is withdrawn.
    """
    case = change.case
    change.decide("resolve")
    lacking = field_rules.missing(fields_of(case.kind), case.kind, case.custom)
    if lacking:
        raise Invalid(
            _("解决之前须填写：%(fields)s") % {"fields": _("、").join(f.label for f in lacking)},
            field=f"custom.{lacking[0].code}",
            code="missing_fields",
            fields=[f.code for f in lacking],
        )
    interaction = writing.write_out(
        change,
        text,
        purpose=writing.Purpose.SOLUTION,
        html=html,
        channel=channel,
        recipients=recipients,
        copies=copies,
    )
    withdraw_plan(change)
    change.set(
        status=states.RESOLVED,
        resolution=text,
        resolved_at=change.at,
        close_at=change.at + silence(),
        wait_reason="",
        wait_until=None,
    )
    change.tell(events.RESOLVED, round=case.round, interaction=interaction.pk, first_agent=first_agent(case))
    return interaction


def close(change: Change, how: str) -> None:
    """The case is closed. `how`: confirmed, silence or staff."""
    change.set(status=states.CLOSED, closed_at=change.at, close_at=None, closed_how=Case.Closing(how).value)
    change.tell(events.CLOSED, how=how)


def withdraw_plan(change: Change) -> int | None:
    """Takes back the plan that the customer has not chosen from; gives its id. Event: plan.withdrawn."""
    taken = prepared.execute(_WITHDRAWN, [change.at, change.case.pk])
    if not taken:
        return None
    [(plan,)] = taken
    change.tell(events.PLAN_WITHDRAWN, plan=plan)
    return int(plan)


# At most one plan is open (`cases_plan_open`).
_WITHDRAWN = """UPDATE cases_plan SET withdrawn_at = %s
WHERE case_id = %s AND chosen_at IS NULL AND withdrawn_at IS NULL RETURNING id"""
