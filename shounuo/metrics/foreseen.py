"""Metrics whose part is not built yet: they stand in the catalogue with what they wait for, and have no number.

When the part is built and declares the metric itself, its line here goes (a second declaration is a fault).
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.metrics import registry
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Direction, Unit

UP, DOWN, NONE = Direction.UP, Direction.DOWN, Direction.NONE


def _later(
    code: str, name: Any, group: str, part: str, definition: Any, population: Any, unit: Unit = Unit.SHARE,
    direction: Direction = UP,
) -> Metric:  # fmt: skip
    return Metric(
        code, name, group, definition, population, unit=unit, direction=direction, waits_for=part, least=10
    )


registry.metrics(
    _later("csat", _("客户满意度"), "satisfaction", "feedback", _("回答满意得 100 分，一般 50 分，不满意 0 分，取平均。"), _("收到的评价"), Unit.SCORE),
    _later("nps", _("净推荐值"), "satisfaction", "feedback", _("推荐者（9 到 10 分）的比例减去贬损者（0 到 6 分）的比例。"), _("收到的推荐评分"), Unit.SCORE),
    _later("survey_answer_rate", _("参评率"), "satisfaction", "feedback", _("发出的评价邀请里，客户作答的比例。"), _("发出的评价邀请")),
    _later("dissatisfied_rate", _("不满意率"), "satisfaction", "feedback", _("收到的评价里，不满意的比例。"), _("收到的评价"), direction=DOWN),
    _later("customer_effort", _("客户费力度"), "satisfaction", "feedback", _("客户对办成这件事有多费力的打分，取平均。"), _("收到的费力度评分"), Unit.SCORE, DOWN),
    _later("followup_on_time_rate", _("回访及时率"), "satisfaction", "feedback", _("应回访的工单里，按时完成回访的比例。"), _("到期的回访")),
    _later("service_error_rate", _("服务差错率"), "quality", "quality", _("抽检的服务里，查出差错的比例。"), _("抽检的服务"), direction=DOWN),
    _later("qa_score", _("质检得分"), "quality", "quality", _("质检评分的平均。"), _("质检过的服务"), Unit.SCORE),
    _later("qa_coverage", _("质检覆盖率"), "quality", "quality", _("解决的工单里，做过质检的比例。"), _("解决的工单")),
    _later("qa_accuracy", _("质检准确率"), "quality", "quality", _("自动质检与人工复核一致的比例。"), _("两者都检过的服务")),
    _later("complaint_justified_rate", _("投诉属实率"), "quality", "complaints", _("已有结论的投诉里，判定属实的比例。"), _("已有结论的投诉"), direction=DOWN),
    _later("abandon_rate", _("放弃率"), "speed", "routing", _("排队的会话与来电里，客户在接通前离开的比例。"), _("进入排队的会话与来电"), direction=DOWN),
    _later("queue_share", _("排队率"), "speed", "routing", _("会话与来电里，需要排队的比例。"), _("会话与来电"), direction=DOWN),
    _later("talk_time", _("平均通话时长"), "speed", "routing", _("接通到挂断的时长，取平均。"), _("接通的来电"), Unit.SECONDS, NONE),
    _later("bot_deflection_rate", _("智能客服分流率"), "bot", "assistant", _("由机器人办结、没有转人工的会话的比例。"), _("机器人接待的会话")),
    _later("bot_handover_rate", _("转人工率"), "bot", "assistant", _("机器人接待的会话里，转给人工的比例。"), _("机器人接待的会话"), direction=DOWN),
    _later("bot_coverage_rate", _("机器人覆盖率"), "bot", "assistant", _("高频问题里，机器人能够回答的比例。"), _("高频问题")),
    _later("handover_time", _("转人工时长"), "bot", "assistant", _("要求转人工到人工接手的时长。"), _("转人工的会话"), Unit.SECONDS, DOWN),
    _later("kb_search_count", _("知识库检索频次"), "bot", "knowledge", _("在知识库里检索的次数。"), _("期内的检索"), Unit.COUNT, NONE),
    _later("kb_hit_rate", _("知识库命中率"), "bot", "knowledge", _("检索之后打开了条目的比例。"), _("期内的检索")),
    _later("self_service_rate", _("自助解决率"), "bot", "knowledge", _("查阅知识之后没有再来询的比例。"), _("查阅知识的客户")),
    _later("agent_turnover_rate", _("客服流失率"), "people", "workforce", _("期内离职的客服人数，除以期初与期末在职人数的平均。"), _("在职的客服"), direction=DOWN),
    _later("occupancy", _("占用率"), "people", "workforce", _("在线时间里用于处理客户事务的部分。"), _("在线时间"), direction=NONE),
    _later("roster_adherence", _("排班遵从率"), "people", "workforce", _("排定的班次里，按班在岗的时间的比例。"), _("排定的班次")),
    _later("forecast_error", _("来量预测误差"), "volume", "workforce", _("预测来量与实际来量之差，占实际的比例。"), _("预测过的时段"), direction=DOWN),
    _later("advanced_tier_pass_share", _("进阶层测评通过比例"), "people", "training", _("客服专员里，通过进阶层测评的比例。"), _("在职的客服专员")),
    _later("senior_service_experts", _("资深服务专家人数"), "people", "training", _("认定为资深服务专家的人数。"), _("在职的客服"), Unit.COUNT),
    _later("skill_standard_rate", _("技能达标率"), "people", "training", _("要求的技能里，已达到要求等级的比例。"), _("岗位要求的技能")),
    _later("refund_cycle_time", _("退款周期"), "business", "aftersales", _("申请退款到钱款退出的时长。"), _("办结的退款"), Unit.SECONDS, DOWN),
    _later("return_rate", _("退货率"), "business", "aftersales", _("售出的订单里，发生退货的比例。"), _("售出的订单"), direction=DOWN),
    _later("claim_turnaround", _("理赔时长"), "business", "aftersales", _("提出保修索赔到办结的时长。"), _("办结的索赔"), Unit.SECONDS, DOWN),
    _later("compensation_cost", _("补偿金额"), "business", "duties", _("批准的补偿金额合计。"), _("批准的补偿"), Unit.MONEY, DOWN),
    _later("logistics_abnormal_order_share", _("物流异常订单占比"), "business", "aftersales", _("发出的订单里，物流异常的比例。"), _("发出的订单"), direction=DOWN),
    _later("repurchase_rate", _("复购率"), "customer", "leads", _("买过的客户里，期内再次购买的比例。"), _("买过的客户")),
    _later("churn_risk_share", _("流失风险客户占比"), "customer", "leads", _("买过的客户里，三个月没有下单的比例。"), _("买过的客户"), direction=DOWN),
    _later("lead_conversion_rate", _("线索转化率"), "business", "leads", _("移交的线索里，成交的比例。"), _("移交的线索")),
    _later("profile_accuracy", _("客户画像准确率"), "customer", "quality", _("抽查的客户画像里，与事实相符的比例。"), _("抽查的画像")),
    _later("node_wait_share", _("节点等待时间占比"), "business", "process", _("流程一个节点的用时里，等待所占的部分。"), _("经过节点的工单"), direction=DOWN),
    _later("core_process_nodes", _("核心流程节点数"), "business", "process", _("在用的核心流程的节点数。"), _("在用的核心流程"), Unit.COUNT, DOWN),
    _later("service_driven_iteration_share", _("服务驱动产品迭代的贡献率"), "business", "improvement", _("产品改动里，由服务反馈促成的比例。"), _("产品改动")),
    _later("blue_alarm_days", _("连续蓝色预警天数"), "business", "risk", _("同一蓝色预警持续打开的天数。"), _("蓝色预警"), Unit.COUNT, DOWN),
    _later("negative_posts_new", _("新增负面舆情"), "business", "risk", _("新发现的负面舆情条数。"), _("负面舆情"), Unit.COUNT, DOWN),
    _later("system_availability", _("系统可用率"), "business", "risk", _("系统正常可用的时间的比例。"), _("全部时间")),
    _later("data_sync_delay", _("数据同步延迟"), "business", "risk", _("外部系统的数据晚到多久。"), _("同步的批次"), Unit.SECONDS, DOWN),
)  # fmt: skip
