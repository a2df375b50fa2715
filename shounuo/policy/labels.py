"""How the codes of a pack are called on screen. An unknown code is shown as it is; a pack's own title comes first.

Event labels are phrases of verb and object, so that they fit on both sides of "自…起，…内须…".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shounuo.events import registry
from shounuo.metrics import registry as metrics
from shounuo.policy.vocabulary import ROLES

EVENTS: dict[str, Any] = {
    "case.opened": pgettext_lazy("event", "建立工单"),
    "case.classified": pgettext_lazy("event", "工单定级"),
    "case.assigned": pgettext_lazy("event", "分派工单"),
    "case.accepted": pgettext_lazy("event", "受理工单"),
    "case.transferred": pgettext_lazy("event", "转派工单"),
    "case.triaged": pgettext_lazy("event", "完成初步判断"),
    "case.diagnosed": pgettext_lazy("event", "给出初步诊断"),
    "case.eta_told": pgettext_lazy("event", "告知预计解决时间"),
    "case.waiting": pgettext_lazy("event", "转入等待"),
    "case.resumed": pgettext_lazy("event", "恢复处理"),
    "case.resolved": pgettext_lazy("event", "解决问题"),
    "case.confirmed": pgettext_lazy("event", "客户确认解决"),
    "case.disputed": pgettext_lazy("event", "客户提出异议"),
    "case.reopened": pgettext_lazy("event", "重新打开工单"),
    "case.closed": pgettext_lazy("event", "关闭工单"),
    "case.merged": pgettext_lazy("event", "合并工单"),
    "case.split": pgettext_lazy("event", "拆分工单"),
    "plan.proposed": pgettext_lazy("event", "提出方案"),
    "plan.chosen": pgettext_lazy("event", "客户选定方案"),
    "progress.noted": pgettext_lazy("event", "告知处理进展"),
    "record.completed": pgettext_lazy("event", "完成服务记录"),
    "record.verified": pgettext_lazy("event", "核对服务记录"),
    "interaction.received": pgettext_lazy("event", "收到客户消息"),
    "interaction.sent": pgettext_lazy("event", "发出回复"),
    "interaction.delivered": pgettext_lazy("event", "回复送达"),
    "interaction.failed": pgettext_lazy("event", "回复未送达"),
    "call.answered": pgettext_lazy("event", "接通电话"),
    "response.planned": pgettext_lazy("event", "排定响应"),
    "customer.warned": pgettext_lazy("event", "先行告知客户延期"),
    "info.collected": pgettext_lazy("event", "收齐信息"),
    "clock.warned": pgettext_lazy("event", "时限预警"),
    "clock.breached": pgettext_lazy("event", "时限超出"),
    "collaboration.requested": pgettext_lazy("event", "提出协同请求"),
    "collaboration.answered": pgettext_lazy("event", "响应协同请求"),
    "green_channel.requested": pgettext_lazy("event", "提出绿色通道请求"),
    "green_channel.answered": pgettext_lazy("event", "给出处理意见"),
    "survey.sent": pgettext_lazy("event", "推送满意度评价"),
    "survey.answered": pgettext_lazy("event", "客户作出评价"),
    "followup.due": pgettext_lazy("event", "应当回访"),
    "followup.done": pgettext_lazy("event", "完成回访"),
    "complaint.rated": pgettext_lazy("event", "评定投诉等级"),
    "complaint.exposed": pgettext_lazy("event", "投诉被曝光"),
    "product.use_started": pgettext_lazy("event", "开始使用产品"),
    "service.visited": pgettext_lazy("event", "完成现场服务"),
    "lead.undecided": pgettext_lazy("event", "客户未决策"),
    "lead.proposal_sent": pgettext_lazy("event", "发出定制方案"),
    "lead.followed_up": pgettext_lazy("event", "回访意向客户"),
    "customer.registered": pgettext_lazy("event", "用户注册"),
    "customer.guide_sent": pgettext_lazy("event", "发出使用指南"),
    "bot.unresolved": pgettext_lazy("event", "机器人未能解决"),
    "bot.handed_over": pgettext_lazy("event", "转到人工"),
    "inspection.hit": pgettext_lazy("event", "质检命中"),
    "proposal.adopted": pgettext_lazy("event", "采纳提案"),
    "proposal.evaluated": pgettext_lazy("event", "评估提案"),
    "rca.submitted": pgettext_lazy("event", "提交根因分析报告"),
    "improvement_plan.submitted": pgettext_lazy("event", "提交改进方案"),
    "incident.detected": pgettext_lazy("event", "发现系统异常"),
    "incident.announced": pgettext_lazy("event", "发布公告"),
    "risk.raised": pgettext_lazy("event", "发出风险预警"),
    "risk.meeting_held": pgettext_lazy("event", "召开应急会议"),
    "risk.handling_started": pgettext_lazy("event", "启动处理流程"),
    "crisis.declared": pgettext_lazy("event", "宣布危机"),
    "crisis.team_formed": pgettext_lazy("event", "组成处理小组"),
    "crisis.coordinated": pgettext_lazy("event", "调动各部门资源"),
    "crisis.contained": pgettext_lazy("event", "控制事态"),
    "crisis.resolved": pgettext_lazy("event", "解决危机"),
    "crisis.handled": pgettext_lazy("event", "危机处置结束"),
    "crisis.report_submitted": pgettext_lazy("event", "提交复盘报告"),
    "crisis.reviewed": pgettext_lazy("event", "完成危机复盘"),
}

FACTS: dict[str, Any] = {
    "channel": _("渠道"),
    "channel_class": _("渠道类别"),
    "kind": _("类型"),
    "level": _("级别"),
    "severity": _("严重程度"),
    "complexity": _("复杂程度"),
    "status": _("状态"),
    "priority": _("优先级"),
    "team": _("团队"),
    "topic": _("主题"),
    "topic_class": _("主题类别"),
    "tags": _("标签"),
    "segment": _("客户分群"),
    "first_agent": _("首位受理人"),
    "mailbox": _("邮箱"),
    "dept": _("部门"),
    "role": _("角色"),
    "automatic": _("自动回执"),
    "by_self": _("自己领取"),
    "public": _("客户可见"),
    "first": _("首次"),
    "grade": _("评价"),
    "result": _("结果"),
    "reason": _("原因"),
    "rule": _("规则"),
}

VALUES: dict[tuple[str, Any], Any] = {
    ("channel", "mail"): _("邮件"),
    ("channel", "form"): _("网页"),
    ("channel", "api"): _("接口"),
    ("channel", "phone"): _("电话"),
    ("channel", "visit"): _("面谈"),
    ("channel", "chat"): _("在线客服"),
    ("channel", "sms"): _("短信"),
    ("channel", "wechat"): _("微信"),
    ("channel", "social"): _("社媒"),
    ("channel", "letter"): _("信函"),
    ("channel", "app"): _("应用"),
    ("channel_class", "primary"): _("主渠道：电话、在线客服、工作邮箱"),
    ("channel_class", "secondary"): _("次要渠道：社媒、非工作邮箱"),
    ("kind", "inquiry"): _("咨询"),
    ("kind", "request"): _("请求"),
    ("kind", "complaint"): _("投诉"),
    ("kind", "aftersales"): _("售后"),
    ("kind", "praise"): _("表扬"),
    ("kind", "suggestion"): _("建议"),
    ("kind", "system"): _("系统类"),
    ("severity", "general"): pgettext_lazy("severity", "一般"),
    ("severity", "serious"): _("严重"),
    ("severity", "major"): _("重大"),
    ("complexity", "simple"): _("简单"),
    ("complexity", "general"): pgettext_lazy("complexity", "一般"),
    ("complexity", "complex"): _("复杂"),
    ("status", "new"): _("尚未受理"),
    ("status", "open"): _("受理中"),
    ("status", "waiting_customer"): _("等待客户"),
    ("status", "waiting_internal"): _("等待协作"),
    ("status", "resolved"): _("已解决"),
    ("status", "closed"): _("已关闭"),
    ("priority", "low"): _("低"),
    ("priority", "normal"): _("普通"),
    ("priority", "high"): _("高"),
    ("priority", "urgent"): _("紧急"),
    ("segment", "vip"): _("VIP"),
    ("segment", "company"): _("企业客户"),
    ("first_agent", True): _("由首位受理人办理"),
    ("first_agent", False): _("已转派"),
    ("dept", "tech"): _("技术部门"),
    ("dept", "product"): _("产品部门"),
    ("dept", "logistics"): _("物流部门"),
    ("automatic", True): _("自动回执"),
    ("automatic", False): _("不含自动回执"),
    ("by_self", True): _("自己领取"),
    ("by_self", False): _("由他人交来"),
    ("public", True): _("客户可见"),
    ("public", False): _("仅内部可见"),
    ("first", True): _("首次"),
    ("grade", "dissatisfied"): _("不满意"),
    ("result", "dissatisfied"): _("不满意"),
    ("reason", "use_7d"): _("使用满七天"),
    ("rule", "abuse"): _("客户辱骂"),
    ("rule", "no_closing_phrase"): _("未用标准结束语"),
    ("topic_class", "product"): _("产品咨询"),
}

ORDER = (
    "channel_class",
    "channel",
    "kind",
    "severity",
    "complexity",
    "level",
    "priority",
    "segment",
    "topic",
    "tags",
    "team",
    "first_agent",
    "status",
)
"""In which order the conditions of a rule are said."""

BARE = frozenset({"channel_class", "first_agent", "automatic", "by_self", "public", "first"})
"""Facts whose values say it all without the fact's name."""

WORDS: dict[str, Any] = {
    # activities
    "record_archiving": _("记录归档"),
    "site_inspection": _("定期巡检"),
    "training_or_case_sharing": _("业务培训或案例分享会"),
    "performance_appraisal": _("绩效考核"),
    "supervision_inspection": _("监督检查"),
    "service_data_analysis": _("服务数据分析"),
    "core_metric_monitoring": _("核心指标监控"),
    "service_quality_report": _("服务质量分析报告"),
    "data_review_meeting": _("数据复盘会"),
    "service_maturity_assessment": _("服务成熟度评估"),
    "send_learning_material": _("发送学习资料"),
    "mentoring_review": _("带教复盘"),
    "growth_log": _("成长日志"),
    "skill_training": _("专项培训"),
    "case_selection": _("典型案例评选"),
    "case_sharing_review": _("案例分享会"),
    "service_expert_election": _("服务专家评选"),
    "aftersales_review_meeting": _("售后问题复盘会"),
    "best_proposal_election": _("最佳优化提案评选"),
    "customer_usage_training": _("客户使用培训"),
    "customer_experience_report": _("客户体验分析报告"),
    "complaint_case_meeting": _("投诉案例分析会"),
    "service_quality_analysis": _("服务质量分析"),
    # what rules name beside the catalogue of metrics
    "history_display_time": _("服务档案显示用时"),
    "any_monitored": _("任一受监控指标"),
    # grants
    "policy_revision": _("批准制度修订"),
    "policy_interpretation": _("解释制度"),
    "compensation": _("给予补偿"),
    "service_upgrade": _("升级到主管处理"),
    "free_repair": _("批准免费维修"),
    "extended_warranty": _("批准延长保修"),
    "membership": _("赠送会员"),
    # weights and their parts
    "appraisal": _("绩效考核总分"),
    "induction_exam": _("上岗考核成绩"),
    "pay": _("薪酬"),
    "process": _("过程"),
    "growth": _("成长"),
    "theory": _("理论"),
    "practical": _("实操"),
    "mentor": _("导师"),
    "fixed": _("固定"),
    "performance": pgettext_lazy("pay", "绩效"),
    "special_award": _("专项奖励"),
    "qa": _("质检"),
    "success": _("成功"),
    "failure": _("失败"),
    "innovation": _("创新"),
    # fields of records
    "owner": _("负责人"),
    "problem": _("问题"),
    "customer": _("客户信息"),
    "customer_name": _("客户姓名"),
    "region": _("地区"),
    "contact": _("联系方式"),
    "product_or_order": _("产品型号或订单号"),
    "time": _("时间"),
    "place": _("地点"),
    "people": _("人员"),
    "content": _("内容"),
    "key_points": _("通话要点"),
    "handling": _("处理经过"),
    "solution": _("方案"),
    "solution_option": _("方案"),
    "customer_feedback": _("客户反馈"),
    "customer_confirmation": _("客户确认"),
    "handler": _("处理人"),
    "expected_time": _("预计时间"),
    "topic": _("主题"),
    "referred_by": _("推荐来源"),
    "handling_requirement": _("处理要求"),
    "expected_response": _("预计响应时间"),
    "pros": _("优点"),
    "cons": _("缺点"),
    "steps": _("实施步骤"),
    "cost": _("费用"),
    "progress": _("处理进度"),
    "operations": _("已执行的操作"),
    "customer_cooperation": _("客户配合情况"),
    "verification_method": _("验证方式"),
    "fully_solved": _("是否彻底解决"),
    "satisfaction": _("满意度"),
    "other_needs": _("其他需求或建议"),
    "root_cause": _("根因"),
    "systemic": _("是否系统性问题"),
    "reason": _("原因"),
    # ways of telling
    "app": _("应用"),
    "mail": _("邮件"),
    "sms": _("短信"),
    "dingtalk": _("钉钉"),
    "wecom": _("企业微信"),
    "feishu": _("飞书"),
    "phone": _("电话"),
}

RESULT_PART = pgettext_lazy("weight", "结果")

LEVELS: dict[str, Any] = {"blue": _("蓝色预警"), "yellow": _("黄色预警"), "red": _("红色预警")}
PER: dict[str, Any] = {
    "case": pgettext_lazy("per", "工单"),
    "customer": pgettext_lazy("per", "客户"),
    "person": pgettext_lazy("per", "人"),
    "team": pgettext_lazy("per", "团队"),
    "order": pgettext_lazy("per", "订单"),
    "organisation": pgettext_lazy("per", "全公司"),
}
COMPARISONS: dict[str, Any] = {
    "<": _("低于"),
    "<=": _("不超过"),
    "=": _("等于"),
    ">=": _("不低于"),
    ">": _("高于"),
}
TRENDS: dict[str, Any] = {
    "rising": _("持续上升"),
    "falling": _("持续下降"),
    "same_direction": _("持续同向波动"),
}
ADDRESSEES: dict[str, Any] = {
    "owner": _("负责人"),
    "owner_supervisor": _("负责人的主管"),
    "dept_head": _("部门负责人"),
}
CALENDARS: dict[str, Any] = {"always": _("全天计时"), "business": _("按服务时间计时")}
FIELDS_OF_RULES: dict[str, Any] = {
    "from": _("从何时起算"),
    "until": _("做到什么算完成"),
    "within": _("多长时间"),
    "after": _("在什么之后"),
    "before": _("在什么之前"),
    "when": _("适用范围"),
    "every": _("多久一次"),
    "times": _("几次"),
    "activity": _("做什么"),
    "owner": _("由谁负责"),
    "per": _("按什么计"),
    "fields": _("填什么"),
    "metric": _("哪个指标"),
    "value": _("数值"),
    "change": _("变化"),
    "window": _("统计期"),
    "consecutive": _("持续多久"),
    "trend": _("走势"),
    "trigger": _("由什么触发"),
    "level": _("预警级别"),
    "notify": _("通知谁"),
    "who": _("谁有权"),
    "up_to": _("上限"),
    "over": _("下限"),
    "approver": _("由谁批准"),
    "grant": _("给予什么"),
    "of": _("构成什么"),
    "parts": _("各部分"),
    "steps": _("步骤"),
}
PARTS: dict[str, Any] = {
    "aftersales": _("售后"),
    "assistant": _("智能助手"),
    "calendars": _("日历"),
    "cases": _("工单"),
    "catalog": _("产品目录"),
    "commitments": _("计时"),
    "complaints": _("投诉"),
    "customers": _("客户"),
    "duties": _("待办与审批"),
    "feedback": _("回访与评价"),
    "improvement": _("持续改进"),
    "knowledge": _("知识库"),
    "leads": _("售前与商机"),
    "metrics": _("指标"),
    "performance": _("绩效"),
    "process": _("流程"),
    "quality": _("质检"),
    "risk": _("风险与预警"),
    "routing": _("路由"),
    "training": _("培训"),
    "workforce": _("排班"),
}


def spoken(text: str, text_en: str) -> str:
    """What a document says in the reader's language: its English, unless the reader reads Chinese or there is none."""
    return text_en if text_en and not (get_language() or "zh").startswith("zh") else text


def small(text: str) -> str:
    """A label as a part of a sentence: English begins it with a small letter there, but for abbreviations (API, L2)."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def event(kind: str) -> str:
    """What an event is called in a rule's sentence; the declaring part's own label for kinds not listed here."""
    if kind in EVENTS:
        return str(EVENTS[kind])
    declared = registry.kinds().get(kind)
    return str(declared.label) if declared is not None and declared.label else kind


def fact(name: str) -> str:
    return str(FACTS.get(name, name))


def value(fact_name: str, item: Any) -> str:
    """A value of a fact or payload field."""
    if fact_name == "role":
        return role(item)
    if (fact_name, item) in VALUES and (isinstance(item, bool) or not isinstance(item, int)):
        return str(VALUES[fact_name, item])
    if isinstance(item, bool):
        return str(_("是") if item else _("否"))
    return str(item)


def word(code: str) -> str:
    """An activity, metric, grant, part of a weight or field."""
    if code == "result":
        return str(RESULT_PART)
    metric = metrics.get(code) if code not in WORDS else None
    return str(metric.name if metric is not None else WORDS.get(code, code))


def field(name: str) -> str:
    """A field of a rule, as a question that a reader can answer; of a nested one (steps.x.within) its last part."""
    last = name.rpartition(".")[2]
    return str(FIELDS_OF_RULES.get(last, last))


def role(code: str) -> str:
    return str(ROLES.get(code, code))


def part(code: str) -> str:
    """The name of a part of the product that a rule waits for."""
    return str(PARTS.get(code, code))


def addressee(code: str) -> str:
    """To whom a step of the ladder goes."""
    prefix, _colon, name = code.partition(":")
    return role(name) if prefix == "role" and name else _of(ADDRESSEES, code)


def calendar(code: str) -> str:
    return _of(CALENDARS, code)


def _of(table: Mapping[str, Any], code: str) -> str:
    return str(table.get(code, code))
