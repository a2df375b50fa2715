"""What happens to reports. `report` is one's kind; numbers stand in the report."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from shounuo.events.registry import declare

MADE = declare(
    "report.made", subject="report", payload={"report": str}, label=pgettext_lazy("happened", "生成报告")
)
COMMENTED = declare(
    "report.commented", subject="report", payload={"comment": int}, label=pgettext_lazy("happened", "写评语")
)
PLANNED = declare(
    "report_plan.changed",
    subject="report_plan",
    payload={"report": str, "active": bool, "roles": list},
    label=pgettext_lazy("happened", "改报告安排"),
)

_BOARD: dict[str, type | tuple[type, ...]] = {"tiles": int, "team": int}
BOARD_MADE = declare(
    "dashboard.made", subject="dashboard", payload=_BOARD, label=pgettext_lazy("happened", "新建看板")
)
BOARD_CHANGED = declare(
    "dashboard.changed", subject="dashboard", payload=_BOARD, label=pgettext_lazy("happened", "改看板")
)
BOARD_DELETED = declare(
    "dashboard.deleted", subject="dashboard", payload=_BOARD, label=pgettext_lazy("happened", "删看板")
)
BOARD_RESTORED = declare(
    "dashboard.restored", subject="dashboard", payload=_BOARD, label=pgettext_lazy("happened", "找回看板")
)
