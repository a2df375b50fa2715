"""A day and a moment that somebody names in a form."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from shounuo.kernel import reach

MOMENT = forms.DateTimeInput(
    attrs={
        "type": "datetime-local",
        "min": f"{reach.FIRST.isoformat()}T00:00",
        "max": f"{reach.LAST.isoformat()}T23:59",
    },
    format="%Y-%m-%dT%H:%M",
)


def _within_reach(when: date) -> None:
    if not reach.can_be_named(when):
        raise ValidationError(
            _("日期须在 %(first)d 年到 %(last)d 年之间"),
            params={"first": reach.FIRST.year, "last": reach.LAST.year},
        )


class DayField(forms.DateField):
    """A day that has a next one in every zone: of a year far away neither calendars nor the database make a moment."""

    default_validators = [_within_reach]

    def __init__(self, **kwargs: Any) -> None:
        drawn = {"type": "date", "min": reach.FIRST.isoformat(), "max": reach.LAST.isoformat()}
        super().__init__(widget=forms.DateInput(attrs=drawn, format="%Y-%m-%d"), **kwargs)


class MomentField(forms.DateTimeField):
    """A moment as the browser's field gives it, told in the organisation's zone, in the years that days may lie in."""

    default_validators = [_within_reach]
    widget = MOMENT
