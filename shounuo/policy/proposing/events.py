"""Which event a wording speaks of: what a promise starts with and what it ends with (docs/events.md).

Two tables of wordings. A wording that is plainly a start or an end but names nothing that the product records
(an arrival on site, a refund paid) is known as such, so that it becomes a gap and never the nearest event.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Spec = str | dict[str, Any]
ANSWER: tuple[Spec, ...] = ("interaction.sent", "call.answered")
PROGRESS: Spec = {"event": "progress.noted", "public": True}
_AFTER = r"(?:之?后|之?时起|之时|之?日起|当日|当天|起|的[,，]|的(?=[\u4e00-\u9fff]{0,8}$))"
_ON = rf"(?:{_AFTER}|时[,，]?|者?[,，])"
_OBJECT = r"[^,。;、]{0,14}?"
_RECEIVED = r"(?:接到|收到|接获|接报|接收到?|收悉)"


@dataclass(frozen=True, slots=True)
class Moment:
    """A start or an end: the events (none = the product records no such thing), and its place in the text."""

    events: tuple[Spec, ...]
    start: int
    end: int
    subject: str = "case"
    named: bool = True


def _s(words: str, *events: Spec, subject: str = "case") -> tuple[re.Pattern[str], tuple[Spec, ...], str]:
    return re.compile(words), events, subject


STARTS = (
    _s(
        rf"(?:机器人|智能客服){_OBJECT}(?:未能|无法|不能|没有)(?:解决|回答|识别)",
        "bot.unresolved",
        subject="conversation",
    ),
    _s(
        rf"(?:{_RECEIVED}|提出|发出){_OBJECT}(?:协同|协作|会办|配合)(?:请求|申请|需求)?{_OBJECT}{_AFTER}",
        "collaboration.requested",
        subject="duty",
    ),
    _s(rf"(?:{_RECEIVED}|提出|发出)?绿色通道{_OBJECT}{_AFTER}", "green_channel.requested"),
    _s(
        rf"(?:{_RECEIVED}{_OBJECT}(?:转办|转派|派单|派工|工单|任务|交办|转来){_OBJECT}|(?:工单|任务|事项)?(?:派单|派发|分派|指派|转办|转派|交办|派工){_OBJECT}){_AFTER}",
        "case.assigned",
    ),
    _s(
        rf"{_RECEIVED}(?![^,。;]{{0,14}}(?:投诉|申诉|报修|申请|建议|求助)){_OBJECT}(?:来电|电话|咨询|留言|邮件|消息|来信|询问|查询)(?!请求){_OBJECT}{_ON}",
        "interaction.received",
    ),
    _s(
        rf"(?:来电|致电|来函|来信|留言|咨询)(?:反映|询问|查询|咨询)?{_OBJECT}(?:的[,，]|者[,，])",
        "interaction.received",
    ),
    _s(
        rf"(?:系统|设备|服务|网络)?(?:异常|中断|故障)(?:发生|出现)?(?:之?后|起)|发生{_OBJECT}(?:异常|中断){_AFTER}",
        "incident.detected",
        subject="incident",
    ),
    _s(rf"(?:宣布|发生|出现)(?:危机|突发事件){_AFTER}", "crisis.declared", subject="crisis"),
    _s(
        rf"(?:资料|材料|文件|信息|证件|手续)(?:已)?(?:齐全|备齐|收齐|补齐|齐备|提交齐全){_AFTER}",
        "info.collected",
    ),
    _s(rf"(?:不满意|有异议|不服|不认可|提出异议)(?:者|的)?{_AFTER}?", "case.disputed"),
    _s(rf"(?:定级|分级|评级|判定为?|定为)(?:L[123])?{_AFTER}", "case.classified"),
    _s(
        r"(?:首次)?(?:开始)?使用(?:本|该)?(?:产品|设备|系统)?(?=满|起|之日起|后)",
        "product.use_started",
        subject="product",
    ),
    _s(rf"(?:用户|客户|会员)?(?:注册|开户)(?:成功)?{_AFTER}", "customer.registered", subject="customer"),
    _s(r"首次(?:响应|回复|答复)(?:之?后|起)", {"event": "interaction.sent", "first": True}),
    _s(rf"(?:提案|合理化建议)(?:被)?采纳{_AFTER}", "proposal.adopted", subject="proposal"),
    _s(
        rf"(?:现场|上门)(?:服务|维修|处理|安装)?(?:工作)?(?:结束|完成|完毕){_AFTER}",
        "service.visited",
        subject="visit",
    ),
    _s(r"(?:客户|用户|业主|顾客|旅客|患者)确认(?:解决|后|之后)", "case.confirmed"),
    _s(rf"(?:方案|预案)(?:确定|确认|选定){_AFTER}", "plan.chosen"),
    _s(
        rf"(?:会话|通话|课时|课程|教学|来电|接待|沟通|交谈|会议|活动|培训|面谈){_OBJECT}(?:结束|完成|挂断){_AFTER}"
    ),
    _s(rf"签收(?!{_OBJECT}(?:货|件|商品)){_OBJECT}{_AFTER}", "case.accepted"),
    _s(rf"(?:自)?(?:正式)?(?:受理|接单){_OBJECT}{_AFTER}", "case.accepted"),
    _s(
        rf"(?:服务|工单|处理|办理|抢修|维修|检修|安装|投诉|案件|问题|诉求|事项|工作|意见|障碍|故障|报修)?{_OBJECT}(?<![未不])(?<!未能)(?<!无法)(?<!不能)(?<!没有)(?:解决|办结|结案|完结|结束|完成|完毕|修复|关闭|恢复|闭环|了结){_AFTER}",
        "case.resolved",
    ),
    _s(rf"(?:问题|投诉|工单|诉求|事项)处理{_AFTER}", "case.resolved"),
    _s(rf"(?:自|从)?{_RECEIVED}{_OBJECT}{_ON}", "case.opened"),
    _s(
        rf"(?:提出|提交|发起|反映|申告|登记|申请)(?:投诉|申请|诉求|报修|意见|问题|装机|退换?货)?{_OBJECT}(?:之?后|之?日起|之?时起|的[,，])",
        "case.opened",
    ),
    _s(r"(?:投诉|报修|申请|求助|申诉)(?:之?后|之?日起|之?时起)", "case.opened"),
)
"""Wordings of a start, the narrower ones first; one without events is a start that the product does not record."""

UNKNOWN_START = re.compile(r"[^,。;]{2,14}?(?:之?后(?!续|果|台|勤|期)|之日起|之时起)[,]?")
"""Something that plainly starts a promise, though no wording above knows it."""

ENDS = (
    _s(
        r"(?:到达|赶到|抵达|到)(?:现场|达|场|位|养殖场|客户|用户)?(?:现场|处)?(?=$|[,。;、处进了])|到(?:达|场|现场)|抵达|赶赴"
    ),
    _s(
        r"(?:完成|进行|办理|予以)?(?:退款|退费|给付|审核|复核|取样|(?<!满意度)调查|核查|核算|查勘|检测|检验|发货|送达|领取|缴费|下架|整改)(?!方案|计划|意见)"
    ),
    _s(r"(?:转|转接|转到)人工", "bot.handed_over", subject="conversation"),
    _s(r"(?:发布|发出|张贴|作出)?(?:公告|通告)", "incident.announced", subject="incident"),
    _s(r"(?:提交|出具|形成|完成)[^,。;]{0,6}(?:根因|根本原因|原因)(?:分析)?报告?", "rca.submitted"),
    _s(
        r"(?:提交|出具|形成|制定)[^,。;]{0,6}(?:整改|改进)(?:方案|措施|计划|报告)",
        "improvement_plan.submitted",
    ),
    _s(r"(?:致电|电话|短信|上门|跟踪|满意度)?(?:回访|满意度调查)", "followup.done"),
    _s(r"(?:推送|发送|发出)[^,。;]{0,6}(?:满意度|评价|问卷)", "survey.sent"),
    _s(
        r"(?:告知|通报|通知|反馈|同步|更新|说明|汇报|回[复覆])[^,。;]{0,8}(?:进展|进度|处理情况|办理情况)",
        PROGRESS,
    ),
    _s(r"(?:告知|通知|说明)[^,。;]{0,6}预计[^,。;]{0,6}(?:时间|时限)", "case.eta_told"),
    _s(
        r"(?:给出|提出|提交|提供|制定|出具|形成|拿出|研拟|(?<=[须应])有)[^,。;]{0,8}(?:方案|处理意见|解决办法|维修计划|修复计划|应急计划)",
        "plan.proposed",
    ),
    _s(r"(?:诊断|初诊)", "case.diagnosed"),
    _s(r"(?:初步判断|初判|分类判断)", "case.triaged"),
    _s(r"(?:定级|评级|定性)", "case.classified"),
    _s(r"(?:接听|接起|接通|应答|接答)(?!率)", "call.answered"),
    _s(
        r"转(?:派|交|办|给|至|到)?(?=技术|主管|相关|责任|二线|专家|上级|资深|产品|物流)|(?:转派|移交|转交|转办)",
        "case.transferred",
    ),
    _s(r"(?:派单|派发|分派|派工|指派|分配|下派|下发)", "case.assigned"),
    _s(r"(?:受理(?!人|范围)|接单|签收|接手|领单|认领|承接)", "case.accepted"),
    _s(r"(?:上门|入户)(?!取|收|费)(?:服务|维修|处理|检修|查看|安装)?(?!费)", "service.visited"),
    _s(r"(?:核对|复核|校对)[^,。;]{0,4}记录|记录[^,。;]{0,4}(?:核对|复核)", "record.verified"),
    _s(r"(?:录入|补录|填写|登记|登录|建档|记录|填报)", "record.completed"),
    _s(
        r"(?:办结|结案|办理完毕|处理完毕|修复|修好|装好|完工|处理完成|办理完成|解决(?!方案|办法|率)|闭环|恢复(?:供|使用|正常|服务|通)|完成(?:装表|处理|办理|安装|维修|修复|施工|服务(?!记录|单|小结)|抢修|检修|解决|排查|处置)|重新(?:办理|处理)|(?<=[日内])完成(?=$|[,。;或及并])|处理(?=$|[,。;])|办理(?=$|[,。;])|处置(?=$|[,。;])|完毕)",
        "case.resolved",
    ),
    _s(r"(?:关闭|归档)", "case.closed"),
    _s(
        r"(?:(?:给出|告知|反馈|答复|出具|通知)[^,。;]{0,5}结果|响应|回应|回[复覆](?!率)|答[复覆](?!率)|反馈(?!率)|联系(?!方式|电话)|联络(?!电话)|回电|致电|应答|取得联系|沟通|确认(?=$|[,。;])|发出[^,。;]{0,4}确认|确认收到|短信告知|书面告知|告知(?!预计)|通知(?=客户|用户|投诉人|业主|顾客|旅客|患者|申请人|本人|对方|家长|学员))",
        *ANSWER,
    ),
)
"""Wordings of an end; one without events is an end that the product does not record."""

GRADED_ENDS = {
    "risk": (
        _s(r"召开[^,。;、]{0,8}会议?", "risk.meeting_held", subject="risk"),
        _s(
            r"(?:启动|开始)[^,。;、]{0,8}(?:处理|处置|应对|流程|程序)+|(?:处理|处置)启动",
            "risk.handling_started",
            subject="risk",
        ),
    ),
    "crisis": (
        _s(r"(?:组成|成立|组建)[^,。;、]{0,8}(?:小组|专班|工作组)", "crisis.team_formed", subject="crisis"),
        _s(
            r"(?:调动|调集|调配|统筹)[^,。;、]{0,8}(?:资源|力量|部门)", "crisis.coordinated", subject="crisis"
        ),
        _s(
            r"控制(?:住)?(?:事态|局面|影响)|(?:事态|局面)[^,。;]{0,4}控制",
            "crisis.contained",
            subject="crisis",
        ),
        _s(
            r"(?:提交|出具|完成|形成)[^,。;]{0,4}(?:复盘|总结|处置)报告",
            "crisis.report_submitted",
            subject="crisis",
        ),
        _s(r"(?:完成|进行|开展|组织)[^,。;]{0,4}复盘", "crisis.reviewed", subject="crisis"),
        _s(r"解决|(?:处理|处置)(?:完毕|完成)|化解", "crisis.resolved", subject="crisis"),
    ),
}
"""Further ends of what is about a risk or a crisis, tried first there and nowhere else."""


def starts(text: str, begin: int, end: int) -> Moment | None:
    """The start that is named last between the two places; None where none is."""
    best: Moment | None = None
    for pattern, events, subject in STARTS:
        for match in pattern.finditer(text, begin, end):
            if (
                best is None
                or match.end() > best.end
                or (match.end() == best.end and not best.events and not best.named)
            ):
                best = Moment(events, match.start(), match.end(), subject)
    if best is None:
        unknown = None
        for match in UNKNOWN_START.finditer(text, begin, end):
            unknown = match
        if unknown is not None:
            best = Moment((), unknown.start(), unknown.end())
    return best


def ends(text: str, begin: int, end: int, about: str = "case") -> list[Moment]:
    """Every end named between the two places, in order; of overlapping ones the wording listed first. `about`: the
    subject of the promise."""
    found: list[Moment] = []
    for pattern, events, subject in (*GRADED_ENDS.get(about, ()), *ENDS):
        for match in pattern.finditer(text, begin, end):
            if all(match.end() <= f.start or match.start() >= f.end for f in found):
                found.append(Moment(events, match.start(), match.end(), subject))
    return sorted(found, key=lambda m: m.start)
