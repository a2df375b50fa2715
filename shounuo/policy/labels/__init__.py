"""How the codes of a pack are called on screen. An unknown code is shown as it is; a pack's own title comes first."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from shounuo.events import registry
from shounuo.metrics import registry as metrics
from shounuo.policy.labels.conditions import BARE, FACTS, ORDER, VALUES
from shounuo.policy.labels.events import EVENTS
from shounuo.policy.labels.subjects import SUBJECTS
from shounuo.policy.labels.words import WORDS
from shounuo.policy.schema import Money
from shounuo.policy.vocabulary import ROLES

__all__ = ["BARE", "EVENTS", "ORDER", "PARTS", "SUBJECTS", "WORDS"]

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
    "warn": _("何时预警"),
    "target": _("目标守诺率"),
    "least": _("至少多少次才判定"),
    "baseline": _("基线"),
    "horizon": _("最迟多久达到"),
    "horizon_min": _("最早多久达到"),
    "escalate": _("升级"),
}
PROOFS: dict[str, Any] = {
    "record": pgettext_lazy("evidence", "记录"),
    "metric": pgettext_lazy("evidence", "指标"),
    "document": pgettext_lazy("evidence", "文件"),
    "cadence": pgettext_lazy("evidence", "周期"),
    "check": pgettext_lazy("evidence", "校验"),
    "log": pgettext_lazy("evidence", "日志"),
    "alert": pgettext_lazy("evidence", "提醒"),
}
PARTS: dict[str, Any] = {
    "aftersales": _("售后"),
    "agreements": _("服务协议"),
    "analytics": _("分析与报表"),
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


def subject(kind: str) -> str:
    """The kind of thing that a rule is about."""
    return _of(SUBJECTS, kind)


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


def proof(kind: str) -> str:
    """What a kind of evidence is called."""
    return str(PROOFS[kind])


def part(code: str) -> str:
    """The name of a part of the product that a rule waits for; of a field that nobody has (`field:basis`) that."""
    kind, _colon, name = code.partition(":")
    if kind == "field" and name:
        return str(_("字段“%(name)s”") % {"name": word(name)})
    return str(PARTS.get(code, code))


def addressee(code: str) -> str:
    """To whom a step of the ladder goes."""
    prefix, _colon, name = code.partition(":")
    return role(name) if prefix == "role" and name else _of(ADDRESSEES, code)


def calendar(code: str) -> str:
    return _of(CALENDARS, code)


def amount(money: Money) -> str:
    """9,480 元, with two places only where there are fen; of another currency with its code."""
    major = Decimal(money.minor) / 100
    told = f"{major:,.2f}".removesuffix(".00")
    return str(_("%(yuan)s 元") % {"yuan": told}) if money.currency == "CNY" else f"{told} {money.currency}"


def _of(table: Mapping[str, Any], code: str) -> str:
    return str(table.get(code, code))
