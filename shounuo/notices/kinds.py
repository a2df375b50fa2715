"""What notices there are and what they say. The text is made when shown, in the reader's language, from codes
and the subject's label: no customer's name or words are kept in a notice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Words = Callable[[str, dict[str, Any]], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """`words(label, params)` is the line shown; `icon` the sprite's name."""

    name: str
    icon: str
    words: Words


_kinds: dict[str, Kind] = {}


def declare(name: str, icon: str, words: Words) -> str:
    """Adds a kind of notice; a second declaration is a fault."""
    if name in _kinds:
        raise RuntimeError(f"notice kind {name} is declared twice")
    _kinds[name] = Kind(name, icon, words)
    return name


def get(name: str) -> Kind:
    """The kind; one that this version no longer knows is shown as its subject's label."""
    return _kinds.get(name) or Kind(name, "bell", lambda label, params: label)


ASSIGNED = declare("case.assigned", "user-check", lambda s, p: _("分派给您：%(subject)s") % {"subject": s})
TRANSFERRED = declare(
    "case.transferred", "user-share", lambda s, p: _("转派给您：%(subject)s") % {"subject": s}
)
TEAM_GOT = declare("case.team_got", "inbox", lambda s, p: _("转到您的小组：%(subject)s") % {"subject": s})
MENTIONED = declare("case.mentioned", "at", lambda s, p: _("有人提到您：%(subject)s") % {"subject": s})
HELP_ASKED = declare("case.helper_added", "users", lambda s, p: _("请您协作：%(subject)s") % {"subject": s})
HELP_ANSWERED = declare(
    "collaboration.answered", "users", lambda s, p: _("部门已答复：%(subject)s") % {"subject": s}
)
RECEIVED = declare(
    "interaction.received", "message-circle", lambda s, p: _("客户来信：%(subject)s") % {"subject": s}
)
FAILED = declare(
    "interaction.failed", "alert-triangle", lambda s, p: _("回复没有送达：%(subject)s") % {"subject": s}
)
DISPUTED = declare(
    "case.disputed", "alert-triangle", lambda s, p: _("客户有异议：%(subject)s") % {"subject": s}
)
REOPENED = declare("case.reopened", "arrow-back-up", lambda s, p: _("重新打开：%(subject)s") % {"subject": s})
REOPENED_AGAIN = declare(
    "case.reopened_again",
    "alert-triangle",
    lambda s, p: _("第 %(count)s 次重新打开：%(subject)s") % {"subject": s, "count": p.get("count", "")},
)
CHOSEN = declare("plan.chosen", "check", lambda s, p: _("客户选定了方案：%(subject)s") % {"subject": s})
WARNED = declare(
    "clock.warned",
    "clock-hour-4",
    lambda s, p: _("快到期：%(subject)s（条 %(clause)s）") % {"subject": s, "clause": p.get("clause", "")},
)
BREACHED = declare(
    "clock.breached",
    "alert-circle",
    lambda s, p: _("已违诺：%(subject)s（条 %(clause)s）") % {"subject": s, "clause": p.get("clause", "")},
)
ESCALATED = declare(
    "clock.escalated",
    "alert-octagon",
    lambda s, p: (
        _("升级：%(subject)s（条 %(clause)s，%(step)s）")
        % {"subject": s, "clause": p.get("clause", ""), "step": p.get("step", "")}
    ),
)
DUTY_GIVEN = declare("duty.given", "checklist", lambda s, p: _("交给您的待办：%(subject)s") % {"subject": s})
DUTY_OPEN = declare("duty.open", "inbox", lambda s, p: _("待领取的待办：%(subject)s") % {"subject": s})
DUTIES_LEFT = declare(
    "duty.left",
    "user-share",
    lambda s, p: (
        ngettext(
            "停用的同事还有 %(count)s 项待办等您改派：%(subject)s",
            "停用的同事还有 %(count)s 项待办等您改派，最先到期的是：%(subject)s",
            p["count"],
        )
        % {"count": p["count"], "subject": s}
    ),
)
