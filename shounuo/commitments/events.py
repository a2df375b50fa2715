"""What happens to clocks. The events stand on the clock's subject, so its history tells them in place."""

from django.utils.translation import pgettext_lazy

from shounuo.events.registry import declare

_BASE: dict[str, type | tuple[type, ...]] = {
    "clock": int,
    "rule": int,
    "clause": str,
    "commitment": str,
    "round": int,
    "due": str,
}

STARTED = declare(
    "clock.started", subject="*", payload=_BASE, label=pgettext_lazy("happened", "时限开始计时")
)
PAUSED = declare(
    "clock.paused", subject="*", payload=_BASE | {"reason": str}, label=pgettext_lazy("happened", "时限暂停")
)
RESUMED = declare(
    "clock.resumed", subject="*", payload=_BASE | {"reason": str}, label=pgettext_lazy("happened", "时限继续")
)
WARNED = declare("clock.warned", subject="*", payload=_BASE, label=pgettext_lazy("happened", "时限将到"))
BREACHED = declare("clock.breached", subject="*", payload=_BASE, label=pgettext_lazy("happened", "违诺"))
MET = declare(
    "clock.met",
    subject="*",
    payload=_BASE | {"late": bool, "automatic": bool},
    label=pgettext_lazy("happened", "守诺"),
)
PERSON_MET = declare(
    "clock.person_met", subject="*", payload=_BASE, label=pgettext_lazy("happened", "人工守诺")
)
CANCELLED = declare(
    "clock.cancelled",
    subject="*",
    payload=_BASE | {"reason": str},
    label=pgettext_lazy("happened", "时限取消"),
)
REBASED = declare(
    "clock.rebased",
    subject="*",
    payload=_BASE | {"was": str, "rebase": int, "reason": str},
    label=pgettext_lazy("happened", "时限重排"),
)
ESCALATED = declare(
    "clock.escalated",
    subject="*",
    payload=_BASE | {"to": str, "step": str},
    label=pgettext_lazy("happened", "时限升级"),
)
CAUSE_NOTED = declare(
    "clock.cause_noted",
    subject="*",
    payload=_BASE | {"cause": str},
    label=pgettext_lazy("happened", "违诺归因"),
)

# `rules` and `clauses` of the records that were demanded, `missing` what they lacked, as rule:field
FILLED = declare(
    "record.filled",
    subject="*",
    payload={"rule": int, "clause": str, "record": str},
    label=pgettext_lazy("happened", "填齐一项记录"),
)
CHECKED = declare(
    "record.checked",
    subject="*",
    payload={"on": str, "rules": list, "clauses": list, "missing": list},
    label=pgettext_lazy("happened", "核查须填记录"),
)

KINDS = frozenset(
    {STARTED, PAUSED, RESUMED, WARNED, BREACHED, MET, PERSON_MET, CANCELLED, REBASED, ESCALATED, CAUSE_NOTED}
)
