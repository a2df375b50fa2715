"""Opening hours as people type them: `08:30-12:00 13:30-17:30`, a line for each weekday."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.kernel.worktime import WEEKDAYS, Hours, hours_json, hours_parse, week_parse
from shounuo.kernel.worktime.spec import BadHours
from shounuo.web.words import WEEKDAYS as WEEKDAY_WORDS

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*(?:-|~|至|到)\s*(\d{1,2}):(\d{2})")
_WIDE = str.maketrans("：－–—～〜", ":---~~")
_BETWEEN = re.compile(r"[\s,，、;；/]*")


def hours_read(text: str) -> list[list[str]]:
    """The intervals of a line, `[["08:30", "12:00"]]`; an empty line has none.

    Dashes, commas and colons may be full-width. Raises BadHours that shows how a line is written.
    """
    text = text.translate(_WIDE).strip()
    found, at = [], 0
    while at < len(text):
        span = _SPAN.match(text, at)
        if span is None:
            raise BadHours(
                _("请写成 08:30-12:00 13:30-17:30，看不懂“%(text)s”") % {"text": text[at : at + 20]}
            )
        h, m, to_h, to_m = span.groups()
        found.append([f"{int(h):02d}:{m}", f"{int(to_h):02d}:{to_m}"])
        between = _BETWEEN.match(text, span.end())
        at = between.end() if between is not None else span.end()
    return hours_json(hours_parse(found))


def hours_text(pairs: list[list[str]]) -> str:
    """The line of an interval list, as `hours_read` reads it."""
    return " ".join(f"{a}-{b}" for a, b in pairs)


def hours_shown(hours: tuple[Hours, ...]) -> str:
    """For reading: `08:30–12:00 13:30–17:30`, or closed."""
    return " ".join("–".join(each.pair()) for each in hours) or _("休")


class WeekForm(forms.Form):
    """Seven lines of hours, Monday first; `cleaned_data["weekly"]` is what calendars take."""

    def __init__(self, *args: Any, weekly: dict[str, list[list[str]]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, label in zip(WEEKDAYS, WEEKDAY_WORDS, strict=True):
            self.fields[key] = forms.CharField(
                label=label,
                required=False,
                max_length=200,
                strip=True,
                initial=hours_text((weekly or {}).get(key, [])),
                widget=forms.TextInput(attrs={"placeholder": _("休"), "autocomplete": "off"}),
            )

    @property
    def week(self) -> list[forms.BoundField]:
        return [self[key] for key in WEEKDAYS]

    @property
    def others(self) -> list[forms.BoundField]:
        return [f for f in self.visible_fields() if f.name not in WEEKDAYS]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        weekly: dict[str, list[list[str]]] = {}
        for key in WEEKDAYS:
            try:
                weekly[key] = hours_read(values.pop(key, ""))
            except BadHours as error:
                self.add_error(key, str(error))
        if not self.errors:
            try:
                week_parse(weekly)
            except BadHours as error:  # nights that run into the next morning; the message names the day
                self.add_error(None, str(error))
            if not any(weekly.values()):
                self.add_error(WEEKDAYS[0], _("每周至少要有一段工作时间"))
        values["weekly"] = weekly
        return values


class HoursField(forms.CharField):
    """One line of hours; the value is the interval list, None for an empty line."""

    default_error_messages = {"required": gettext_lazy("请填写时段")}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return hours_read(text)
        except BadHours as error:
            raise forms.ValidationError(str(error)) from error
