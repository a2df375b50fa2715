"""The duty in which a grant waits for a second person."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shounuo.duties.registry import declare

APPROVAL = declare(
    "approval",
    _("审批"),
    icon="circle-check",
    outcomes={"approved": pgettext_lazy("grant", "已批"), "refused": pgettext_lazy("grant", "未批")},
    by_hand=False,
    page=lambda duty: f"/approvals/{duty.origin_id}/",
    held=True,
    stood_in=True,
)
