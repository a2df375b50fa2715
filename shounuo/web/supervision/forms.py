"""What is asked when an inspection is planned and ended, and when something is found and verified."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shounuo.cases.models import Case
from shounuo.improvement.models import Finding, Inspection, Judgement
from shounuo.kernel.actors import Actor
from shounuo.policy import labels
from shounuo.policy import queries as policy
from shounuo.policy.labels import spoken
from shounuo.staff import queries as staff
from shounuo.web.days import DayField, MomentField

ANY = ("", _("不限"))
EVENING = time(18)


def zone() -> ZoneInfo:
    return ZoneInfo(staff.organisation().zone)


class PlanForm(forms.Form):
    title = forms.CharField(label=_("名称"), max_length=120)
    clauses = forms.MultipleChoiceField(
        label=_("查哪些条款"),
        widget=forms.SelectMultiple(attrs={"size": 9}),
        help_text=_("可选多条，最多 20 条"),
    )
    source = forms.ChoiceField(
        label=_("查什么"), choices=Inspection.Source.choices, widget=forms.RadioSelect, initial="case"
    )
    first = DayField(label=_("从"))
    last = DayField(label=_("到"))
    team = forms.ChoiceField(label=_("小组"), required=False)
    channel = forms.ChoiceField(label=_("渠道"), required=False, choices=[ANY, *Case.Channel.choices])
    kind = forms.ChoiceField(label=_("类别"), required=False, choices=[ANY, *Case.Kind.choices])
    level = forms.ChoiceField(label=_("级别"), required=False, choices=[ANY, *Case.Level.choices])
    outcome = forms.ChoiceField(
        label=_("系统记录的结果"),
        required=False,
        choices=[ANY, ("met", _("按时")), ("breached", _("违诺"))],
        help_text=_("只在查时限时起作用"),
    )
    size = forms.IntegerField(label=_("抽多少"), min_value=1, max_value=500, initial=20)
    by_team = forms.BooleanField(label=_("按小组的多少分摊"), required=False)
    group = forms.ChoiceField(label=_("监督小组"), required=False)
    inspectors = forms.TypedMultipleChoiceField(
        label=_("或指定检查人"),
        coerce=int,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 5}),
        help_text=_("指定了人，就只由他们检查。任何人都不会抽到自己参与过的"),
    )
    due = MomentField(label=_("完成时间"))
    halves = ("first", "last", "team", "channel", "kind", "level", "size", "outcome")
    of_service = {"due_at": "due", "start": "first", "end": "last"}

    def __init__(
        self, *args: Any, actor: Actor, at: datetime, initial: dict[str, Any], **kwargs: Any
    ) -> None:
        today = at.astimezone(zone()).date()
        due = datetime.combine(today + timedelta(days=3), EVENING)
        super().__init__(*args, **kwargs)
        self.initial = {"first": today - timedelta(days=30), "last": today, "due": due} | initial
        self._choose("clauses", clause_choices(actor, at))
        self._choose("team", [ANY, *staff.teams().values_list("code", "name")])
        self._choose("group", group_choices())
        self._choose("inspectors", list(staff.people().values_list("pk", "name")))

    def _choose(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("group") and not given.get("inspectors") and not self.errors.get("inspectors"):
            self.add_error("group", _("请选择监督小组，或指定检查人"))
        return given

    def asked(self) -> dict[str, Any]:
        """What the service takes, of a valid form."""
        given, here = self.cleaned_data, zone()
        kind, _colon, code = given["group"].partition(":")
        return {
            "title": given["title"],
            "clauses": given["clauses"],
            "source": given["source"],
            "start": _midnight(given["first"], here),
            "end": _midnight(given["last"] + timedelta(days=1), here),
            "size": given["size"],
            "by_team": given["by_team"],
            "narrowed": {n: given[n] for n in ("team", "channel", "kind", "level", "outcome") if given[n]},
            "inspector_ids": given["inspectors"],
            "team_id": int(code) if kind == "team" else None,
            "role": code if kind == "role" else "",
            "due_at": given["due"].replace(tzinfo=here),
        }


def _midnight(day: date, here: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=here)


def clause_choices(actor: Actor, at: datetime) -> list[tuple[str, list[tuple[str, str]]]]:
    """The clauses in force under the names of their documents. One query."""
    found: dict[str, list[tuple[str, str]]] = {}
    rows = policy.clauses_in_force(actor, at).prefetch_related(None)
    names = ("code", "number", "title", "title_en", "version__title", "version__title_en")
    for code, number, title, title_en, document, document_en in rows.values_list(*names):
        found.setdefault(spoken(document, document_en), []).append(
            (code, f"{number} {spoken(title, title_en)}")
        )
    return list(found.items())


def group_choices() -> list[tuple[str, Any]]:
    """Teams and roles that somebody holds. Two queries."""
    teams = [(f"team:{pk}", name) for pk, name in staff.teams().values_list("pk", "name")]
    roles = [
        (f"role:{r.code}", str(labels.role(r.code)))
        for r in staff.roles_with_size()
        if r.size  # type: ignore[attr-defined]
    ]
    return [("", _("请选择")), (str(_("小组")), teams), (str(_("角色")), roles)]


class JudgeForm(forms.Form):
    item = forms.IntegerField(widget=forms.HiddenInput)
    clause = forms.CharField(max_length=64, widget=forms.HiddenInput)
    verdict = forms.ChoiceField(required=False, choices=[("", ""), *Judgement.Verdict.choices])
    note = forms.CharField(required=False, max_length=1000)


class FindingForm(forms.Form):
    clause = forms.ChoiceField(label=pgettext_lazy("dimension", "条款"))
    text = forms.CharField(label=_("发现了什么"), max_length=5000, widget=forms.Textarea(attrs={"rows": 4}))
    judgements = forms.TypedMultipleChoiceField(
        label=_("哪些抽查项说明了它"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    severity = forms.ChoiceField(
        label=_("严重程度"), choices=Finding.Severity.choices, widget=forms.RadioSelect, initial="notable"
    )
    cause = forms.ChoiceField(label=_("原因"), choices=Finding.Cause.choices, widget=forms.RadioSelect)
    owner = forms.TypedChoiceField(label=_("由谁整改"), coerce=int)
    due = MomentField(label=_("整改期限"))
    halves = ("owner", "due")
    of_service = {"due_at": "due"}

    def __init__(
        self,
        *args: Any,
        clauses: list[tuple[str, str]],
        shown: list[tuple[int, str]],
        at: datetime,
        initial: dict[str, Any],
        **kwargs: Any,
    ) -> None:
        due = datetime.combine(at.astimezone(zone()).date() + timedelta(days=7), EVENING)
        super().__init__(*args, **kwargs)
        self.initial = {"due": due} | initial
        self.fields["clause"].choices = clauses  # type: ignore[attr-defined]
        self.fields["judgements"].choices = shown  # type: ignore[attr-defined]
        if not shown:
            del self.fields["judgements"]
        self.fields["owner"].choices = people()  # type: ignore[attr-defined]


def people() -> list[tuple[Any, Any]]:
    return [("", _("请选择")), *staff.people().values_list("pk", "name")]


class ConclusionForm(forms.Form):
    conclusion = forms.CharField(
        label=_("结论"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("总体如何，问题在哪里，要改什么"),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=300)


class VerifyForm(forms.Form):
    note = forms.CharField(label=_("怎样核实的"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))


class ReturnForm(forms.Form):
    reason = forms.CharField(label=_("还差什么"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))
    owner = forms.TypedChoiceField(label=_("由谁整改"), coerce=int)
    due = MomentField(label=_("整改期限"))
    halves = ("owner", "due")
    of_service = {"due_at": "due"}

    def __init__(self, *args: Any, at: datetime, initial: dict[str, Any], **kwargs: Any) -> None:
        due = datetime.combine(at.astimezone(zone()).date() + timedelta(days=7), EVENING)
        super().__init__(*args, **kwargs)
        self.initial = {"due": due} | initial
        self.fields["owner"].choices = people()  # type: ignore[attr-defined]
