"""What may be done with a case: the acts with a dialog and those without a question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.cases import services
from shounuo.web.desk import forms
from shounuo.web.desk.granting import Grant


@dataclass(frozen=True, slots=True)
class Act:
    """A dialog: its form, what it is called (with the case's number), the verb on its button, and a word of help."""

    form: type[forms.ActForm]
    title: Any
    verb: Any
    lead: Any = ""
    done: Any = ""
    template: str = "desk/act.html"


ACTS: dict[str, Act] = {
    "assign": Act(forms.Assign, _("把 %(n)s 分派给谁"), _("分派"), done=_("已分派")),
    "transfer": Act(
        forms.Transfer,
        _("把 %(n)s 转给谁"),
        _("转派"),
        _("一件事始终有一个负责人；转派会计数。"),
        _("已转派"),
    ),
    "classify": Act(
        forms.Classify,
        _("给 %(n)s 归类"),
        _("归类"),
        _("归类决定哪些条款适用，时限会随之重算。"),
        _("已归类"),
    ),
    "diagnose": Act(forms.Diagnose, _("%(n)s 的初步诊断"), _("记下诊断"), done=_("诊断已记下")),
    "eta": Act(forms.Eta, _("告知 %(n)s 的预计时间"), _("告诉客户"), done=_("已告知客户")),
    "warn": Act(
        forms.Warn, _("超时前向客户说明"), _("告诉客户"), _("预计要超时，先说清楚原因。"), _("已向客户说明")
    ),
    "wait": Act(
        forms.Wait,
        _("%(n)s 先等一等"),
        _("开始等"),
        _("等的时候，写明可以暂停的时限会停下。"),
        _("已转为等待"),
    ),
    "progress": Act(
        forms.Progress,
        _("%(n)s 的处理进展"),
        _("记下"),
        _("做到哪一步、做了什么、客户配合得怎样。"),
        _("进展已记下"),
    ),
    "ask": Act(
        forms.AskHelp,
        _("请别的部门协作 %(n)s"),
        _("请他们协作"),
        _(
            "对方小组只看到这里写的话，看不到工单；把要查的单号、时间、要什么答复写清楚。答复回来前工单转为等待协作。"
        ),
        _("已请部门协作"),
    ),
    "helper": Act(forms.Helper, _("请人协作 %(n)s"), _("请他协作"), done=_("已请协作")),
    "tags": Act(forms.Tags, _("%(n)s 的标签"), _("保存"), done=_("标签已保存")),
    "fields": Act(forms.Fields, _("%(n)s 的字段"), _("保存"), done=_("已保存")),
    "merge": Act(
        forms.Merge,
        _("把 %(n)s 并进另一张"),
        _("合并"),
        _("消息和附件都过去，这张留个指向；30 天内可以撤回。"),
        _("已合并"),
    ),
    "split": Act(forms.Split, _("从 %(n)s 拆出一张"), _("拆出"), done=_("已拆出新工单")),
    "link": Act(forms.Tie, _("把 %(n)s 和另一张关联"), _("关联"), done=_("已关联")),
    "grant": Act(Grant, _("%(n)s 的补偿与特批"), _("申请"), done=_("已提出")),
    "feedback": Act(forms.Feedback, _("%(n)s 的客户反馈"), _("记下"), done=_("反馈已记下")),
    "reopen": Act(forms.Reopen, _("重新打开 %(n)s"), _("重新打开"), done=_("已重新打开")),
    "resolve": Act(
        forms.Resolve,
        _("%(n)s 解决了"),
        _("解决"),
        _("客户确认后关闭；72 小时没有异议也会关闭。"),
        _("已解决，等客户确认"),
    ),
    "propose": Act(
        forms.Propose,
        _("给 %(n)s 提方案"),
        _("发给客户选"),
        template="desk/propose.html",
        done=_("方案已发给客户"),
    ),
}

# Acts without a question.
PLAIN: dict[str, tuple[Callable[..., Any], Any]] = {
    "take": (services.case_take, _("已接下")),
    "accept": (services.case_accept, _("已查收")),
    "resume": (services.case_resume, _("继续处理")),
    "confirm": (services.case_confirm, _("已确认解决，工单关闭")),
    "close": (services.case_close, _("已关闭")),
    "verify": (services.record_verify, _("记录已核对")),
}
