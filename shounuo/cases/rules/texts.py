"""Ready answers: known placeholders are replaced once, everything else stays as it is. No template language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

PLACEHOLDERS: Final[dict[str, Any]] = {
    "customer": _("客户姓名"),
    "company": _("客户单位"),
    "number": _("工单号"),
    "subject": _("标题"),
    "owner": _("负责人"),
    "team": _("小组"),
    "me": _("我的姓名"),
    "expected": _("预计完成时间"),
    "organisation": _("本组织名称"),
    "link": _("进度页链接"),
}
_PLACE: Final = re.compile(r"\{\{\s*([a-z_]{1,20})\s*\}\}")


def fill(body: str, values: Mapping[str, str]) -> str:
    """The text with its known placeholders replaced; a value that holds a placeholder is not looked at again.

    A known placeholder without a value becomes empty, an unknown one stays visible.
    """

    def replace(match: re.Match[str]) -> str:
        return values.get(match[1], "") if match[1] in PLACEHOLDERS else match[0]

    return _PLACE.sub(replace, body)


def unknown(body: str) -> list[str]:
    """Placeholders that nothing fills, for the page where the text is written."""
    return sorted({name for name in _PLACE.findall(body) if name not in PLACEHOLDERS})
