"""Words for the codes that clocks carry."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

PAUSED: dict[str, Any] = {
    "waiting_customer": pgettext_lazy("paused", "等待客户"),
    "waiting_internal": pgettext_lazy("paused", "等待协作"),
    "merged": pgettext_lazy("paused", "已并入其他工单"),
    "target_paused": pgettext_lazy("paused", "随所依时限暂停"),
}
CANCELLED: dict[str, Any] = {
    "called_off": _("条款规定不再需要"),
    "no_longer_applies": _("条款不再适用"),
    "target_gone": _("所依时限已取消"),
    "merged": _("已并入其他工单"),
    "closed": _("工单已关闭"),
}


def pause_words(reason: str) -> str:
    """Why a clock stands still."""
    return str(PAUSED.get(reason, _("已暂停")))


def cancel_words(reason: str) -> str:
    """Why a clock was called off."""
    return str(CANCELLED.get(reason, _("已取消")))
