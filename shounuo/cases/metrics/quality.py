"""How well: what came back, was passed on, was told and recorded."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.cases.metrics.volume import MESSAGES
from shounuo.metrics import registry
from shounuo.metrics.ground import TIMES
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Aggregate, Direction, Unit

UP, DOWN, NONE = Direction.UP, Direction.DOWN, Direction.NONE
DONE = _("已解决的工单")
CLOSED = _("关闭的工单")
ETA = _("告知过预计时间的已解决工单")


def _share(
    code: str, name: Any, definition: Any, population: Any, hits: Any, direction: Direction, series: str = "case.concluded",
    *, group: str = "quality", **more: Any,
) -> Metric:  # fmt: skip
    given: dict[str, Any] = {"least": 10, "cut": ("team", "topic_top")}
    return Metric(
        code, name, group, definition, population, series, Aggregate.SHARE, Unit.SHARE, direction=direction, hits=hits,
        **(given | more),
    )  # fmt: skip


registry.metrics(
    _share("reopen_rate", _("重开率"), _("期内的解决里，后来又重新打开的比例。"), _("期内的解决"), _("后来重开的"), DOWN, "case.resolved", hit={"flag": "reopened"}),
    Metric("reopened_count", _("重开量"), "quality", _("重新打开的次数，无论由谁、为何。"), _("期内的重新打开"), "case.reopened", noun=TIMES, direction=DOWN, cut=("team", "topic_top")),
    Metric("disputed_count", _("异议量"), "quality", _("客户表示没有解决的次数。"), _("客户的异议"), "case.disputed", noun=TIMES, direction=DOWN, cut=("team", "topic_top")),
    _share("dispute_rate", _("异议重开占比"), _("重新打开里，因客户提出异议的比例；其余是来信重开或我们自己重开。"), _("期内的重新打开"), _("因异议重开的"), DOWN, "case.reopened", hit={"outcome": "dispute"}),
    _share("confirm_rate", _("客户确认率"), _("关闭的工单里，客户亲自确认或由我们登记确认的比例；其余是期满关闭或人工关闭。"), CLOSED, _("客户确认的"), UP, "case.closed"),
    _share("silence_close_rate", _("期满关闭率"), _("关闭的工单里，因客户期满无异议而关闭的比例。"), CLOSED, _("期满关闭的"), NONE, "case.closed", hit={"outcome": "silence"}),
    _share("transfer_rate", _("转派率"), _("已解决的工单里，转派过的比例。"), DONE, _("转派过的工单"), DOWN, hit={"flag": "transferred"}),
    _share("passed_on_rate", _("多次转派率"), _("已解决的工单里，转派过两次以上的比例：踢皮球。"), DONE, _("转派两次以上的工单"), DOWN, hit={"flag": "passed_on"}),
    Metric("transfers_per_case", _("平均转派次数"), "quality", _("已解决的工单平均转派几次。"), DONE, "case.transfers", Aggregate.MEAN, Unit.RATIO, noun=TIMES, direction=DOWN, least=10, cut=("team", "topic_top")),
    Metric("transfer_count", _("转派次数"), "quality", _("工单从一个人转给另一个人或另一个团队的次数，计在转出的人名下。"), _("期内的转派"), "case.transferred", noun=TIMES, direction=DOWN, cut=("team", "person")),
    _share("cross_team_rate", _("跨组转派占比"), _("转派里，转给另一个团队的比例。"), _("期内的转派"), _("转给另一个团队的"), NONE, "case.transferred", hit={"flag": "other_team"}),
    _share("escalation_rate", _("升级率"), _("已解决的工单里，升过级的比例：级别调高，或转给了另一个团队。"), DONE, _("升过级的工单"), DOWN, hit={"flag": "escalated"}),
    Metric("escalation_count", _("级别调高次数"), "quality", _("工单级别被调高的次数，如 L1 调到 L2。"), _("期内的级别调高"), "case.escalated", noun=TIMES, direction=DOWN, cut=("topic_top",)),
    _share("first_hand_rate", _("首接解决率"), _("已解决的工单里，从未转派的比例：第一个接手的人就办成了。"), DONE, _("没有转派过的工单"), UP, hit={"no_flag": "transferred"}),
    _share("record_complete_rate", _("记录完整率"), _("已解决的工单里，服务记录的七项都已填齐的比例。"), DONE, _("记录齐全的工单"), UP, hit={"flag": "recorded"}, cut=("team", "person")),
    _share("record_verified_rate", _("记录核对率"), _("已解决的工单里，服务记录核对过的比例。"), DONE, _("记录核对过的工单"), UP, hit={"flag": "verified"}, cut=("team", "person")),
    _share("diagnosed_rate", _("诊断登记率"), _("已解决的工单里，登记过初步诊断的比例。"), DONE, _("有初步诊断的工单"), UP, hit={"flag": "diagnosed"}),
    _share("eta_told_rate", _("预计时间告知率"), _("已解决的工单里，告知过客户预计时间的比例。"), DONE, _("告知过的工单"), UP, hit={"flag": "eta_told"}),
    _share("eta_kept_rate", _("预计时间兑现率"), _("告知过预计时间的工单里，在所说的时间之前解决的比例；改过的按最后一次。"), ETA, _("按时解决的"), UP, only={"flag": "eta_told"}, hit={"flag": "eta_kept"}),
    _share("case_kept_rate", _("全程守诺工单占比"), _("有时限约定的已解决工单里，一项都没有违诺的比例。"), _("有时限约定的已解决工单"), _("没有违诺的工单"), UP, group="promise"),
    Metric("warned_count", _("提前说明次数"), "promise", _("预计不能按时，超时之前就向客户说明原因与新时间的次数。"), _("期内的提前说明"), "case.warned", noun=TIMES, cut=("team",)),
    _share("plan_chosen_rate", _("方案采纳率"), _("提出的方案里，客户从中选定了的比例；还没有结果的不计，按提出的时刻计入。"), _("已有结果的方案"), _("客户选定的方案"), UP, "plan.proposed"),
    Metric("plan_count", _("提出方案量"), "quality", _("向客户提出方案的次数。"), _("提出的方案"), "plan.proposed", noun=TIMES, cut=("team",)),
    _share("receipt_rate", _("自动回执率"), _("新建的工单里，给客户发过自动回执的比例。"), _("新建的工单"), _("发过回执的工单"), UP, "case.opened", group="channel", hit={"flag": "receipt"}, cut=("channel",)),
    Metric("receipt_count", _("自动回执量"), "channel", _("系统自动发给客户的消息条数。"), _("自动发出的消息"), "message.automatic", noun=MESSAGES, cut=("channel",)),
    _share("undelivered_rate", _("答复送达失败率"), _("发给客户的答复里，没有送达的比例；还在路上的不计。"), _("已有结果的答复"), _("没有送达的答复"), DOWN, "message.out", group="channel", hit={"outcome": "failed"}, only={"outcome": ("done", "failed")}, cut=("channel",)),
    Metric("undelivered_count", _("答复送达失败量"), "channel", _("没有送达客户的答复条数。"), _("没有送达的答复"), "message.out", noun=MESSAGES, direction=DOWN, only={"outcome": "failed"}, cut=("channel",)),
    _share("mail_undelivered_rate", _("邮件送达失败率"), _("用邮件发出的答复里，没有送达的比例。"), _("已有结果的邮件答复"), _("没有送达的邮件"), DOWN, "message.out", group="channel", hit={"outcome": "failed"}, only={"outcome": ("done", "failed"), "channel": "mail"}, cut=("mailbox",)),
    Metric("praise_complaint_ratio", _("表扬投诉比"), "quality", _("表扬的件数与投诉的件数之比。"), _("新建的投诉"), "case.opened", Aggregate.RATIO, Unit.RATIO, direction=UP, hits=_("新建的表扬"), only={"kind": "praise"}, against=("case.opened", {"kind": "complaint"}), least=10, cut=("team",)),
)  # fmt: skip
