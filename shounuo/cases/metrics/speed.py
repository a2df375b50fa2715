"""How fast: first responses, answers, queues, solutions."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.metrics import registry
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Aggregate, Direction, Unit

FIRST = _("期内得到首次答复的工单")
ANSWERS = _("期内得到答复的来信")
SOLVED = _("期内解决的轮次")
DONE = _("已解决的工单")


def _time(code: str, name: Any, definition: Any, population: Any, series: str, how: Aggregate = Aggregate.MEAN, **more: Any) -> Metric:  # fmt: skip
    given: dict[str, Any] = {"direction": Direction.DOWN, "least": 10, "cut": ("team", "channel")}
    return Metric(code, name, "speed", definition, population, series, how, Unit.SECONDS, **(given | more))


def _within(
    code: str, name: Any, definition: Any, population: Any, series: str, seconds: int, **more: Any
) -> Metric:
    given: dict[str, Any] = {"direction": Direction.UP, "least": 10, "cut": ("team", "channel")}
    return Metric(
        code, name, "speed", definition, population, series, Aggregate.SHARE, Unit.SHARE, within=seconds, **(given | more)
    )  # fmt: skip


_RESPONSE = _(
    "从建单到首次人工答复的自然时长，按答复的时刻计入。自动回执不算答复；电话与面谈在建单时即已答复，记为 0。"
)
_ANSWER = _(
    "客户来信等到人工答复的自然时长。客户接连来信的，从第一条算起；每次答复计一次，按答复的时刻计入。自动邮件、电话与面谈不计。"
)
_SOLVE = _("从建单（重新打开的从重开）到解决的自然时长，按解决的时刻计入，每一轮各计一次。")

registry.metrics(
    _time("first_response_time", _("首次响应时长"), _RESPONSE, FIRST, "case.first_response"),
    _time("first_response_median", _("首响时长中位数"), _RESPONSE, FIRST, "case.first_response", Aggregate.MEDIAN),
    _time("first_response_p90", _("首响时长九成位"), _RESPONSE, FIRST, "case.first_response", Aggregate.P90),
    _within("first_response_within", _("首响 X 秒应答率"), _("首次人工答复不超过 X 秒的比例；X 可以改，默认 30 秒。"), FIRST, "case.first_response", 30),
    _within("first_response_within_30min", _("30 分钟首响率"), _("首次人工答复不超过 30 分钟的比例；时长可以改。"), FIRST, "case.first_response", 1800),
    _time("response_time_avg", _("平均响应时长"), _ANSWER, ANSWERS, "message.answered", cut=("person", "channel")),
    _time("response_time_median", _("响应时长中位数"), _ANSWER, ANSWERS, "message.answered", Aggregate.MEDIAN),
    _time("response_time_p90", _("响应时长九成位"), _ANSWER, ANSWERS, "message.answered", Aggregate.P90),
    _within("response_within", _("X 秒应答率"), _("客户来信在 X 秒内得到人工答复的比例；X 可以改，默认 30 秒。"), ANSWERS, "message.answered", 30, cut=("person", "channel")),
    _time("acknowledgement_time", _("收件确认时长"), _("从建单到客户第一次收到我们消息的时长，自动回执也算。"), _("期内第一次收到消息的工单"), "case.acknowledged"),
    _time("queue_time", _("排队时长"), _("从建单到第一次有人负责的时长，按有人负责的时刻计入。"), _("期内有人负责的工单"), "case.queue_left"),
    _time("queue_time_p90", _("排队时长九成位"), _("从建单到第一次有人负责的时长，九成不超过的值。"), _("期内有人负责的工单"), "case.queue_left", Aggregate.P90),
    _within("queue_within", _("5 分钟分派率"), _("建单后 5 分钟内就有人负责的比例；时长可以改。"), _("期内有人负责的工单"), "case.queue_left", 300),
    _time("accept_time", _("受理时长"), _("从建单到首次受理的时长。"), _("期内首次受理的工单"), "case.accepted"),
    _time("takeover_time", _("转派接手时长"), _("从转派到新的负责人受理的时长。"), _("期内接手的转派"), "case.taken_over", cut=("team", "person")),
    _time("triage_time", _("初步判断时长"), _("从建单到完成初步判断的时长。"), _("期内完成初步判断的工单"), "case.triaged"),
    _time("diagnosis_time", _("初步诊断时长"), _("从建单到给出初步诊断的时长。"), _("期内给出初步诊断的工单"), "case.diagnosed"),
    _time("resolution_time", _("解决时长"), _SOLVE, SOLVED, "case.resolved", cut=("team", "topic_top")),
    _time("resolution_median", _("解决时长中位数"), _SOLVE, SOLVED, "case.resolved", Aggregate.MEDIAN, cut=("team", "topic_top")),
    _time("resolution_p90", _("解决时长九成位"), _SOLVE, SOLVED, "case.resolved", Aggregate.P90, cut=("team", "topic_top")),
    _within("resolved_within", _("X 小时解决率"), _("解决用时不超过 X 小时的比例；X 可以改，默认 24 小时。"), SOLVED, "case.resolved", 86_400, cut=("team", "topic_top")),
    _time("whole_time", _("全程时长"), _("从建单到最后一次解决的时长，中间重新打开的也算在内。按最后解决的时刻计入，以后再重开的会移出。"), DONE, "case.concluded"),
    _time("net_time", _("净处理时长"), _("全程时长减去等待客户的时长：我们自己用了多久。"), DONE, "case.net_time", cut=("team", "topic_top")),
    _time("longest_silence", _("最长无音讯时长"), _("解决之前，客户最长一次没有听到我们消息的时长，取平均。"), DONE, "case.silence"),
    _time("complaint_response_time", _("投诉首响时长"), _("投诉从建单到首次人工答复的时长。"), _("期内得到首次答复的投诉"), "case.first_response", only={"kind": "complaint"}, cut=("topic_top", "severity")),
    _time("complaint_resolution_time", _("投诉处理时长"), _("投诉从建单到解决的时长。"), _("期内解决的投诉"), "case.resolved", only={"kind": "complaint"}, cut=("topic_top", "severity")),
    _time("close_time", _("解决到关闭时长"), _("从解决到客户确认或期满关闭的时长。"), _("期内关闭的工单"), "case.closed", direction=Direction.NONE),
    _time("record_time", _("记录归档时长"), _("从解决到服务记录填齐的时长。"), _("期内填齐记录的工单"), "case.recorded", cut=("team", "person")),
    _time("choice_time", _("方案选定时长"), _("从提出方案到客户选定的时长，按提出的时刻计入。"), _("客户已选定的方案"), "plan.proposed", cut=("team",)),
    _time("waiting_customer_time", _("等待客户时长"), _("工单处于“等待客户”状态的时长合计。"), _("等待客户的时段"), "case.state", Aggregate.LASTING, only={"outcome": "waiting_customer"}, direction=Direction.NONE, least=1),
    _time("waiting_internal_time", _("等待协作时长"), _("工单处于“等待协作”状态的时长合计。"), _("等待协作的时段"), "case.state", Aggregate.LASTING, only={"outcome": "waiting_internal"}, least=1),
    Metric("waiting_customer_share", _("等待客户占比"), "speed", _("工单未解决的时间里，处于“等待客户”的部分。"), _("未解决的时段"), "case.state", Aggregate.LASTING_SHARE, Unit.SHARE, hits=_("等待客户的时段"), hit={"outcome": "waiting_customer"}, least=10, cut=("team", "topic_top")),
    Metric("waiting_internal_share", _("等待协作占比"), "speed", _("工单未解决的时间里，处于“等待协作”的部分：卡在其他部门的时间。"), _("未解决的时段"), "case.state", Aggregate.LASTING_SHARE, Unit.SHARE, direction=Direction.DOWN, hits=_("等待协作的时段"), hit={"outcome": "waiting_internal"}, least=10, cut=("team", "topic_top")),
    Metric("unaccepted_share", _("待受理占比"), "speed", _("工单未解决的时间里，还没有受理的部分。"), _("未解决的时段"), "case.state", Aggregate.LASTING_SHARE, Unit.SHARE, direction=Direction.DOWN, hits=_("尚未受理的时段"), hit={"outcome": "new"}, least=10, cut=("team", "channel")),
)  # fmt: skip
