"""What stands beside one another under 制度: the documents, how they are kept, supervision, self-assessment."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shounuo.improvement import permissions as supervision
from shounuo.kernel.actors import Actor
from shounuo.policy import permissions as policy


def places(actor: Actor, active: str) -> list[dict[str, Any]]:
    """The tabs of the head, those that the reader may open; none where there is but one."""
    found = [{"label": pgettext("place", "文件"), "url": "/policy/", "active": active == "documents"}]
    if actor.may(policy.VIEW):
        found.append({"label": _("合规"), "url": "/compliance/", "active": active == "compliance"})
    if actor.may(supervision.VIEW) or actor.may(supervision.PLAN) or active == "inspections":
        label = pgettext("several", "监督检查")
        found.append({"label": label, "url": "/policy/inspections/", "active": active == "inspections"})
    if actor.may(supervision.MATURITY_VIEW) or actor.may(supervision.MATURITY_ASSESS):
        found.append({"label": _("成熟度自评"), "url": "/policy/maturity/", "active": active == "maturity"})
    return found if len(found) > 1 else []
