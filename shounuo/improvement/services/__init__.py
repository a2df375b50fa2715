"""All writes of improvement."""

from shounuo.improvement.services.findings import (
    finding_raise,
    finding_return,
    finding_verify,
    follow_up_done,
    may_verify,
)
from shounuo.improvement.services.inspections import (
    inspection_cancel,
    inspection_finish,
    inspection_plan,
    item_judge,
)
from shounuo.improvement.services.maturity import (
    assessment_finish,
    assessment_refresh,
    assessment_start,
    improvement_agree,
    process_rate,
)

__all__ = [
    "assessment_finish",
    "assessment_refresh",
    "assessment_start",
    "finding_raise",
    "finding_return",
    "finding_verify",
    "follow_up_done",
    "improvement_agree",
    "inspection_cancel",
    "inspection_finish",
    "inspection_plan",
    "item_judge",
    "may_verify",
    "process_rate",
]
