"""The roles that every installation starts with. An organisation may edit them; an edited one is left
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.staff import permissions

_READ = ("customers.view", "duties.work", "policy.view", "process.view")
_AGENT = (*_READ, "cases.view_team", "cases.work", "customers.edit", "customers.reveal")
_SENIOR = (*_AGENT, "cases.merge", "customers.merge")
_SUPERVISOR = (
    *_SENIOR,
    "alarms.handle",
    "alarms.view",
    "analytics.people",
    "analytics.view",
    "board.view",
    "cases.assign",
    "commitments.rebase",
    "duties.manage",
    "metrics.people",
    "metrics.read",
    "maturity.view",
    "process.run",
    "supervision.view",
)
_MANAGER = (
    *_SUPERVISOR,
    "analytics.reports",
    "audit.view",
    "calendars.manage",
    "cases.configure",
    "cases.view_all",
    "customers.erase",
    "duties.view_all",
    "policy.edit",
    "maturity.assess",
    "supervision.plan",
)


@dataclass(frozen=True, slots=True)
class DefaultRole:
    code: str
    name: Any
    permissions: tuple[str, ...]


ADMIN = "admin"
_ROLES = (
    DefaultRole("agent", _("客服专员"), _AGENT),
    DefaultRole("senior_agent", _("资深客服"), _SENIOR),
    DefaultRole("tech_support", _("技术支持"), (*_READ, "cases.view_team", "cases.work")),
    # of other departments: what they are asked, the regulation that binds them, and no more of the cases
    DefaultRole("dept_member", _("部门同事"), ("duties.work", "policy.view")),
    DefaultRole("dept_head", _("部门负责人"), ("duties.manage", "duties.work", "policy.view")),
    DefaultRole("supervisor", _("客服主管"), _SUPERVISOR),
    DefaultRole("manager", _("客服经理"), _MANAGER),
    DefaultRole("director", _("服务总监"), (*_MANAGER, "policy.approve", "policy.publish")),
    DefaultRole(
        "viewer",
        _("只读"),
        (
            *_READ,
            "alarms.view",
            "analytics.view",
            "board.view",
            "cases.view_all",
            "metrics.read",
            "maturity.view",
            "supervision.view",
        ),
    ),
)


def roles() -> tuple[DefaultRole, ...]:
    """The default roles with their permissions in order of code; the administrator holds every declared
    one.
    """
    everything = set(permissions.all_permissions()).union(*(role.permissions for role in _ROLES))
    admin = DefaultRole(ADMIN, _("管理员"), tuple(everything))
    return tuple(
        DefaultRole(role.code, role.name, tuple(sorted(set(role.permissions)))) for role in (*_ROLES, admin)
    )
