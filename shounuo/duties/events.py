"""What happens to duties. `kind` is the duty's kind, `rule` and `clause` the rule that made it, `due` its due moment,
`about` what it is about (`case:12`, empty for the organisation). Of a department's help `dept` is the department of the team
that is asked, `asker` who asked."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from shounuo.events.registry import declare

_BASE: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "about": str,
    "owner": int,
    "team": int,
    "roles": list,
    "rule": int,
    "clause": str,
    "item": str,
    "due": str,
    "status": str,
}

CREATED = declare(
    "duty.created",
    subject="duty",
    payload=_BASE | {"origin": str},
    label=pgettext_lazy("happened", "产生待办"),
)
TAKEN = declare("duty.taken", subject="duty", payload=_BASE, label=pgettext_lazy("happened", "领取待办"))
RELEASED = declare(
    "duty.released", subject="duty", payload=_BASE | {"was": int}, label=pgettext_lazy("happened", "放回待办")
)
ASSIGNED = declare(
    "duty.assigned", subject="duty", payload=_BASE | {"was": int}, label=pgettext_lazy("happened", "分派待办")
)
SNOOZED = declare(
    "duty.snoozed",
    subject="duty",
    payload=_BASE | {"until": str},
    label=pgettext_lazy("happened", "稍后提醒待办"),
)
DONE = declare(
    "duty.done",
    subject="duty",
    payload=_BASE | {"late": bool, "outcome": str, "evidence": int, "proof": int},
    label=pgettext_lazy("happened", "完成待办"),
)
REQUESTED = declare(
    "collaboration.requested",
    subject="duty",
    payload=_BASE | {"dept": str, "asker": int},
    label=pgettext_lazy("happened", "请部门协作"),
)
ANSWERED = declare(
    "collaboration.answered",
    subject="duty",
    payload=_BASE | {"dept": str, "asker": int},
    label=pgettext_lazy("happened", "部门答复协作"),
)
CANCELLED = declare(
    "duty.cancelled", subject="duty", payload=_BASE, label=pgettext_lazy("happened", "取消待办")
)
MISSED = declare(
    "duty.missed", subject="duty", payload=_BASE, label=pgettext_lazy("happened", "待办到期未完成")
)
REOPENED = declare(
    "duty.reopened",
    subject="duty",
    payload=_BASE | {"was": str, "outcome": str},
    label=pgettext_lazy("happened", "重新打开待办"),
)

_DELEGATED: dict[str, type | tuple[type, ...]] = {
    "delegation": int,
    "delegate": int,
    "starts": str,
    "ends": str,
}
DELEGATION_MADE = declare(
    "delegation.made", subject="person", payload=_DELEGATED, label=pgettext_lazy("happened", "委托他人代办")
)
DELEGATION_ENDED = declare(
    "delegation.ended", subject="person", payload=_DELEGATED, label=pgettext_lazy("happened", "结束委托")
)
