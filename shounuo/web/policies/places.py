"""What stands beside one another under 制度: the documents, supervision, self-assessment."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shounuo.improvement import permissions as supervision
from shounuo.kernel.actors import Actor


def places(actor: Actor, active: str) -> list[dict[str, Any]]:
    """The tabs of the head, those that the reader may open; none where there is but one."""
    found = [{"label": pgettext("place", "文件"), "url": "/policy/", "active": active == "documents"}]
    if actor.may(supervision.VIEW) or actor.may(supervision.PLAN) or active == "inspections":
        found.append(
            {"label": _("监督检查"), "url": "/policy/inspections/", "active": active == "inspections"}
        )
    if actor.may(supervision.MATURITY_VIEW) or actor.may(supervision.MATURITY_ASSESS):
        found.append({"label": _("成熟度自评"), "url": "/policy/maturity/", "active": active == "maturity"})
    return found if len(found) > 1 else []
