"""What happens to a run of a playbook. `playbook` is the rule's name, `about` what it is about (`case:12`), `step` the step's
name, `proof` the event that closed it."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from shounuo.events.registry import declare

_BASE: dict[str, type | tuple[type, ...]] = {"rule": int, "clause": str, "playbook": str, "about": str}
_STEP = _BASE | {"step": str, "duty": int}

STARTED = declare(
    "run.started",
    subject="run",
    payload=_BASE | {"by_event": int},
    label=pgettext_lazy("happened", "发起流程"),
)
STEP_BEGUN = declare(
    "run.step_begun", subject="run", payload=_STEP, label=pgettext_lazy("happened", "流程步骤开始")
)
STEP_DONE = declare(
    "run.step_done",
    subject="run",
    payload=_STEP | {"outcome": str, "proof": int},
    label=pgettext_lazy("happened", "流程步骤完成"),
)
STEP_PASSED = declare(
    "run.step_passed", subject="run", payload=_STEP, label=pgettext_lazy("happened", "流程步骤略过")
)
FINISHED = declare("run.finished", subject="run", payload=_BASE, label=pgettext_lazy("happened", "流程走完"))
CANCELLED = declare(
    "run.cancelled", subject="run", payload=_BASE, label=pgettext_lazy("happened", "取消流程")
)
