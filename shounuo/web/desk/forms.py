"""The forms behind the dialogs of a case, and what each of them does: one service a form."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.cases import queries, services
from shounuo.cases.models import Case, Interaction, Link
from shounuo.cases.queries.page import CasePage
from shounuo.cases.rules.fields import Field
from shounuo.commitments.queries import promises
from shounuo.duties.events import REQUESTED
from shounuo.duties.kinds import COLLABORATION
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.staff import queries as staff
from shounuo.staff.models import Team
from shounuo.web import timing
from shounuo.web.days import MomentField

LONG = forms.Textarea(attrs={"rows": 3})
NUMBER = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})


class ActForm(forms.Form):
    """A dialog's form; `it` is the page of the case, read before the form is made. `run` does the act with what was
    typed and gives the number of another case where that is the one to show next."""

    def __init__(self, *args: Any, it: CasePage, actor: Actor, **kwargs: Any) -> None:
        self.it, self.actor = it, actor
        super().__init__(*args, **kwargs)

    columns = 1

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        raise AssertionError("an act without a service")


def moment(value: datetime | None) -> datetime | None:
    """What was typed is the organisation's local time."""
    return None if value is None else value.replace(tzinfo=ZoneInfo(staff.organisation().zone))


def people_choices() -> list[tuple[str, Any]]:
    return [
        ("", _("不指定")),
        *[(str(p.pk), f"{p.name} · {p.get_presence_display()}") for p in staff.people()],
    ]


def team_choices() -> list[tuple[str, Any]]:
    return [("", _("不指定")), *[(str(t.pk), t.name) for t in staff.teams()]]


class Assign(ActForm):
    team = forms.ChoiceField(label=_("小组"), required=False)
    person = forms.ChoiceField(label=_("负责人"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = team_choices()  # type: ignore[attr-defined]
        self.fields["person"].choices = people_choices()  # type: ignore[attr-defined]

    def ids(self, values: dict[str, Any]) -> dict[str, int | None]:
        person, team = values.get("person"), values.get("team")
        if not person and not team:
            raise Invalid(_("请选一个人或一个小组"), field="person")
        return {"person_id": int(person) if person else None, "team_id": int(team) if team else None}

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.case_assign(case_id=case.pk, **self.ids(values), actor=actor, at=at)
        return None


class Transfer(Assign):
    reason = forms.CharField(label=_("请他做什么"), widget=LONG, max_length=2000)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.case_transfer(
            case_id=case.pk, **self.ids(values), reason=values["reason"], actor=actor, at=at
        )
        return None


class Classify(ActForm):
    columns = 2
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
        self.fields["topic"].choices = [  # type: ignore[attr-defined]
            ("", _("未定")),
            *[(str(t.pk), t.full_name) for t in queries.topics()],
        ]
        case = self.it.case
        for name in ("kind", "level", "severity", "complexity", "priority"):
            self.fields[name].initial = getattr(case, name)
        self.fields["topic"].initial = str(case.topic_id or "")

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        topic = values.pop("topic")
        services.case_classify(
            case_id=case.pk, **values, topic_id=int(topic) if topic else None, actor=actor, at=at
        )
        return None


class Diagnose(ActForm):
    text = forms.CharField(label=_("判断是什么问题、什么原因"), widget=LONG, max_length=4000)
    tell_customer = forms.BooleanField(label=_("同时告诉客户"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].initial = self.it.case.diagnosis

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.case_diagnose(case_id=case.pk, **values, actor=actor, at=at)
        return None


class Eta(ActForm):
    expected = MomentField(label=_("预计解决时间"))
    text = forms.CharField(label=_("对客户说的话"), widget=LONG, required=False, max_length=2000)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.eta_tell(
            case_id=case.pk, expected_at=_sure(values["expected"]), text=values["text"], actor=actor, at=at
        )
        return None


class Warn(ActForm):
    text = forms.CharField(label=_("向客户说明原因"), widget=LONG, max_length=2000)
    expected = MomentField(label=_("新的预计时间"))

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.customer_warn(
            case_id=case.pk, text=values["text"], expected_at=_sure(values["expected"]), actor=actor, at=at
        )
        return None


class Wait(ActForm):
    on = forms.ChoiceField(
        label=_("等谁"),
        choices=[("customer", _("等客户")), ("internal", _("等协作"))],
        widget=forms.RadioSelect,
        initial="customer",
    )
    reason = forms.CharField(label=_("等什么"), max_length=120, required=False)
    until = MomentField(label=_("到时自动继续"), required=False)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.case_wait(
            case_id=case.pk,
            on=values["on"],
            reason=values["reason"],
            until=moment(values["until"]),
            actor=actor,
            at=at,
        )
        return None


class AskHelp(ActForm):
    """Another team is asked; beside each stands by when the clauses in force promise its answer."""

    team = forms.ChoiceField(label=_("请哪个小组"))
    text = forms.CharField(label=_("需要他们做什么"), widget=LONG, max_length=4000)
    due = MomentField(label=_("最晚什么时候"), required=False, help_text=_("不填就按制度规定的时限"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        at = now()
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            (str(t.pk), _asked_team(t, at)) for t in staff.teams() if t.pk != self.it.case.team_id
        ]

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.help_ask(
            case_id=case.pk,
            team_id=int(values["team"]),
            text=values["text"],
            due_at=moment(values["due"]),
            actor=actor,
            at=at,
        )
        return None


class Helper(ActForm):
    person = forms.ChoiceField(label=_("请谁协作"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = people_choices()[1:]  # type: ignore[attr-defined]

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.helper_add(case_id=case.pk, person_id=int(values["person"]), actor=actor, at=at)
        return None


class Tags(ActForm):
    tags = forms.CharField(label=_("标签"), required=False, help_text=_("用逗号或空格隔开"), max_length=400)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tags"].initial = _("，").join(self.it.case.tags)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.tags_set(case_id=case.pk, tags=split_tags(values["tags"]), actor=actor, at=at)
        return None


class Fields(ActForm):
    """The organisation's own fields on this kind of case."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.it.fields:
            self.fields[f"f_{field.code}"] = _custom(field)
            self.fields[f"f_{field.code}"].initial = self.it.case.custom.get(field.code)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        given = {name.removeprefix("f_"): value for name, value in values.items()}
        services.custom_set(case_id=case.pk, values=given, actor=actor, at=at)
        return None


class Merge(ActForm):
    """Into another case of the same customer: one of his that is open, or any by its number."""

    target = forms.ChoiceField(label=_("并进哪一张"), widget=forms.RadioSelect, required=False)
    number = forms.IntegerField(label=_("或者填单号"), min_value=1, required=False, widget=NUMBER)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [(str(c.number), f"{c.number} {c.subject[:30]}") for c in self.it.others]
        self.fields["target"].choices = rows  # type: ignore[attr-defined]
        if not rows:
            del self.fields["target"]
            self.fields["number"].label = _("并进哪一张（单号）")

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        number = values["number"] or values.get("target")
        if not number:
            raise Invalid(_("请选一张，或填它的单号"), field="number")
        into = _other(actor, int(number), field="number")
        services.cases_merge(source_id=case.pk, target_id=into.pk, actor=actor, at=at)
        return into.number


class Split(ActForm):
    interaction = forms.ChoiceField(label=_("拆出客户的哪一条"))
    subject = forms.CharField(label=_("新工单的标题"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = [
            (str(m.interaction.pk), m.interaction.text[:60])
            for m in self.it.messages
            if m.interaction.direction == Interaction.Direction.IN
        ]
        self.fields["interaction"].choices = rows[::-1]  # type: ignore[attr-defined]

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        new = services.case_split(
            interaction_id=int(values["interaction"]), subject=values["subject"], actor=actor, at=at
        )
        return new.number


class Tie(ActForm):
    number = forms.IntegerField(label=_("和哪一张（单号）"), min_value=1, widget=NUMBER)
    kind = forms.ChoiceField(
        label=_("关系"), choices=[(Link.Kind.RELATED, _("相关")), (Link.Kind.PARENT, _("这张是上级"))]
    )

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        other = _other(actor, values["number"], field="number")
        services.cases_link(source_id=case.pk, target_id=other.pk, kind=values["kind"], actor=actor, at=at)
        return None


class Feedback(ActForm):
    text = forms.CharField(label=_("客户怎么说"), widget=LONG, max_length=2000)
    how = forms.ChoiceField(
        label=_("怎么验证的"),
        choices=Case.Verification.choices,
        widget=forms.RadioSelect,
        initial=Case.Verification.CUSTOMER,
        required=False,
    )

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        how = values["how"] or Case.Verification.CUSTOMER
        services.feedback_note(case_id=case.pk, text=values["text"], how=how, actor=actor, at=at)
        return None


class Progress(ActForm):
    aspect = forms.ChoiceField(
        label=_("记什么"),
        choices=[
            (p.value, p.label)
            for p in (
                Interaction.Purpose.PROGRESS,
                Interaction.Purpose.OPERATION,
                Interaction.Purpose.COOPERATION,
            )
        ],
        widget=forms.RadioSelect,
        initial=Interaction.Purpose.PROGRESS,
    )
    text = forms.CharField(label=_("进展"), widget=LONG, max_length=4000)
    public = forms.BooleanField(label=_("同时告诉客户"), required=False)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.progress_note(case_id=case.pk, **values, actor=actor, at=at)
        return None


class Reopen(ActForm):
    reason = forms.CharField(label=_("为什么重新打开"), widget=LONG, max_length=1000)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.case_reopen(case_id=case.pk, reason=values["reason"], actor=actor, at=at)
        return None


class Resolve(ActForm):
    text = forms.CharField(label=_("怎么解决的（会发给客户）"), widget=LONG, max_length=4000)

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        services.case_resolve(case_id=case.pk, text=values["text"], actor=actor, at=at)
        return None


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

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        options = [
            {
                **{name: values[f"{name}{n}"] for name in ("title", "time", "cost", "pros", "cons", "steps")},
                "recommended": values["recommended"] == str(n),
            }
            for n in range(1, self.COUNT + 1)
            if values[f"title{n}"]
        ]
        services.plan_propose(case_id=case.pk, options=options, text=values["text"], actor=actor, at=at)
        return None


def _asked_team(team: Team, at: datetime) -> str:
    """The team with what its department has promised: 物流 · 1 小时 4.2.3."""
    facts = {
        "kind": COLLABORATION,
        "status": "open",
        "team": team.code,
        "dept": team.department,
    }
    promised = promises("duty", REQUESTED, facts, facts, at)
    if not promised:
        return team.name
    words = timing.span_words(str(promised[0].span))
    return f"{team.name} · {words} · {timing.clause_number(promised[0].clause)}"


class Empty(forms.Form):
    """A question without fields: yes, or away."""


class RebaseForm(forms.Form):
    due = MomentField(label=_("新的到期时间"), required=False, help_text=_("不填就按现在的日历重算"))
    reason = forms.CharField(label=_("为什么"), widget=forms.Textarea(attrs={"rows": 2}), max_length=200)


def _other(actor: Actor, number: int, *, field: str) -> Case:
    """Another case by its number; what is wrong with it stands at the field in which it was typed."""
    try:
        return queries.get(actor, number)
    except NotFound as missing:
        raise Invalid(str(missing), field=field) from missing


def split_tags(text: str) -> list[str]:
    for mark in "，、;；\n\t ":
        text = text.replace(mark, ",")
    return [t.strip() for t in text.split(",") if t.strip()]


def _sure(value: datetime) -> datetime:
    found = moment(value)
    assert found is not None
    return found


def _custom(field: Field) -> forms.Field:
    """The control of an own field; what is typed is judged by the service, which knows its type."""
    match field.type:
        case "number":
            widget = forms.TextInput(attrs={"inputmode": "decimal"})
            return forms.CharField(label=field.label, required=False, widget=widget, max_length=40)
        case "date":
            day = forms.DateInput(attrs={"type": "date"})
            return forms.CharField(label=field.label, required=False, widget=day, max_length=40)
        case "choice":
            choices = [("", _("未填")), *[(c, c) for c in field.choices]]
            return forms.ChoiceField(label=field.label, required=False, choices=choices)
        case "bool":
            return forms.BooleanField(label=field.label, required=False)
        case _:
            return forms.CharField(label=field.label, required=False, max_length=2000)
