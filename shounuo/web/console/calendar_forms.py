"""What is typed about calendars."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.calendars import rules
from shounuo.kernel.worktime import WEEKDAYS
from shounuo.web.console.hours import HoursField, WeekForm
from shounuo.web.days import DayField
from shounuo.web.words import WEEKDAYS as WEEKDAY_WORDS


class CalendarForm(WeekForm):
    """A calendar's own values and its week."""

    halves = ("name", "code")

    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    code = forms.CharField(
        label=gettext_lazy("代码"), max_length=40, help_text=gettext_lazy("制度包里用它，定了不改")
    )
    zone = forms.ChoiceField(label=gettext_lazy("时区"))
    statutory = forms.BooleanField(
        label=gettext_lazy("法定假日休息，调休上班"),
        required=False,
        initial=True,
        help_text=gettext_lazy("随国务院办公厅每年的安排"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = [(z, z) for z in sorted(available_timezones())]  # type: ignore[attr-defined]


class AlwaysForm(forms.Form):
    """What can be changed of a calendar that is open day and night."""

    halves = ("name", "zone")

    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    zone = forms.ChoiceField(label=gettext_lazy("时区"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = [(z, z) for z in sorted(available_timezones())]  # type: ignore[attr-defined]


class DayForm(forms.Form):
    """A date by the organisation's own word."""

    date = DayField(label=gettext_lazy("日期"))
    kind = forms.ChoiceField(
        label=gettext_lazy("这一天"),
        widget=forms.RadioSelect,
        choices=[
            ("holiday", gettext_lazy("放假")),
            ("workday", gettext_lazy("上班")),
            ("custom", gettext_lazy("只开几段")),
        ],
    )
    intervals = HoursField(
        label=gettext_lazy("时段"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("例如 08:30-12:00 13:30-17:30；上班不填就照平常"),
    )
    like = forms.ChoiceField(label=gettext_lazy("照星期几上班"), required=False)
    name = forms.CharField(label=gettext_lazy("缘由"), required=False, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pairs = zip(WEEKDAYS, WEEKDAY_WORDS, strict=True)
        self.fields["like"].choices = [("", _("照平常")), *pairs]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("kind") == "custom" and not values.get("intervals") and "intervals" not in self.errors:
            self.add_error("intervals", _("请写开放的时段；全天不开请选“放假”"))
        if values.get("kind") == "holiday":
            values["intervals"] = None
        if values.get("kind") != "workday" or values.get("intervals"):
            values["like"] = ""
        return values


class ImportForm(forms.Form):
    """A year's holidays and make-up days, from a file or as text."""

    year = forms.IntegerField(label=gettext_lazy("年份"), min_value=rules.YEARS[0], max_value=rules.YEARS[-1])
    file = forms.FileField(
        label=gettext_lazy("文件"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.json,text/csv,application/json"}),
    )
    days = forms.CharField(
        label=gettext_lazy("或者贴在这里"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "每行：日期,放假或上班,名称，例如 2027-01-01,放假,元旦；也认 JSON（date、isOffDay、name）"
        ),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not values.get("days", "").strip() and not self.errors:
            self.add_error("file", _("请选一个文件，或把安排贴在下面"))
        return values


class RebaseForm(forms.Form):
    """Why running clocks are reckoned anew."""

    reason = forms.CharField(
        label=gettext_lazy("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
