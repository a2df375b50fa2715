"""The service record of a case: seven things that it must hold (REG 2.2.3). Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

LABELS: Final[dict[str, Any]] = {
    "customer": _("客户信息"),
    "time": _("时间"),
    "problem": _("问题"),
    "course": _("处理经过"),
    "solution": _("方案"),
    "feedback": _("客户反馈"),
    "handler": _("处理人"),
}


@dataclass(frozen=True, slots=True)
class Record:
    """Which of the seven are filled. `course` = a reply, note, progress or diagnosis; `feedback` = the customer's
    confirmation, what he said of the result, or his recorded silence."""

    customer: bool
    time: bool
    problem: bool
    course: bool
    solution: bool
    feedback: bool
    handler: bool

    @property
    def filled(self) -> list[str]:
        return [f.name for f in fields(self) if getattr(self, f.name)]

    @property
    def missing(self) -> list[str]:
        return [f.name for f in fields(self) if not getattr(self, f.name)]

    @property
    def complete(self) -> bool:
        return not self.missing
