"""The states of a case and who may move it: data, and one function that decides. No database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from shounuo.cases import permissions
from shounuo.kernel.errors import Conflict, NotAllowed

NEW: Final = "new"
OPEN: Final = "open"
WAITING_CUSTOMER: Final = "waiting_customer"
WAITING_INTERNAL: Final = "waiting_internal"
RESOLVED: Final = "resolved"
CLOSED: Final = "closed"
STATUSES: Final = (NEW, OPEN, WAITING_CUSTOMER, WAITING_INTERNAL, RESOLVED, CLOSED)
WAITING: Final = (WAITING_CUSTOMER, WAITING_INTERNAL)
ACTIVE: Final = (NEW, OPEN, *WAITING)
DONE: Final = (RESOLVED, CLOSED)

# How the actor stands to the case. One may stand in several ways at once.
OWNER: Final = "owner"
HELPER: Final = "helper"
FINDER: Final = "finder"  # sees a case that nobody has taken: no owner yet, or handed to a team
WORKER: Final = "worker"  # sees the case and handles cases
LEAD: Final = "lead"  # may assign
CUSTOMER: Final = "customer"
SYSTEM: Final = "system"
_HANDS: Final = frozenset({OWNER, HELPER, FINDER, LEAD, SYSTEM})
_STAFF: Final = frozenset({OWNER, HELPER, FINDER, LEAD, WORKER, SYSTEM})
_ALL: Final = _STAFF | {CUSTOMER}


def _stay(*statuses: str) -> dict[str, str]:
    return {s: s for s in statuses}


@dataclass(frozen=True, slots=True)
class Transition:
    """From which status to which (`moves`), the permission that a person needs, and who he must be to the case."""

    moves: Mapping[str, str]
    permission: str
    who: frozenset[str]
    label: Any


_ANY: Final = _stay(*STATUSES)
_TAKEN: Final = {NEW: OPEN, **_stay(OPEN, *WAITING, RESOLVED)}
_W: Final = permissions.WORK

TRANSITIONS: Final[dict[str, Transition]] = {
    "take": Transition(_TAKEN, _W, frozenset({WORKER, FINDER, LEAD}), _("受理")),
    "accept": Transition(_TAKEN, _W, frozenset({OWNER, SYSTEM}), _("查收")),
    "assign": Transition(_stay(*ACTIVE, RESOLVED), permissions.ASSIGN, frozenset({LEAD, SYSTEM}), _("分派")),
    "transfer": Transition(_stay(*ACTIVE, RESOLVED), _W, frozenset({OWNER, FINDER, LEAD, SYSTEM}), _("转派")),
    "classify": Transition(_ANY, _W, _STAFF, _("归类")),
    "describe": Transition(_ANY, _W, _STAFF, _("修改标题或困难")),
    "collect": Transition(_stay(*ACTIVE), _W, _STAFF, _("信息收集完毕")),
    "plan_response": Transition(_stay(*ACTIVE), _W, _STAFF, _("排定响应")),
    "reply": Transition(_ANY, _W, _STAFF, _("回复")),
    "note": Transition(_ANY, _W, _STAFF, _("备注")),
    "receive": Transition(
        {
            NEW: NEW,
            OPEN: OPEN,
            WAITING_CUSTOMER: OPEN,
            WAITING_INTERNAL: WAITING_INTERNAL,
            RESOLVED: OPEN,
            CLOSED: OPEN,
        },
        _W,
        _ALL,
        _("登记来信"),
    ),
    "diagnose": Transition({NEW: OPEN, **_stay(OPEN, *WAITING)}, _W, _HANDS, _("初步诊断")),
    "tell_eta": Transition({NEW: OPEN, **_stay(OPEN, *WAITING)}, _W, _HANDS, _("告知预计时间")),
    "warn": Transition({NEW: OPEN, **_stay(OPEN, *WAITING)}, _W, _HANDS, _("超时前说明")),
    "propose": Transition({NEW: OPEN, **_stay(OPEN, *WAITING)}, _W, _HANDS, _("提方案")),
    "choose": Transition(
        {OPEN: OPEN, WAITING_CUSTOMER: OPEN, WAITING_INTERNAL: WAITING_INTERNAL},
        _W,
        _HANDS | {CUSTOMER},
        _("选方案"),
    ),
    "wait_customer": Transition(
        dict.fromkeys((NEW, OPEN, *WAITING), WAITING_CUSTOMER), _W, _HANDS, _("等待客户")
    ),
    "wait_internal": Transition(
        dict.fromkeys((NEW, OPEN, *WAITING), WAITING_INTERNAL), _W, _HANDS, _("等待协作")
    ),
    "resume": Transition(dict.fromkeys(WAITING, OPEN), _W, _HANDS, _("继续处理")),
    "resolve": Transition(dict.fromkeys(ACTIVE, RESOLVED), _W, _HANDS, _("解决")),
    "confirm": Transition({RESOLVED: CLOSED}, _W, _HANDS | {CUSTOMER}, _("确认解决")),
    "dispute": Transition({RESOLVED: OPEN, CLOSED: OPEN}, _W, _ALL, _("提出异议")),
    "reopen": Transition({RESOLVED: OPEN, CLOSED: OPEN}, _W, _ALL, _("重新打开")),
    "close": Transition({RESOLVED: CLOSED}, _W, _HANDS, _("关闭")),
    "feedback": Transition(_stay(*DONE), _W, _STAFF, _("登记客户反馈")),
    "verify": Transition(_stay(*DONE), _W, _HANDS, _("核对记录")),
    "help": Transition(_stay(*ACTIVE, RESOLVED), _W, _HANDS, _("协作人")),
    "merge": Transition(_ANY, permissions.MERGE, _STAFF, _("合并")),
    "split": Transition(_ANY, permissions.MERGE, _STAFF, _("拆分")),
    "link": Transition(_ANY, _W, _STAFF, _("关联")),
    "tag": Transition(_ANY, _W, _STAFF, _("标签")),
    "fill": Transition(_ANY, _W, _STAFF, _("字段")),
    "grant": Transition(_ANY, _W, _HANDS, _("补偿与特批")),
}


def decide(action: str, *, status: str, standing: frozenset[str], permissions: Iterable[str] | None) -> str:
    """The status after the action; NotAllowed when the actor may not, Conflict when the status does not let him.

    `permissions` None means all (the system, and a customer on his own case, who is held by `standing` alone).
    """
    rule = TRANSITIONS[action]
    if not (standing & rule.who) or (permissions is not None and rule.permission not in permissions):
        raise NotAllowed(_("您不能对这张工单做“%(act)s”") % {"act": rule.label}, action=action)
    if status not in rule.moves:
        raise Conflict(
            _("工单现在是“%(status)s”，不能“%(act)s”") % {"status": STATUS_LABELS[status], "act": rule.label},
            code="wrong_status",
            action=action,
            status=status,
        )
    return rule.moves[status]


def allowed(*, status: str, standing: frozenset[str], permissions: Iterable[str] | None) -> frozenset[str]:
    """The actions that `decide` would let through now: what a page offers."""
    held = None if permissions is None else frozenset(permissions)
    return frozenset(
        name
        for name, rule in TRANSITIONS.items()
        if status in rule.moves and standing & rule.who and (held is None or rule.permission in held)
    )


STATUS_LABELS: Final[dict[str, Any]] = {
    NEW: _("尚未受理"),
    OPEN: _("受理中"),
    WAITING_CUSTOMER: _("等待客户"),
    WAITING_INTERNAL: _("等待协作"),
    RESOLVED: _("已解决"),
    CLOSED: _("已关闭"),
}
