"""The duty in which a version under review waits for those who may approve it."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from shounuo.duties.registry import declare

ORIGIN = "policy.version"
"""What the duty names as its origin, with the version's id."""

APPROVAL = declare(
    "policy_approval",
    pgettext_lazy("duty", "批准制度"),
    icon="certificate",
    outcomes={"approved": pgettext_lazy("grant", "已批")},
    by_hand=False,
    page=lambda duty: f"/policy/reviews/{duty.origin_id}/",
    held=True,
    stood_in=True,
)
