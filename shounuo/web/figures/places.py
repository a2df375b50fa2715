"""The pages of figures beside one another."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from shounuo.analytics.permissions import VIEW
from shounuo.kernel.actors import Actor
from shounuo.metrics.permissions import READ


def places(actor: Actor, here: str) -> list[dict[str, Any]]:
    """Those that the reader may open, for the tabs of their heads; `here` is the name of one's own address."""
    known = (("dashboards", _("看板"), VIEW), ("reports", _("报告"), VIEW), ("metrics", _("指标库"), READ))
    return [
        {"label": label, "url": reverse(name), "active": name == here}
        for name, label, permission in known
        if actor.may(permission)
    ]
