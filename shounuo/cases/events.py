"""What happens to a case. Every payload carries `version`, the case's version after the write it tells of,
so that one who wrote on an older version can be told what changed since, and `status`, in which clocks
stand still or not.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import pgettext_lazy

from shounuo.events import registry

CASE = "case"
GRANT = "grant"


def _case(name: str, label: Any, /, **payload: type) -> str:
    return registry.declare(
        name, subject=CASE, payload={"version": int, "status": str, **payload}, label=label
    )


def _aside(name: str, label: Any, /, **payload: type) -> str:
    """As `_case`, for what changes neither the case's facts nor what is filled of it."""
    return registry.declare(
        name, subject=CASE, payload={"version": int, "status": str, **payload}, label=label, alters=False
    )


OPENED = _case(
    "case.opened",
    pgettext_lazy("happened", "建立工单"),
    channel=str,
    channel_class=str,
    kind=str,
    level=str,
    severity=str,
    priority=str,
    customer=int,
    topic=int,
    team=int,
    owner=int,
    mailbox=int,
    split_from=int,
)
CLASSIFIED = _case(
    "case.classified",
    pgettext_lazy("happened", "归类"),
    kind=str,
    level=str,
    severity=str,
    complexity=str,
    priority=str,
    topic=int,
    changed=list,
)
TRIAGED = _case(
    "case.triaged", pgettext_lazy("happened", "完成初步判断"), kind=str, level=str, complexity=str
)
DESCRIBED = _case("case.described", pgettext_lazy("happened", "修改标题或困难"), changed=list)
ASSIGNED = _case(
    "case.assigned", pgettext_lazy("happened", "分派"), owner=int, team=int, was=int, by_self=bool
)
ACCEPTED = _case("case.accepted", pgettext_lazy("happened", "受理"), owner=int)
TRANSFERRED = _case(
    "case.transferred",
    pgettext_lazy("happened", "转派"),
    owner=int,
    team=int,
    was=int,
    was_team=int,
    count=int,
    interaction=int,
)
HELPER_ADDED = _case("case.helper_added", pgettext_lazy("happened", "加入协作"), person=int)
HELPER_REMOVED = _case("case.helper_removed", pgettext_lazy("happened", "退出协作"), person=int)
DIAGNOSED = _case("case.diagnosed", pgettext_lazy("happened", "给出初步诊断"), interaction=int)
ETA_TOLD = _case(
    "case.eta_told", pgettext_lazy("happened", "告知预计时间"), expected=str, was=str, interaction=int
)
WARNED = _case(
    "customer.warned", pgettext_lazy("happened", "超时前向客户说明"), expected=str, interaction=int
)
RESPONSE_PLANNED = _case("response.planned", pgettext_lazy("happened", "排定响应"), planned=str)
INFO_COLLECTED = _case("info.collected", pgettext_lazy("happened", "信息收集完毕"), channel=str)
PLAN_PROPOSED = _case(
    "plan.proposed",
    pgettext_lazy("happened", "提出方案"),
    plan=int,
    options=int,
    interaction=int,
    withdrew=int,
)
PLAN_CHOSEN = _case(
    "plan.chosen", pgettext_lazy("happened", "选定方案"), plan=int, option=int, position=int, by_kind=str
)
PLAN_WITHDRAWN = _case("plan.withdrawn", pgettext_lazy("happened", "撤回方案"), plan=int)
PROGRESS_NOTED = _case(
    "progress.noted", pgettext_lazy("happened", "记录进展"), interaction=int, public=bool, aspect=str
)
WAITING = _case("case.waiting", pgettext_lazy("happened", "等待"), on=str, until=str, was=str)
RESUMED = _case("case.resumed", pgettext_lazy("happened", "继续处理"), was=str, why=str)
RESOLVED = _case(
    "case.resolved", pgettext_lazy("happened", "解决"), round=int, interaction=int, first_agent=bool
)
CONFIRMED = _case("case.confirmed", pgettext_lazy("happened", "确认解决"), by_kind=str, how=str)
DISPUTED = _case("case.disputed", pgettext_lazy("happened", "提出异议"), by_kind=str, interaction=int)
REOPENED = _case(
    "case.reopened",
    pgettext_lazy("happened", "重新打开"),
    round=int,
    count=int,
    why=str,
    was=str,
    interaction=int,
)
CLOSED = _case("case.closed", pgettext_lazy("happened", "关闭"), how=str)
FEEDBACK_NOTED = _case("feedback.noted", pgettext_lazy("happened", "登记客户反馈"), interaction=int, how=str)
MERGED = _case("case.merged", pgettext_lazy("happened", "并入其他工单"), into=int)
MERGE_RECEIVED = _case(
    "case.merge_received", pgettext_lazy("happened", "并进一张工单"), source=int, interactions=int
)
MERGE_UNDONE = _case("case.merge_undone", pgettext_lazy("happened", "撤销合并"), source=int)
MERGE_RETURNED = _case(
    "case.merge_returned", pgettext_lazy("happened", "退回并进的工单"), source=int, interactions=int
)
SPLIT = _case("case.split", pgettext_lazy("happened", "拆出工单"), into=int, interaction=int)
LINKED = _case("case.linked", pgettext_lazy("happened", "关联工单"), other=int, link=str)
UNLINKED = _case("case.unlinked", pgettext_lazy("happened", "取消关联"), other=int, link=str)
MENTIONED = _aside("case.mentioned", pgettext_lazy("happened", "提到同事"), persons=list, interaction=int)
TAGGED = _case("case.tagged", pgettext_lazy("happened", "修改标签"), added=int, removed=int)
FIELDS_SET = _case("case.fields_set", pgettext_lazy("happened", "填写字段"), fields=list)
CUSTOMER_CHANGED = _case(
    "case.customer_changed", pgettext_lazy("happened", "更换客户"), customer=int, was=int
)
RECORD_COMPLETED = _case("record.completed", pgettext_lazy("happened", "记录填齐"), round=int)
RECORD_VERIFIED = _case("record.verified", pgettext_lazy("happened", "记录核对"), round=int)
RECEIVED = _case(
    "interaction.received",
    pgettext_lazy("happened", "收到客户来信"),
    interaction=int,
    channel=str,
    first=bool,
    automatic=bool,
    by_kind=str,
    waiting=bool,
    purpose=str,
)
SENT = _case(
    "interaction.sent",
    pgettext_lazy("happened", "回复客户"),
    interaction=int,
    channel=str,
    first=bool,
    automatic=bool,
    purpose=str,
    again=bool,
)
NOTED = _case("interaction.noted", pgettext_lazy("happened", "内部备注"), interaction=int, purpose=str)
DELIVERED = _aside("interaction.delivered", pgettext_lazy("happened", "送达"), interaction=int, channel=str)
FAILED = _case(
    "interaction.failed", pgettext_lazy("happened", "发送失败"), interaction=int, channel=str, first=bool
)
ANSWERED = _case("call.answered", pgettext_lazy("happened", "接听"), interaction=int, channel=str, first=bool)
ERASED = _case("case.erased", pgettext_lazy("happened", "到期删除内容"))
IMPORTED = _case("case.imported", pgettext_lazy("happened", "从旧系统导入"), channel=str, customer=int)
MESSAGE_IMPORTED = _case(
    "interaction.imported", pgettext_lazy("happened", "导入往来"), interaction=int, channel=str
)


def _grant(name: str, label: Any, /, **payload: type) -> str:
    """What became of a grant: its kind, amounts in fen, who may decide it (`roles`), who asked (`person`), in whose place
    it was decided (`instead_of`). It happens to the case; where there is none, to the grant, without version and status."""
    fields: dict[str, type | tuple[type, ...]] = {
        "version": int,
        "status": str,
        "grant": int,
        "kind": str,
        "amount": int,
        "total": int,
        "roles": list,
        "rule": int,
        "clause": str,
        "via": str,
        "person": int,
        "instead_of": int,
    }
    return registry.declare(name, subject="*", payload={**fields, **payload}, label=label)


GRANT_ASKED = _grant("grant.asked", pgettext_lazy("happened", "申请补偿或特批"))
GRANT_PASSED_ON = _grant("grant.passed_on", pgettext_lazy("happened", "改由上一级审批"))
GRANT_APPROVED = _grant("grant.approved", pgettext_lazy("happened", "批准申请"))
GRANT_REFUSED = _grant("grant.refused", pgettext_lazy("happened", "不批申请"))
GRANTED = _grant("grant.granted", pgettext_lazy("happened", "给予补偿或特批"))
GRANT_WITHDRAWN = _grant("grant.withdrawn", pgettext_lazy("happened", "撤回补偿或特批"), was=str)
