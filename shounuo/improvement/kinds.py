"""The kinds of duty that this part brings: to inspect, to correct what was found, to verify that it was corrected, to improve."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from shounuo.duties.models import Duty
from shounuo.duties.registry import declare

INSPECT = declare(
    "supervision",
    pgettext_lazy("duty", "监督检查"),
    icon="clipboard-check",
    by_hand=False,
    page=lambda duty: _judging(duty),
)
CORRECTIVE = declare(
    "corrective_action", pgettext_lazy("duty", "整改"), icon="adjustments", needs_evidence=True
)
IMPROVE = declare(
    "improvement_item", pgettext_lazy("duty", "改进项"), icon="trending-up", needs_evidence=True
)
VERIFY = declare(
    "corrective_check",
    pgettext_lazy("duty", "核实整改"),
    icon="shield-check",
    by_hand=False,
    page=lambda duty: f"/policy/findings/{duty.subject_id}/",
)


def _judging(duty: Duty) -> str:
    return f"/policy/inspections/{duty.subject_id}/judge/"
