"""How much there is to do: cases, messages, what is waiting."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from shounuo.metrics import registry
from shounuo.metrics.ground import CASES, CUSTOMERS, PEOPLE, TIMES
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Aggregate, Direction, Unit

MESSAGES = npgettext_lazy("messages", "条", "条")
UP, DOWN = Direction.UP, Direction.DOWN
OPENED = _("新建的工单")
RESOLVED = _("解决的工单")
BACKLOG = _("尚未解决的工单")
DAY = 86_400
_PORTION: dict[str, Any] = {"aggregate": Aggregate.PORTION, "unit": Unit.SHARE}


def _standing(code: str, name: Any, definition: Any, population: Any, **more: Any) -> Metric:
    """A stock of cases at a moment."""
    given: dict[str, Any] = {
        "series": "case.state",
        "aggregate": Aggregate.STANDING,
        "noun": CASES,
        "direction": DOWN,
        "cut": ("team",),
    }
    return Metric(code, name, "volume", definition, population, **(given | more))


registry.metrics(
    Metric("cases_opened", _("工单量"), "volume", _("新建的工单数，任何渠道。从旧系统导入的历史工单不计。"), OPENED, "case.opened", noun=CASES, cut=("channel", "topic_top")),
    Metric("cases_resolved", _("解决量"), "volume", _("解决的次数；重新打开后再解决的再计一次。"), _("期内的解决"), "case.resolved", noun=CASES, direction=UP, cut=("team", "person")),
    Metric("cases_closed", _("关闭量"), "volume", _("关闭的工单数。并入其他工单的不计。"), _("关闭的工单"), "case.closed", noun=CASES, cut=("team",)),
    Metric("net_inflow", _("净流入量"), "volume", _("新建的比解决的多多少件。长期为正，积压就在增加。"), _("新建与解决"), "case.opened", Aggregate.DIFFERENCE, noun=CASES, direction=DOWN, hits=_("新建的工单数 − 解决数"), against=("case.resolved", {}), cut=("team",)),
    Metric("resolution_ratio", _("结案率"), "volume", _("同一时期内，解决的件数与新建的件数之比。可以超过 100%。"), OPENED, "case.resolved", Aggregate.RATIO, Unit.SHARE, direction=UP, hits=_("解决的次数"), against=("case.opened", {}), least=10, cut=("team", "topic_top")),
    Metric("inquiry_count", _("咨询量"), "volume", _("新建的咨询类工单数。"), _("新建的咨询"), "case.opened", noun=CASES, only={"kind": "inquiry"}, cut=("topic_top",)),
    Metric("complaint_count", _("投诉量"), "volume", _("新建的投诉类工单数，按现在的归类。"), _("新建的投诉"), "case.opened", noun=CASES, direction=DOWN, only={"kind": "complaint"}, cut=("topic_top", "severity")),
    Metric("major_complaint_count", _("重大投诉量"), "volume", _("新建的投诉里，严重程度为“重大”的件数。"), _("重大的投诉"), "case.opened", noun=CASES, direction=DOWN, only={"kind": "complaint", "severity": "major"}, cut=("topic_top",)),
    Metric("complaint_rate", _("投诉率"), "quality", _("新建的工单里，投诉的比例。"), OPENED, "case.opened", Aggregate.SHARE, Unit.SHARE, direction=DOWN, hits=_("投诉"), hit={"kind": "complaint"}, least=10, cut=("topic_top", "channel")),
    Metric("praise_count", _("表扬量"), "volume", _("新建的表扬类工单数。"), _("收到的表扬"), "case.opened", noun=CASES, direction=UP, only={"kind": "praise"}, cut=("person", "team")),
    Metric("suggestion_count", _("建议量"), "volume", _("新建的建议类工单数。"), _("收到的建议"), "case.opened", noun=CASES, only={"kind": "suggestion"}, cut=("topic_top",)),
    Metric("aftersales_count", _("售后量"), "volume", _("新建的售后类工单数。"), _("新建的售后工单"), "case.opened", noun=CASES, only={"kind": "aftersales"}, cut=("topic_top",)),
    Metric("channel_share", _("渠道占比"), "channel", _("各渠道的工单占全部新建工单的比例。"), OPENED, "case.opened", cut=("channel",), **_PORTION),
    Metric("kind_share", _("工单类型占比"), "volume", _("各类型的工单占全部新建工单的比例。"), OPENED, "case.opened", cut=("kind",), **_PORTION),
    Metric("topic_share", _("主题占比"), "volume", _("各主题的工单占全部新建工单的比例。"), OPENED, "case.opened", cut=("topic_top",), **_PORTION),
    Metric("segment_share", _("客户分群占比"), "customer", _("各分群客户的工单占全部新建工单的比例。"), OPENED, "case.opened", cut=("segment",), **_PORTION),
    Metric("complaint_structure", _("投诉构成"), "quality", _("各主题的投诉占全部投诉的比例。"), _("新建的投诉"), "case.opened", only={"kind": "complaint"}, cut=("topic_top",), **_PORTION),
    Metric("hour_share", _("来单时段占比"), "volume", _("一天里各时段的工单占全部新建工单的比例。"), OPENED, "case.opened", cut=("hour",), **_PORTION),
    Metric("case_volume_growth", _("工单量环比"), "volume", _("新建的工单数与上一个等长时期相比的增减。"), OPENED, "case.opened", Aggregate.GROWTH, Unit.SHARE, least=20, cut=("topic_top", "channel")),
    Metric("enquiry_volume_growth", _("咨询量环比"), "volume", _("新建的咨询数与上一个等长时期相比的增减；按主题看，能发现突增的一类。"), _("新建的咨询"), "case.opened", Aggregate.GROWTH, Unit.SHARE, only={"kind": "inquiry"}, least=20, cut=("topic_top",)),
    Metric("complaint_growth", _("投诉量环比"), "volume", _("新建的投诉数与上一个等长时期相比的增减。"), _("新建的投诉"), "case.opened", Aggregate.GROWTH, Unit.SHARE, direction=DOWN, only={"kind": "complaint"}, least=10, cut=("topic_top",)),
    _standing("backlog", _("积压量"), _("时间范围结束时（或此刻）尚未解决的工单数。"), BACKLOG),
    Metric("backlog_age", _("平均积压账龄"), "volume", _("尚未解决的工单，从本轮打开到时间范围结束时（或此刻）已有多久，取平均。"), BACKLOG, "case.state", Aggregate.AGE, Unit.SECONDS, direction=DOWN, cut=("team",)),
    _standing("backlog_over_day", _("积压超 1 天量"), _("打开已超过 1 天仍未解决的工单数。"), BACKLOG, within=DAY),
    _standing("backlog_over_week", _("积压超 7 天量"), _("打开已超过 7 天仍未解决的工单数。"), BACKLOG, within=7 * DAY),
    _standing("queue_size", _("排队量"), _("还没有人负责的工单数。"), _("没有负责人的未解决工单"), only={"flag": "unowned"}, cut=("team", "channel")),
    _standing("unaccepted", _("未受理量"), _("尚未受理的工单数，包括已分派、还没有查收的。"), _("尚未受理的工单"), only={"outcome": "new"}),
    _standing("unaccepted_overdue", _("超时未受理量"), _("尚未受理、而已有时限违诺的工单数。"), _("已超时的未受理工单"), series="case.late_unaccepted"),
    _standing("waiting_customer", _("等待客户量"), _("正在等客户答复的工单数。"), _("等待客户的工单"), only={"outcome": "waiting_customer"}, direction=Direction.NONE),
    _standing("waiting_internal", _("等待协作量"), _("正在等其他部门的工单数。"), _("等待协作的工单"), only={"outcome": "waiting_internal"}),
    Metric("backlog_per_person", _("人均在手量"), "people", _("时间范围结束时（或此刻）有负责人的未解决工单数，除以这些负责人的人数。"), _("有工单在手的人"), "case.state", Aggregate.STANDING, Unit.RATIO, noun=CASES, hits=_("在手的未解决工单"), per=("person_id",), cut=("team",)),
    Metric("cases_per_agent", _("人均服务单量"), "people", _("解决的件数，除以期内解决过工单的人数。"), _("解决过工单的人"), "case.resolved", Aggregate.PER, Unit.RATIO, noun=CASES, direction=UP, hits=_("解决的次数"), per=("person_id",), cut=("team",)),
    Metric("cases_per_agent_per_day", _("人均日服务单量"), "people", _("解决的件数，除以人数与天数：一个人有解决记录的一天算一个人日。"), _("有解决记录的人日"), "case.resolved", Aggregate.PER, Unit.RATIO, noun=CASES, direction=UP, hits=_("解决的次数"), per=("person_id", "day"), cut=("team", "person")),
    Metric("replies_per_agent", _("人均答复量"), "people", _("发给客户的答复条数，除以期内答复过的人数。"), _("答复过客户的人"), "message.out", Aggregate.PER, Unit.RATIO, noun=MESSAGES, hits=_("发给客户的答复"), per=("person_id",), cut=("team",)),
    Metric("active_agents", _("有服务记录的人数"), "people", _("期内给客户发过答复的人数。"), _("发给客户的答复"), "message.out", Aggregate.DISTINCT, noun=PEOPLE, per=("person_id",), cut=("team",)),
    Metric("messages_in", _("来信量"), "channel", _("客户发来的消息条数，包括电话与面谈的记录。自动邮件不计。"), _("客户的来信"), "message.in", noun=MESSAGES, cut=("channel",)),
    Metric("messages_out", _("答复量"), "channel", _("我们发给客户的消息条数。自动回执不计。"), _("发给客户的答复"), "message.out", noun=MESSAGES, cut=("person", "channel")),
    Metric("reply_ratio", _("答问比"), "channel", _("发给客户的答复条数与客户来信条数之比。"), _("客户的来信"), "message.out", Aggregate.RATIO, Unit.RATIO, hits=_("发给客户的答复"), against=("message.in", {}), least=10, cut=("team", "channel")),
    Metric("messages_per_case", _("单均来信次数"), "channel", _("客户来信条数与新建工单数之比：一件事客户要说几次。"), OPENED, "message.in", Aggregate.RATIO, Unit.RATIO, direction=DOWN, hits=_("客户的来信"), against=("case.opened", {}), least=10, cut=("topic_top", "channel")),
    Metric("customers_served", _("服务客户数"), "customer", _("期内新建过工单的不同客户。"), OPENED, "case.opened", Aggregate.DISTINCT, noun=CUSTOMERS, per=("customer_id",), cut=("segment", "channel")),
    Metric("cases_per_customer", _("客均工单量"), "customer", _("新建的工单数，除以这些工单的客户数。"), _("来询的客户"), "case.opened", Aggregate.PER, Unit.RATIO, noun=CASES, direction=DOWN, hits=_("新建的工单"), per=("customer_id",), cut=("segment", "topic_top")),
    Metric("merge_count", _("合并量"), "volume", _("并入其他工单的件数：重复的来询。"), _("期内的合并"), "case.merged", noun=CASES, cut=("channel",)),
    Metric("split_count", _("拆分量"), "volume", _("从工单里拆出新工单的次数。"), _("期内的拆分"), "case.split", noun=TIMES, cut=("team",)),
    Metric("help_count", _("请求协作次数"), "volume", _("请同事协助处理工单的次数。"), _("期内的协作请求"), "case.helped", noun=TIMES, cut=("team",)),
)  # fmt: skip
