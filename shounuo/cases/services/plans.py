"""One to three ways out, of which the customer chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from django.utils.translation import gettext_lazy

from shounuo.cases import events
from shounuo.cases.models import Option, Plan
from shounuo.cases.rules import states
from shounuo.cases.rules.plans import in_words
from shounuo.cases.services import concluding, writing
from shounuo.cases.services.changing import changing
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid
from shounuo.kernel.text import clean, clean_line

MAX_OPTIONS = 3
CHECKS = ("accuracy", "feasibility", "acceptability", "safety")
_LINES = {"title": 120, "time": 60, "cost": 60}
_TEXTS = ("pros", "cons", "steps")
_MAX_TEXT = 4000


def plan_propose(
    *,
    case_id: int,
    options: Sequence[Mapping[str, Any]],
    text: str = "",
    checks: Sequence[str] = (),
    then: Literal["", "wait"] = "",
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Plan:
    """Puts one to three options to the customer: title, pros, cons, steps, time, cost, at most one `recommended`.

    `checks` says what was looked at before (accuracy, feasibility, acceptability, safety). An earlier plan that was
    not chosen from is withdrawn. The message sent is `text` with the options in words below it. `then` wait: the case waits for the choice. Events: plan.withdrawn,
    interaction.sent, plan.proposed, case.waiting.
    """
    read = options_of(options)
    for check in checks:
        if check not in CHECKS:
            raise Invalid(
                gettext_lazy("“%(value)s”不在可选范围内") % {"value": str(check)[:40]},
                field="checks",
                code="bad_choice",
            )
    text = writing.text_of_staff(text, required=False)
    with changing(case_id, "propose", actor=actor, at=at, expected_version=expected_version) as change:
        withdrew = concluding.withdraw_plan(change)
        interaction = writing.write_out(
            change, "\n\n".join(filter(None, (text, in_words(read)))), purpose=writing.Purpose.PLAN
        )
        plan = Plan.objects.create(
            case_id=case_id,
            person_id=actor.person_id,
            interaction=interaction,
            checks=sorted(set(checks)),
            at=at,
        )
        Option.objects.bulk_create(
            [Option(plan=plan, position=i, **option) for i, option in enumerate(read, start=1)]
        )
        change.tell(
            events.PLAN_PROPOSED,
            plan=plan.pk,
            options=len(read),
            interaction=interaction.pk,
            withdrew=withdrew,
        )
        if then == "wait":
            concluding.wait(change, states.WAITING_CUSTOMER)
        writing.clear_draft(change, "propose")
    return plan


def plan_choose(
    *,
    case_id: int,
    option: int,
    plan_id: int | None = None,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Plan:
    """The customer chooses, or staff record that he did. `option` is 1 to 3 in the open plan.

    `plan_id` is the plan that was being looked at: when another has taken its place, the second option of the old is
    not the second of the new. A case that waited for the customer goes on. Conflict `no_plan` when nothing is open to
    choose from, `plan_changed` when it is not `plan_id`. Events: plan.chosen, case.resumed.
    """
    with changing(case_id, "choose", actor=actor, at=at, expected_version=expected_version) as change:
        plan = change.case.plans.filter(chosen_at=None, withdrawn_at=None).first()
        if plan is None:
            raise Conflict(gettext_lazy("没有等待选择的方案"), code="no_plan")
        if plan_id is not None and plan.pk != plan_id:
            raise Conflict(gettext_lazy("方案有了改动，请看过新的再选"), code="plan_changed")
        chosen = next((o for o in plan.options.all() if o.position == option), None)
        if chosen is None:
            raise Invalid(gettext_lazy("没有这个方案"), field="option", code="bad_option")
        plan.chosen, plan.chosen_at, plan.chosen_by_kind = chosen, at, actor.kind
        plan.save(update_fields=["chosen", "chosen_at", "chosen_by_kind"])
        change.tell(
            events.PLAN_CHOSEN, plan=plan.pk, option=chosen.pk, position=chosen.position, by_kind=actor.kind
        )
        if actor.kind == "customer":
            change.set(unanswered=True, last_in_at=at)
        if change.case.status == states.WAITING_CUSTOMER:
            writing.resume(change, why="choice")
    return plan


def options_of(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The options as kept; Invalid says which field of which option is wrong."""
    if not 1 <= len(given) <= MAX_OPTIONS:
        raise Invalid(gettext_lazy("请给出 1 到 3 个方案"), field="options", code="option_count")
    read = [_option(i, one) for i, one in enumerate(given)]
    if sum(bool(o["recommended"]) for o in read) > 1:
        raise Invalid(gettext_lazy("最多推荐一个方案"), field="options", code="many_recommended")
    return read


def _option(index: int, given: Mapping[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {"recommended": given.get("recommended") is True}
    for name in (*_LINES, *_TEXTS):
        value = given.get(name, "")
        if value is None:
            value = ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        limit = _LINES.get(name, _MAX_TEXT)
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            value = "\n".join(value)
        if not isinstance(value, str) or len(value) > limit:
            raise Invalid(
                gettext_lazy("方案 %(n)s 的这一项须是不超过 %(max)s 字的文字")
                % {"n": index + 1, "max": limit},
                field=f"options.{index}.{name}",
                code="bad_option",
            )
        read[name] = clean_line(value) if name in _LINES else clean(value).strip()
    if not read["title"]:
        raise Invalid(
            gettext_lazy("方案 %(n)s 缺少名称") % {"n": index + 1},
            field=f"options.{index}.title",
            code="no_title",
        )
    return read
