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
