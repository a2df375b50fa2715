"""What is asked when an assessment begins, a process is rated, an improvement agreed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.improvement.rules import maturity
from shounuo.policy.labels import spoken
from shounuo.policy.models import PolicyVersion
from shounuo.web.days import MomentField
from shounuo.web.maturity.showing import LEVELS, quarter_name
from shounuo.web.supervision.forms import EVENING, people, zone

LINKS = 2


class StartForm(forms.Form):
    policy = forms.ChoiceField(label=_("流程标准"))
    quarter = forms.ChoiceField(label=_("季度"))

    def __init__(self, *args: Any, versions: list[PolicyVersion], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this = maturity.quarter_of(today)
        quarters = [this, maturity.before(this), maturity.before(maturity.before(this))]
        named = [(v.policy.code, spoken(v.title, v.title_en)) for v in versions]
        self.fields["policy"].choices = named  # type: ignore[attr-defined]
        self.fields["quarter"].choices = [(q.isoformat(), quarter_name(q)) for q in quarters]  # type: ignore[attr-defined]


class RateForm(forms.Form):
    level = forms.TypedChoiceField(
        label=_("等级"),
        coerce=int,
        choices=[(n, f"{n} {level.name}") for n, level in LEVELS.items()],
    )
    comment = forms.CharField(label=_("说明"), required=False, max_length=5000)
    label1 = forms.CharField(required=False, max_length=80)
    link1 = forms.CharField(required=False, max_length=500)
    label2 = forms.CharField(required=False, max_length=80)
    link2 = forms.CharField(required=False, max_length=500)

    def links(self) -> list[tuple[str, str]]:
        given = self.cleaned_data
        return [(given[f"label{n}"], given[f"link{n}"]) for n in range(1, LINKS + 1)]


class ImproveForm(forms.Form):
    title = forms.CharField(label=_("改进什么"), max_length=200)
    target = forms.TypedChoiceField(label=_("要达到的等级"), coerce=int)
    owner = forms.TypedChoiceField(label=_("由谁完成"), coerce=int)
    due = MomentField(label=_("到期时间"))
    of_service = {"due_at": "due"}

    def __init__(self, *args: Any, level: int, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"due": datetime.combine(at.astimezone(zone()).date() + timedelta(days=60), EVENING)}
        above = [(n, f"{n} {one.name}") for n, one in LEVELS.items() if n > level]
        self.fields["target"].choices = above  # type: ignore[attr-defined]
        self.fields["owner"].choices = people()  # type: ignore[attr-defined]
