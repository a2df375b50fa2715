"""What happens to a case. Every payload carries `version`, the case's version after the write it tells of,
so that one who wrote on an older version can be told what changed since, and `status`, in which clocks
stand still or not.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.events import registry

CASE = "case"


def _case(name: str, label: Any, /, **payload: type) -> str:
    return registry.declare(
        name, subject=CASE, payload={"version": int, "status": str, **payload}, label=label
    )


OPENED = _case(
    "case.opened",
    _("建立工单"),
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
    _("归类"),
    kind=str,
    level=str,
    severity=str,
    complexity=str,
    priority=str,
    topic=int,
    changed=list,
)
TRIAGED = _case("case.triaged", _("完成初步判断"), kind=str, level=str, complexity=str)
DESCRIBED = _case("case.described", _("修改标题或困难"), changed=list)
ASSIGNED = _case("case.assigned", _("分派"), owner=int, team=int, was=int, by_self=bool)
ACCEPTED = _case("case.accepted", _("受理"), owner=int)
TRANSFERRED = _case(
    "case.transferred", _("转派"), owner=int, team=int, was=int, was_team=int, count=int, interaction=int
)
HELPER_ADDED = _case("case.helper_added", _("加入协作"), person=int)
HELPER_REMOVED = _case("case.helper_removed", _("退出协作"), person=int)
DIAGNOSED = _case("case.diagnosed", _("给出初步诊断"), interaction=int)
ETA_TOLD = _case("case.eta_told", _("告知预计时间"), expected=str, was=str, interaction=int)
WARNED = _case("customer.warned", _("超时前向客户说明"), expected=str, interaction=int)
RESPONSE_PLANNED = _case("response.planned", _("排定响应"), planned=str)
INFO_COLLECTED = _case("info.collected", _("信息收集完毕"), channel=str)
PLAN_PROPOSED = _case("plan.proposed", _("提出方案"), plan=int, options=int, interaction=int, withdrew=int)
PLAN_CHOSEN = _case("plan.chosen", _("选定方案"), plan=int, option=int, position=int, by_kind=str)
PLAN_WITHDRAWN = _case("plan.withdrawn", _("撤回方案"), plan=int)
PROGRESS_NOTED = _case("progress.noted", _("记录进展"), interaction=int, public=bool, aspect=str)
WAITING = _case("case.waiting", _("等待"), on=str, until=str, was=str)
RESUMED = _case("case.resumed", _("继续处理"), was=str, why=str)
RESOLVED = _case("case.resolved", _("解决"), round=int, interaction=int, first_agent=bool)
CONFIRMED = _case("case.confirmed", _("确认解决"), by_kind=str, how=str)
DISPUTED = _case("case.disputed", _("提出异议"), by_kind=str, interaction=int)
REOPENED = _case("case.reopened", _("重新打开"), round=int, count=int, why=str, was=str, interaction=int)
CLOSED = _case("case.closed", _("关闭"), how=str)
FEEDBACK_NOTED = _case("feedback.noted", _("登记客户反馈"), interaction=int, how=str)
MERGED = _case("case.merged", _("并入其他工单"), into=int)
MERGE_RECEIVED = _case("case.merge_received", _("并进一张工单"), source=int, interactions=int)
MERGE_UNDONE = _case("case.merge_undone", _("撤销合并"), source=int)
MERGE_RETURNED = _case("case.merge_returned", _("退回并进的工单"), source=int, interactions=int)
SPLIT = _case("case.split", _("拆出工单"), into=int, interaction=int)
LINKED = _case("case.linked", _("关联工单"), other=int, link=str)
UNLINKED = _case("case.unlinked", _("取消关联"), other=int, link=str)
MENTIONED = _case("case.mentioned", _("提到同事"), persons=list, interaction=int)
TAGGED = _case("case.tagged", _("修改标签"), added=int, removed=int)
FIELDS_SET = _case("case.fields_set", _("填写字段"), fields=list)
CUSTOMER_CHANGED = _case("case.customer_changed", _("更换客户"), customer=int, was=int)
RECORD_COMPLETED = _case("record.completed", _("记录填齐"), round=int)
RECORD_VERIFIED = _case("record.verified", _("记录核对"), round=int)
RECEIVED = _case(
    "interaction.received",
    _("收到客户来信"),
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
    _("回复客户"),
    interaction=int,
    channel=str,
    first=bool,
    automatic=bool,
    purpose=str,
    again=bool,
)
NOTED = _case("interaction.noted", _("内部备注"), interaction=int, purpose=str)
DELIVERED = _case("interaction.delivered", _("送达"), interaction=int, channel=str)
FAILED = _case("interaction.failed", _("发送失败"), interaction=int, channel=str, first=bool)
ANSWERED = _case("call.answered", _("接听"), interaction=int, channel=str, first=bool)
IMPORTED = _case("case.imported", _("从旧系统导入"), channel=str, customer=int)
MESSAGE_IMPORTED = _case("interaction.imported", _("导入往来"), interaction=int, channel=str)
