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

__all__ = [
    "finding_raise",
    "finding_return",
    "finding_verify",
    "follow_up_done",
    "inspection_cancel",
    "inspection_finish",
    "inspection_plan",
    "item_judge",
    "may_verify",
]
