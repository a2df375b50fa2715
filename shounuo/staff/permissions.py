"""What one may do: codes that the parts declare and roles collect.

Each part names its codes in its own `permissions.py`; those modules are loaded when the apps are ready.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

_labels: dict[str, Any] = {}


def declare(code: str, label: Any) -> str:
    """Declares a permission and gives its code back; declaring it twice with another label is a fault."""
    if str(_labels.setdefault(code, label)) != str(label):
        raise RuntimeError(f"permission {code} is declared twice")
    return code


def all_permissions() -> dict[str, Any]:
    """Every declared code with its label, by code."""
    return dict(sorted(_labels.items()))


MANAGE = declare("staff.manage", _("管理人员、小组与角色"))
TOKENS = declare("tokens.manage", _("管理他人的接口令牌"))
OPERATIONS = declare("ops.view", _("查看运行状况"))
