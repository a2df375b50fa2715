"""What is asked when a duty is given, put off, done or ended."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shounuo.duties.registry import DutyKind
from shounuo.staff import queries as staff
from shounuo.web.days import MomentField

MORNING = time(9)
LATER = {
    "hour": _("一小时后"),
    "tomorrow": _("明天上午九点"),
    "monday": _("下周一上午九点"),
}


def people() -> list[tuple[Any, Any]]:
    return [("", _("请选择")), *staff.people().values_list("id", "name")]


class NewForm(forms.Form):
    title = forms.CharField(label=_("要做什么"), max_length=200)
    text = forms.CharField(
        label=_("说明"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    owner = forms.TypedChoiceField(label=_("由谁完成"), coerce=int)
    due = MomentField(label=_("到期时间"), required=False)
    of_service = {"due_at": "due"}

    def __init__(self, *args: Any, only: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = people()
        self.fields["owner"].choices = rows if only is None else [r for r in rows if r[0] == only]  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    person = forms.TypedChoiceField(label=_("交给"), coerce=int)

    def __init__(self, *args: Any, only: Collection[int] | None = None, **kwargs: Any) -> None:
        """`only` those are offered; a word on anybody else is the service's."""
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        rows = people()
        field.choices = rows  # type: ignore[attr-defined]
        if only is not None:
            field.widget.choices = [r for r in rows if not r[0] or r[0] in only]  # type: ignore[attr-defined]


class SnoozeForm(forms.Form):
    until = forms.ChoiceField(
        label=_("什么时候再提醒"), choices=list(LATER.items()), widget=forms.RadioSelect
    )


class DoneForm(forms.Form):
    outcome = forms.ChoiceField(label=_("结果"), required=False, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("完成情况"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, kind: DutyKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind.outcomes:
            self.fields["outcome"].choices = list(kind.outcomes.items())  # type: ignore[attr-defined]
            self.fields["outcome"].required = True
        else:
            del self.fields["outcome"]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=300)


def later(choice: str, at: datetime) -> datetime:
    """The moment behind a choice of `LATER`, on the reader's clock."""
    here = timezone.localtime(at)
    if choice == "hour":
        return at + timedelta(hours=1)
    days = 1 if choice == "tomorrow" else 7 - here.weekday()
    return datetime.combine(here.date() + timedelta(days=days), MORNING, tzinfo=here.tzinfo)
