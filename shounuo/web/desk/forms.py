"""The forms behind the dialogs of a case, and what each of them does: one service a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.cases import queries, services
from shounuo.cases.models import Case, Link
from shounuo.cases.queries.page import CasePage
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.staff import queries as staff

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
LONG = forms.Textarea(attrs={"rows": 3})


class ActForm(forms.Form):
    """A dialog's form; `it` is the page of the case, read before the form is made."""

    def __init__(self, *args: Any, it: CasePage, actor: Actor, **kwargs: Any) -> None:
        self.it, self.actor = it, actor
        super().__init__(*args, **kwargs)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        raise AssertionError("an act without a service")


def moment(value: datetime | None) -> datetime | None:
    """What was typed is the organisation's local time."""
    return None if value is None else value.replace(tzinfo=ZoneInfo(staff.organisation().zone))


def _people(actor: Actor) -> list[tuple[str, Any]]:
    return [
        ("", _("不指定")),
        *[(str(p.pk), f"{p.name} · {p.get_presence_display()}") for p in staff.people()],
    ]


def _teams() -> list[tuple[str, Any]]:
    return [("", _("不指定")), *[(str(t.pk), t.name) for t in staff.teams()]]


class Assign(ActForm):
    team = forms.ChoiceField(label=_("小组"), required=False)
    person = forms.ChoiceField(label=_("负责人"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = _teams()  # type: ignore[attr-defined]
        self.fields["person"].choices = _people(self.actor)  # type: ignore[attr-defined]

    def ids(self, values: dict[str, Any]) -> dict[str, int | None]:
        person, team = values.get("person"), values.get("team")
        if not person and not team:
            raise Invalid(_("请选一个人或一个小组"), field="person")
        return {"person_id": int(person) if person else None, "team_id": int(team) if team else None}

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.case_assign(case_id=case.pk, **self.ids(values), actor=actor, at=at)


class Transfer(Assign):
    reason = forms.CharField(label=_("请他做什么"), widget=LONG, max_length=2000)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.case_transfer(
            case_id=case.pk, **self.ids(values), reason=values["reason"], actor=actor, at=at
        )


class Classify(ActForm):
    kind = forms.ChoiceField(label=_("类型"), choices=Case.Kind.choices)
    level = forms.ChoiceField(label=_("级别"), choices=[("", _("未定")), *Case.Level.choices], required=False)
    severity = forms.ChoiceField(
        label=_("严重程度"), choices=[("", _("未定")), *Case.Severity.choices], required=False
    )
    complexity = forms.ChoiceField(
        label=_("难易"), choices=[("", _("未定")), *Case.Complexity.choices], required=False
    )
    priority = forms.ChoiceField(label=_("优先级"), choices=Case.Priority.choices)
    topic = forms.ChoiceField(label=_("主题"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topic"].choices = [
            ("", _("未定")),
            *[(str(t.pk), t.full_name) for t in queries.topics()],
        ]  # type: ignore[attr-defined]
        case = self.it.case
        for name in ("kind", "level", "severity", "complexity", "priority"):
            self.fields[name].initial = getattr(case, name)
        self.fields["topic"].initial = str(case.topic_id or "")

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        topic = values.pop("topic")
        services.case_classify(
            case_id=case.pk, **values, topic_id=int(topic) if topic else None, actor=actor, at=at
        )


class Diagnose(ActForm):
    text = forms.CharField(label=_("判断是什么问题、什么原因"), widget=LONG, max_length=4000)
    tell_customer = forms.BooleanField(label=_("同时告诉客户"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].initial = self.it.case.diagnosis

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.case_diagnose(case_id=case.pk, **values, actor=actor, at=at)


class Eta(ActForm):
    expected = forms.DateTimeField(label=_("预计解决时间"), widget=MOMENT)
    text = forms.CharField(label=_("对客户说的话"), widget=LONG, required=False, max_length=2000)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.eta_tell(
            case_id=case.pk, expected_at=_sure(values["expected"]), text=values["text"], actor=actor, at=at
        )


class Warn(ActForm):
    text = forms.CharField(label=_("向客户说明原因"), widget=LONG, max_length=2000)
    expected = forms.DateTimeField(label=_("新的预计时间"), widget=MOMENT)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.customer_warn(
            case_id=case.pk, text=values["text"], expected_at=_sure(values["expected"]), actor=actor, at=at
        )


class Wait(ActForm):
    on = forms.ChoiceField(
        label=_("等谁"),
        choices=[("customer", _("等客户")), ("internal", _("等协作"))],
        widget=forms.RadioSelect,
        initial="customer",
    )
    reason = forms.CharField(label=_("等什么"), max_length=120, required=False)
    until = forms.DateTimeField(label=_("到时自动继续"), widget=MOMENT, required=False)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.case_wait(
            case_id=case.pk,
            on=values["on"],
            reason=values["reason"],
            until=moment(values["until"]),
            actor=actor,
            at=at,
        )


class Helper(ActForm):
    person = forms.ChoiceField(label=_("请谁协作"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = _people(self.actor)[1:]  # type: ignore[attr-defined]

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.helper_add(case_id=case.pk, person_id=int(values["person"]), actor=actor, at=at)


class Tags(ActForm):
    tags = forms.CharField(label=_("标签"), required=False, help_text=_("用逗号或空格隔开"), max_length=400)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tags"].initial = "，".join(self.it.case.tags)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.tags_set(case_id=case.pk, tags=split_tags(values["tags"]), actor=actor, at=at)


class Fields(ActForm):
    """The organisation's own fields on this kind of case."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.it.fields:
            self.fields[f"f_{field.code}"] = _custom(field)
            self.fields[f"f_{field.code}"].initial = self.it.case.custom.get(field.code)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        given = {name.removeprefix("f_"): value for name, value in values.items()}
        services.custom_set(case_id=case.pk, values=given, actor=actor, at=at)


class Merge(ActForm):
    target = forms.IntegerField(label=_("并进哪一张（单号）"), min_value=1)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        into = queries.get(actor, values["target"])
        services.cases_merge(source_id=case.pk, target_id=into.pk, actor=actor, at=at)


class Split(ActForm):
    interaction = forms.ChoiceField(label=_("拆出哪一条"))
    subject = forms.CharField(label=_("新工单的标题"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [
            (str(m.interaction.pk), f"{m.interaction.get_direction_display()} · {m.interaction.text[:40]}")
            for m in self.it.messages
        ]
        self.fields["interaction"].choices = rows[::-1]  # type: ignore[attr-defined]

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.case_split(
            interaction_id=int(values["interaction"]), subject=values["subject"], actor=actor, at=at
        )


class Tie(ActForm):
    number = forms.IntegerField(label=_("和哪一张（单号）"), min_value=1)
    kind = forms.ChoiceField(
        label=_("关系"), choices=[(Link.Kind.RELATED, _("相关")), (Link.Kind.PARENT, _("这张是上级"))]
    )

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        other = queries.get(actor, values["number"])
        services.cases_link(source_id=case.pk, target_id=other.pk, kind=values["kind"], actor=actor, at=at)


class Feedback(ActForm):
    text = forms.CharField(label=_("客户怎么说"), widget=LONG, max_length=2000)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.feedback_note(case_id=case.pk, text=values["text"], actor=actor, at=at)


class Reopen(ActForm):
    reason = forms.CharField(label=_("为什么重新打开"), widget=LONG, max_length=1000)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.case_reopen(case_id=case.pk, reason=values["reason"], actor=actor, at=at)


class Resolve(ActForm):
    text = forms.CharField(label=_("怎么解决的（会发给客户）"), widget=LONG, max_length=4000)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        services.case_resolve(case_id=case.pk, text=values["text"], actor=actor, at=at)


class Propose(ActForm):
    """One to three ways out; a row without a title is left out."""

    COUNT = 3
    text = forms.CharField(label=_("先说一句"), widget=LONG, required=False, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for n in range(1, self.COUNT + 1):
            self.fields[f"title{n}"] = forms.CharField(label=_("方案名"), required=n == 1, max_length=120)
            self.fields[f"time{n}"] = forms.CharField(label=_("要多久"), required=False, max_length=60)
            self.fields[f"cost{n}"] = forms.CharField(label=_("费用"), required=False, max_length=60)
            self.fields[f"pros{n}"] = forms.CharField(
                label=_("好处"), required=False, widget=forms.Textarea(attrs={"rows": 2})
            )
            self.fields[f"cons{n}"] = forms.CharField(
                label=_("不足"), required=False, widget=forms.Textarea(attrs={"rows": 2})
            )
            self.fields[f"steps{n}"] = forms.CharField(
                label=_("步骤"), required=False, widget=forms.Textarea(attrs={"rows": 2})
            )
        self.fields["recommended"] = forms.ChoiceField(
            label=_("推荐"),
            required=False,
            choices=[("", _("不推荐")), ("1", _("甲")), ("2", _("乙")), ("3", _("丙"))],
        )

    def groups(self) -> list[list[forms.BoundField]]:
        """The fields option by option, for the template."""
        return [
            [self[f"{name}{n}"] for name in ("title", "time", "cost", "pros", "cons", "steps")]
            for n in range(1, self.COUNT + 1)
        ]

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> None:
        options = [
            {
                **{name: values[f"{name}{n}"] for name in ("title", "time", "cost", "pros", "cons", "steps")},
                "recommended": values["recommended"] == str(n),
            }
            for n in range(1, self.COUNT + 1)
            if values[f"title{n}"]
        ]
        services.plan_propose(case_id=case.pk, options=options, text=values["text"], actor=actor, at=at)


def split_tags(text: str) -> list[str]:
    for mark in "，、;；\n\t ":
        text = text.replace(mark, ",")
    return [t.strip() for t in text.split(",") if t.strip()]


def _sure(value: datetime) -> datetime:
    found = moment(value)
    assert found is not None
    return found


def _custom(field: Any) -> forms.Field:
    match field.type:
        case "number":
            return forms.DecimalField(label=field.label, required=False)
        case "date":
            return forms.DateField(
                label=field.label, required=False, widget=forms.DateInput(attrs={"type": "date"})
            )
        case "choice":
            return forms.ChoiceField(
                label=field.label, required=False, choices=[("", _("未填")), *[(c, c) for c in field.choices]]
            )
        case "bool":
            return forms.BooleanField(label=field.label, required=False)
        case _:
            return forms.CharField(label=field.label, required=False, max_length=500)


@dataclass(frozen=True, slots=True)
class Act:
    """A dialog: its form, what it is called (with the case's number), the verb on its button, and a word of help."""

    form: type[ActForm]
    title: Any
    verb: Any
    lead: Any = ""
    done: Any = ""
    template: str = "desk/act.html"


ACTS: dict[str, Act] = {
    "assign": Act(Assign, _("把 %(n)s 分派给谁"), _("分派"), done=_("已分派")),
    "transfer": Act(
        Transfer, _("把 %(n)s 转给谁"), _("转派"), _("一件事始终有一个负责人；转派会计数。"), _("已转派")
    ),
    "classify": Act(
        Classify, _("给 %(n)s 归类"), _("归类"), _("归类决定哪些条款适用，时限会随之重算。"), _("已归类")
    ),
    "diagnose": Act(Diagnose, _("%(n)s 的初步诊断"), _("记下诊断"), done=_("诊断已记下")),
    "eta": Act(Eta, _("告知 %(n)s 的预计时间"), _("告诉客户"), done=_("已告知客户")),
    "warn": Act(
        Warn, _("超时前向客户说明"), _("告诉客户"), _("预计要超时，先说清楚原因。"), _("已向客户说明")
    ),
    "wait": Act(
        Wait, _("%(n)s 先等一等"), _("开始等"), _("等的时候，写明可以暂停的时限会停下。"), _("已转为等待")
    ),
    "helper": Act(Helper, _("请人协作 %(n)s"), _("请他协作"), done=_("已请协作")),
    "tags": Act(Tags, _("%(n)s 的标签"), _("保存"), done=_("标签已保存")),
    "fields": Act(Fields, _("%(n)s 的字段"), _("保存"), done=_("已保存")),
    "merge": Act(
        Merge,
        _("把 %(n)s 并进另一张"),
        _("合并"),
        _("消息和附件都过去，这张留个指向；30 天内可以撤回。"),
        _("已合并"),
    ),
    "split": Act(Split, _("从 %(n)s 拆出一张"), _("拆出"), done=_("已拆出新工单")),
    "link": Act(Tie, _("把 %(n)s 和另一张关联"), _("关联"), done=_("已关联")),
    "feedback": Act(Feedback, _("%(n)s 的客户反馈"), _("记下"), done=_("反馈已记下")),
    "reopen": Act(Reopen, _("重新打开 %(n)s"), _("重新打开"), done=_("已重新打开")),
    "resolve": Act(
        Resolve,
        _("%(n)s 解决了"),
        _("解决"),
        _("客户确认后关闭；72 小时没有异议也会关闭。"),
        _("已解决，等客户确认"),
    ),
    "propose": Act(
        Propose, _("给 %(n)s 提方案"), _("发给客户选"), template="desk/propose.html", done=_("方案已发给客户")
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
